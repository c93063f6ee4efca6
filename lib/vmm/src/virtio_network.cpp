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
    , opened_{open(section, options)}
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

base::Result<> VirtioNetwork::open(const sddf::network::ClientConfig& section,
                                   const DeviceOptions&               options)
{
    constexpr std::uint16_t k_least_mtu = 68; // of IPv4; what virtIO asks for
    constexpr std::uint16_t k_most_mtu  = sddf::network::k_buffer_size - 18; // headers and a tag
    if (options.mtu != 0) {
        if (options.mtu < k_least_mtu || options.mtu > k_most_mtu) {
            return base::fail("a network card's MTU does not fit", "68 to 2030", options.mtu);
        }
        card_.set_mtu(options.mtu);
    }
    return card_.open(section);
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
