// SPDX-License-Identifier: BSD-2-Clause
// What the device tree says of the machine that the guest finds itself in.
#pragma once

#include "base/fixed_vector.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace guest {

enum class Conduit : std::uint8_t { hvc, smc };

struct MemoryRange {
    std::uint64_t start;
    std::uint64_t size;
};

/// Registers of a virtIO device over MMIO; there may be nothing behind them (device type 0).
struct VirtioWindow {
    std::uint64_t registers;
    std::uint32_t intid;
};

struct Platform {
    std::uint64_t uart          = 0; ///< a PL011; 0: none
    std::uint32_t uart_intid    = 0; ///< 0: none
    Conduit       conduit       = Conduit::hvc;
    unsigned      gic_version   = 0; ///< 2 or 3
    std::uint64_t distributor   = 0;
    std::uint64_t cpu_interface = 0; ///< GICC, or the redistributors of a GICv3
    std::uint32_t virtual_timer = 0; ///< interrupt number

    base::FixedVector<std::uint64_t, 16> cpus; ///< MPIDR affinities, in the tree's order
    base::FixedVector<MemoryRange, 4>    memory;
    base::FixedVector<VirtioWindow, 32>  virtio;
    std::string_view                     bootargs;
    std::span<const std::byte>           device_tree;

    /// Errors name what the tree lacks.
    [[nodiscard]] static base::Result<Platform> create(std::span<const std::byte> blob);
};

} // namespace guest
