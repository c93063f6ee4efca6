// SPDX-License-Identifier: BSD-2-Clause
// What the switch knows of each buffer and each port.
#pragma once

#include "sddf/network.hpp"

#include <array>
#include <cstdint>

namespace net_vswitch {

/// Most ports: each has two channels, and Microkit has 62.
inline constexpr unsigned k_most_ports = 31;
/// Most buffers of a port, which is as many as we keep books on.
inline constexpr std::uint32_t k_most_buffers = 2048;

/// Who reads each buffer of each port: bit d is port d. A restart that keeps memory keeps it.
struct Books {
    std::array<std::array<std::uint32_t, k_most_buffers>, k_most_ports> readers{};
    std::array<std::uint32_t, k_most_ports> in_flight{}; ///< to each port
};

extern Books books;

/// Calls of a client, on its tx channel (sDDF 0.7).
enum class Request : std::uint64_t {
    set_address = 0, ///< word 0: IPv4 address, not 0
    query       = 1, ///< reply: error, the caller's port, the ports that it may send to
    peer        = 2, ///< word 0: port; reply: error, IPv4 address
};

enum class Error : std::uint64_t {
    ok                = 0,
    invalid_address   = 1,
    not_permitted     = 2,
    not_registered    = 3,
    is_outside        = 4,
    invalid_operation = 5,
};

} // namespace net_vswitch
