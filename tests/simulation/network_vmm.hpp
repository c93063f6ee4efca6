// SPDX-License-Identifier: BSD-2-Clause
// What is below a guest on the network: copier, back end, device, and the memory between them.
#pragma once

#include "component.hpp"
#include "network_guest.hpp"
#include "vmm.hpp"

#include "backend/network_card.hpp"
#include "kit/sddf_links.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace simulation {

/// Buffers of the driver, for receiving.
inline constexpr std::uint16_t k_receive_buffers = 32;
/// Channels of a VMM.
inline constexpr unsigned k_receive_channel  = 1;
inline constexpr unsigned k_transmit_channel = 2;

/// What is below a guest: copier, back end, device.
struct NetworkVmm {
    NetworkVmm(unsigned number, std::uint16_t its_buffers)
        : station{number + 1}
        , buffers{its_buffers}
        , vmm{"vmm" + std::to_string(number), 20, std::size_t{1} << 17}
        , copier{"net_copy", 40, number}
    {
    }
    unsigned             station;
    std::uint16_t        buffers;
    Vmm                  vmm;
    Component            copier;
    kit::NetLink         frames{k_receive_buffers}; ///< from rx virtualiser or switch to copier
    kit::NetLink         received{buffers};         ///< from copier to VMM
    kit::NetLink         sent{buffers};             ///< from VMM to tx virtualiser or switch
    kit::Memory          rx_data{std::size_t{buffers} * sddf::network::k_buffer_size};
    kit::Memory          tx_data{std::size_t{buffers} * sddf::network::k_buffer_size};
    Bell                 transmit_bell{vmm, k_transmit_channel};
    Bell                 receive_bell{vmm, k_receive_channel};
    backend::NetworkCard card{transmit_bell, receive_bell};
    std::optional<virtio::Network> device;
    std::optional<NetworkGuest>    guest;
};

} // namespace simulation
