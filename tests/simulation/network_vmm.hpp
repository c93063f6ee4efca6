// SPDX-License-Identifier: BSD-2-Clause
// What is below a guest on the network: copier, back end, device, and the memory between them.
#pragma once

#include "component.hpp"
#include "network_guest.hpp"
#include "vmm.hpp"

#include "backend/network_card.hpp"
#include "kit/sddf_links.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
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

/// Buffers in a ring; if one is there twice, no number that could be right.
inline std::size_t in_ring(const kit::NetLink& link, kit::Memory& ring)
{
    auto                    end = kit::opened<sddf::network::Consumer>(ring.bytes(), link.capacity);
    std::set<std::uint64_t> different;
    std::size_t             count = 0;
    while (const auto buffer = end.pop()) {
        different.insert(buffer->io_or_offset | std::uint64_t{buffer->oid} << 56);
        ++count;
    }
    return count == different.size() ? count : ~std::size_t{0};
}

} // namespace simulation
