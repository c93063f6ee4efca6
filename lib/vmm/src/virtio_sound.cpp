// SPDX-License-Identifier: BSD-2-Clause
// A machine's virtIO sound card.
#include "vmm/virtio_sound.hpp"

#include "base/fixed_vector.hpp"
#include "vmm/machine.hpp"

#include <algorithm>

namespace vmm {

namespace {

using virtio::PcmDirection;
using virtio::SoundChannelMap;
using virtio::SoundJack;

/// HDA 7.3.3.31, the default device: a socket for a line, outwards or inwards.
constexpr std::uint32_t k_line_out = 0x0U << 20;
constexpr std::uint32_t k_line_in  = 0x8U << 20;

/// virtIO 1.2, 5.14.6.9
constexpr std::uint8_t k_mono        = 2;
constexpr std::uint8_t k_front_left  = 3;
constexpr std::uint8_t k_front_right = 4;

} // namespace

VirtioSound::VirtioSound(Machine& machine, const VirtioWindow& window,
                         const sddf::sound::ClientConfig& section, const DeviceOptions& options)
    : VirtioDevice{machine, window}
    , bell_{microkit::Channel{section.virt.id}}
{
    model_.withhold(options.without);
    join(model_);
    const auto opened = card_.open(section);
    note(opened);
    if (opened) {
        listen(bell_.channel(), *this);
    }
}

/// Tells the model once what streams there are.
bool VirtioSound::look_at_card()
{
    if (ready_ || !card_.is_ready()) {
        return ready_;
    }
    ready_ = true;
    base::FixedVector<SoundJack, 2>       jacks{};
    base::FixedVector<SoundChannelMap, 4> maps{};
    for (const auto direction : {PcmDirection::output, PcmDirection::input}) {
        bool exists = false;
        for (unsigned i = 0; i < std::min<std::size_t>(card_.streams(), k_streams); ++i) {
            exists = exists || card_.info(i).direction == direction;
        }
        if (exists) {
            (void)jacks.push_back(
                {.defconf = direction == PcmDirection::output ? k_line_out : k_line_in});
            (void)maps.push_back({.direction = direction, .channels = 1, .positions = {k_mono}});
            (void)maps.push_back({.direction = direction,
                                  .channels  = 2,
                                  .positions = {k_front_left, k_front_right}});
        }
    }
    model_.set_panel({jacks.begin(), jacks.size()}, {maps.begin(), maps.size()});
    model_.card_changed();
    return true;
}

std::string_view VirtioSound::missing()
{
    return look_at_card() ? std::string_view{}
                          : "a sound card whose driver does not say what streams it has (did it "
                            "find its device?)";
}

void VirtioSound::notified(microkit::Channel /*channel*/)
{
    card_.notified();
    if (!ready_ && look_at_card()) {
        machine().look_again();
    }
}

} // namespace vmm
