// SPDX-License-Identifier: BSD-2-Clause
// A machine's virtIO network card.
#include "vmm/virtio_network.hpp"

namespace vmm {

VirtioNetwork::VirtioNetwork(Machine& machine, const VirtioWindow& window,
                             const sddf::network::ClientConfig& section,
                             const DeviceOptions&               options)
    : VirtioDevice{machine, window}
    , transmit_{microkit::Channel{section.tx.id}}
    , receive_{microkit::Channel{section.rx.id}}
    , opened_{card_.open(section)}
    , model_{card_, virtio::Network::k_all_features & ~options.without}
{
    model_.withhold(options.without);
    join(model_);
    note(opened_);
    if (opened_) {
        listen(receive_.channel(), *this);
        if (transmit_.channel() != receive_.channel()) {
            listen(transmit_.channel(), *this);
        }
    }
}

void VirtioNetwork::notified(microkit::Channel channel)
{
    if (channel == receive_.channel()) {
        model_.received();
    }
    if (channel == transmit_.channel()) {
        model_.transmit_ready();
    }
}

} // namespace vmm
