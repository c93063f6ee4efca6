// SPDX-License-Identifier: BSD-2-Clause
// Nodes that come ready-made into a guest's device tree: those of passed-through devices.
#pragma once

#include "base/result.hpp"
#include "fdt/writer.hpp"
#include "vmm/device_tree.hpp"

#include <cstddef>
#include <span>
#include <string_view>

namespace vmm {

/// Adds the children of the root of `nodes` (a whole device tree, or nothing) to the open node,
/// but for those with the name and the address of a device. Errors: `nodes` is no device tree.
[[nodiscard]] base::Result<> add_nodes(fdt::Writer& tree, std::span<const std::byte> nodes,
                                       std::span<const GuestDevice> devices);

/// The name of the first serial port among them; empty if there is none.
[[nodiscard]] std::string_view serial_port_in(std::span<const std::byte> nodes);

} // namespace vmm
