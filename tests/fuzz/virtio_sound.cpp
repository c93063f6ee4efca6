// SPDX-License-Identifier: BSD-2-Clause
// Any driver at a sound device with two streams, with a card that answers late, badly or at once.
#include "virtio.hpp"

#include "kit/fake_card.hpp"
#include "virtio/sound.hpp"

namespace {

/// A control request whose words make sense, most of the time.
void control(fuzz::HostileDriver& hostile, std::uint64_t at, fuzz::Input& input)
{
    const auto              bits      = input.take(4);
    kit::GuestRam&          ram       = hostile.ram();
    constexpr std::uint32_t k_codes[] = {1, 0x100, 0x101, 0x102, 0x103, 0x104, 0x105, 0x200};
    ram.store(at, k_codes[bits & 7]);
    ram.store(at + 4, static_cast<std::uint32_t>(bits >> 3 & 3)); // stream, or start_id
    ram.store(at + 8, static_cast<std::uint32_t>((bits >> 5 & 3) == 3 ? input.take(4) : 400U));
    ram.store(at + 12, static_cast<std::uint32_t>((bits >> 7 & 3) == 3 ? input.take(4) : 100U));
    ram.store(at + 16, static_cast<std::uint32_t>(bits >> 9 & 0x10));
    ram.store(at + 20, 1U | 5U << 8 | 7U << 16);
    hostile.pair(0, at, 24, at + 64, static_cast<std::uint32_t>(4 + (bits >> 16 & 0x7f)));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    kit::FakeCard             card;
    virtio::Sound::Storage<2> storage;
    const virtio::SoundJack   jack{};
    virtio::Sound             device{card, storage, {&jack, 1}};
    fuzz::HostileDriver       hostile{device, 4};
    const auto                at = hostile.ram().allocate(512);
    hostile.begin(~std::uint64_t{0});
    for (fuzz::Input input{data, size}; !input.ended();) {
        const auto what   = input.take(1);
        const auto stream = static_cast<unsigned>(what >> 7);
        switch (what & 7) {
        case 0:
        case 1:
            control(hostile, at, input);
            break;
        case 2: // a message
            hostile.ram().store(at, static_cast<std::uint32_t>(stream));
            hostile.pair(2 + stream, at,
                         stream == 0 ? 4 + static_cast<std::uint32_t>(what >> 3) : 4, at + 64,
                         stream == 0 ? 8 : 8 + static_cast<std::uint32_t>(what >> 3));
            break;
        case 3:
            card.at_once = stream != 0;
            while (!card.pending.empty() && (what & 8) != 0) {
                card.answer((what & 16) != 0 ? virtio::SoundStatus::ok : virtio::SoundStatus::io);
            }
            break;
        case 4:
            if (!card.jobs[stream].empty()) {
                const auto room = card.jobs[stream].front()->to.room();
                (void)card.finish(stream, static_cast<std::uint32_t>(room), (what & 8) != 0);
                card.device->batch_done();
            }
            break;
        case 5:
            device.set_jack(0, (what & 8) != 0);
            break;
        default:
            hostile.act(input);
            break;
        }
        fuzz::require(card.jobs[0].size() <= virtio::Sound::k_most_messages &&
                      card.jobs[1].size() <= virtio::Sound::k_most_messages &&
                      card.pending.size() <= 2);
        card.commands.clear();
    }
    hostile.begin(~std::uint64_t{0});
    fuzz::require(hostile.driver().status() == 15);
    fuzz::require(card.jobs[0].empty() && card.jobs[1].empty());
    return 0;
}
