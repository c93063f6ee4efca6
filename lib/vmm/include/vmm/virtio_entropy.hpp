// SPDX-License-Identifier: BSD-2-Clause
// A machine's virtIO entropy device on a client of the entropy class.
#pragma once

#include "backend/entropy_source.hpp"
#include "virtio/entropy.hpp"
#include "vmm/guest_options.hpp"
#include "vmm/smccc.hpp"
#include "vmm/virtio_device.hpp"

#include <cstddef>
#include <span>
#include <string_view>

namespace vmm {

/// Construct it before Machine::boot(); it lives as long as the machine. It is also where the
/// machine takes seeds and the answers to SMCCC's TRNG calls from, unless `smccc.entropy` says
/// otherwise. The machine starts when there is enough for its seeds.
class VirtioEntropy final : public VirtioDevice, private ChannelListener, public RandomSource {
public:
    VirtioEntropy(Machine& machine, const VirtioWindow& window,
                  const sddf::entropy::ClientConfig& section, const DeviceOptions& options = {});

    [[nodiscard]] std::string_view missing() override;

private:
    void notified(microkit::Channel channel) override;
    bool take(std::span<std::byte> to) override;

    ChannelBell            bell_;
    backend::EntropySource source_{bell_};
    virtio::Entropy        model_{source_};
};

} // namespace vmm
