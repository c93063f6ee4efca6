// SPDX-License-Identifier: BSD-2-Clause
// What a device needs of others: the phandles of its node.
#pragma once

#include "tree.hpp"

#include <string>
#include <vector>

namespace check {

enum class Need : std::uint8_t {
    clock,
    reset,
    pinctrl,
    power_domain,
    supply,
    dma_channel,
    iommu,
    gpio,
    phy,
    interrupt,
    fuse,           ///< nvmem: a MAC address, a calibration
    power_sequence, ///< of an MMC card
    syscon,         ///< registers of another device
    memory,         ///< reserved for the device
    interconnect,
};

/// One phandle of a node.
struct Dependency {
    Need          need{};
    std::string   property;
    std::uint32_t phandle  = 0;
    const Node*   provider = nullptr; ///< null: no node has the phandle
    /// What follows the phandle: which clock, which line.
    std::vector<std::uint32_t> arguments{};
};

/// Everything that a node names by phandle, of the kinds above.
[[nodiscard]] std::vector<Dependency> dependencies(const Tree& tree, const Node& node);

/// The device that does what `provider` offers: the node, or the one above it that has a driver
/// (the pin controller of a group of pins).
[[nodiscard]] const Node& device_behind(const Node& provider);

/// The registers that it is controlled by: its own, or those of the nearest node above that has
/// some; null for what needs none (a fixed clock).
[[nodiscard]] const Node* registers_behind(const Node& provider);

} // namespace check
