// SPDX-License-Identifier: BSD-2-Clause
// Numbers of the network device (virtIO 1.2, 5.1.6) and of Ethernet.
#pragma once

#include <cstddef>
#include <cstdint>

namespace virtio::network_standard {

// struct virtio_net_hdr, `flags`.
inline constexpr std::uint8_t k_needs_csum = 1;
inline constexpr std::uint8_t k_data_valid = 2;

// `gso_type`.
inline constexpr std::uint8_t k_gso_none  = 0;
inline constexpr std::uint8_t k_gso_tcpv4 = 1;
inline constexpr std::uint8_t k_gso_tcpv6 = 4;

inline constexpr std::size_t   k_ethernet_header = 14;
inline constexpr std::size_t   k_vlan_tag        = 4;
inline constexpr std::uint16_t k_tcp_checksum    = 16; ///< in TCP's header

} // namespace virtio::network_standard
