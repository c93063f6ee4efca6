// SPDX-License-Identifier: BSD-2-Clause
// A machine's virtIO sound card on an sDDF sound client.
#pragma once

#include "backend/pcm_card.hpp"
#include "virtio/sound.hpp"
#include "vmm/guest_options.hpp"
#include "vmm/virtio_device.hpp"

#include <cstddef>
#include <string_view>

namespace vmm {

/// Construct it before Machine::boot(); it lives as long as the machine. The machine starts when
/// the driver says what streams there are. The guest sees a jack for each direction that one of
/// them has, always plugged in, and where the channels of one and of two are.
class VirtioSound final : public VirtioDevice, private ChannelListener {
public:
    static constexpr std::size_t k_streams = 4;  ///< of the card's, the first
    static constexpr std::size_t k_parts   = 64; ///< of 4 KiB, for all streams

    VirtioSound(Machine& machine, const VirtioWindow& window,
                const sddf::sound::ClientConfig& section, const DeviceOptions& options = {});

    [[nodiscard]] const virtio::Sound::Counters& counters() const { return model_.counters(); }

    [[nodiscard]] std::string_view missing() override;

private:
    void notified(microkit::Channel channel) override;
    bool look_at_card();

    ChannelBell                        bell_;
    backend::PcmCard::Storage<k_parts> parts_{};
    backend::PcmCard                   card_{parts_, bell_};
    virtio::Sound::Storage<k_streams>  storage_{};
    virtio::Sound                      model_{card_, storage_};
    bool                               ready_ = false; ///< the model knows
};

} // namespace vmm
