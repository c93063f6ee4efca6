// SPDX-License-Identifier: BSD-2-Clause
// `reg` in the addresses of the CPU: #address-cells, #size-cells and `ranges` (2.3.5 to 2.3.8).
#pragma once

#include "base/result.hpp"
#include "fdt/reader.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace fdt {

/// Addresses of one entry of a `reg`.
struct Registers {
    std::uint64_t address;
    std::uint64_t size;

    constexpr bool operator==(const Registers&) const = default;
};

/// The `index`th entry of the node's `reg` as it stands there, in the parent's address space.
/// Nothing after the last, for the root, and for cells that do not fit into 64 bits.
[[nodiscard]] std::optional<Registers> raw_registers(const Position& node, std::size_t index);

/// The same as the CPU sees it. Nothing after the last, and where a bus above translates nothing
/// (no `ranges`, or none that covers it), has wide addresses (PCI), or its addresses are not
/// memory at all (a size of no cells: CPU numbers, I2C).
[[nodiscard]] std::optional<Registers> registers(const Position& node, std::size_t index);

/// Which enabled node's registers cover an address of the CPU.
struct Coverage {
    Position    node;
    Registers   registers;
    std::size_t index; ///< of the entry in `reg`
};

/// The node with the smallest range that covers the address; disabled nodes only if no enabled
/// node does. Memory nodes count as well.
[[nodiscard]] std::optional<Coverage> covering(const Tree& tree, std::uint64_t address);

} // namespace fdt
