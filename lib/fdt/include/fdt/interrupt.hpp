// SPDX-License-Identifier: BSD-2-Clause
// The interrupts of a node and the controllers that they go to (2.4).
#pragma once

#include "base/fixed_vector.hpp"
#include "base/result.hpp"
#include "fdt/reader.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace fdt {

/// Cells of one interrupt specifier; bindings in use have at most four.
inline constexpr std::size_t k_max_interrupt_cells = 8;

/// One interrupt: its controller, and what `#interrupt-cells` of it say.
struct Interrupt {
    Node                                                    controller;
    base::FixedVector<std::uint32_t, k_max_interrupt_cells> cells;
};

/// The controller that `interrupts` of the node mean: its own or the nearest `interrupt-parent`
/// above, else the nearest controller above (2.4.1.3). Nothing if there is none.
[[nodiscard]] std::optional<Node> interrupt_parent(const Tree& tree, const Position& node);

/// The `index`th interrupt of a node, from `interrupts-extended` if it has that, else from
/// `interrupts`; nothing after the last. Errors: no such controller, a controller without
/// #interrupt-cells, a specifier that is cut off. Interrupts that pass an `interrupt-map` (PCI
/// bridges, some bus nodes) are given as the specifier for that map.
[[nodiscard]] base::Result<std::optional<Interrupt>>
interrupt(const Tree& tree, const Position& node, std::size_t index);

} // namespace fdt
