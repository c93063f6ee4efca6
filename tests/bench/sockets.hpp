// SPDX-License-Identifier: BSD-2-Clause
// What virtIO sockets cost between Linux guests, and between a guest and a program that is none.
#pragma once

#include "figures.hpp"
#include "options.hpp"
#include "qemu/machine.hpp"
#include "system.hpp"

#include <filesystem>

namespace bench {

struct SocketBench {
    const vmm::Options&          options;
    const vmm::System&           system; ///< tests/guests/sockets
    const qemu::Board&           board;
    const std::filesystem::path& kernel; ///< Linux
};

/// Fills in what Figures has of sockets. The error says which machine did not do what.
[[nodiscard]] qemu::Result<> measure_sockets(const SocketBench& bench, Figures& figures);

/// The part of the table with these figures; empty if there are none.
[[nodiscard]] std::string socket_table(const Figures& figures);

} // namespace bench
