// SPDX-License-Identifier: BSD-2-Clause
// A machine's virtIO network card on an sDDF network client.
#pragma once

#include "backend/network_card.hpp"
#include "virtio/network.hpp"
#include "vmm/guest_options.hpp"
#include "vmm/virtio_device.hpp"

#include <cstdint>

namespace vmm {

/// Construct it before Machine::boot(); it lives as long as the machine.
class VirtioNetwork final : public VirtioDevice, private ChannelListener {
public:
    VirtioNetwork(Machine& machine, const VirtioWindow& window,
                  const sddf::network::ClientConfig& section, const DeviceOptions& options = {});

    [[nodiscard]] const virtio::Network::Counters& counters() const { return model_.counters(); }

private:
    base::Result<> open(const sddf::network::ClientConfig& section, const DeviceOptions& options);
    void           notified(microkit::Channel channel) override;

    ChannelBell          transmit_;
    ChannelBell          receive_;
    backend::NetworkCard card_{transmit_, receive_};
    base::Result<>       opened_; ///< before the model, which asks the card what it is
    virtio::Network      model_;
};

} // namespace vmm
