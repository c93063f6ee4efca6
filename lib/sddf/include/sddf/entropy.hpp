// SPDX-License-Identifier: BSD-2-Clause
// Random bytes for clients, each with a ring of its own. Not a class of sDDF, which has none: the
// rings and their signals are those of the serial class, the sections have a magic of their own.
//
// The driver fills the rings; a client that takes bytes out may overwrite their place, which it
// alone shares with the driver, so that nobody finds later what it used.
#pragma once

#include "sddf/serial.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace sddf::entropy {

/// In place of "sDDF" and a class.
inline constexpr Magic k_magic = {'l', 'v', 'm', 'm', 1};

/// `.entropy_driver_config`
struct DriverConfig {
    Magic                                         magic;
    std::array<serial::Connection, k_max_clients> clients; ///< the driver produces
    std::uint8_t                                  num_clients;
    [[nodiscard]] bool                            is_valid() const { return magic == k_magic; }
};

/// `.entropy_client_config`
struct ClientConfig {
    Magic              magic;
    serial::Connection stream; ///< the client consumes
    [[nodiscard]] bool is_valid() const { return magic == k_magic; }
};

static_assert(offsetof(DriverConfig, clients) == 8 && offsetof(DriverConfig, num_clients) == 2568);
static_assert(sizeof(DriverConfig) == 2576);
static_assert(sizeof(ClientConfig) == 48 && offsetof(ClientConfig, stream) == 8);

} // namespace sddf::entropy
