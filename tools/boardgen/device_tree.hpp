// SPDX-License-Identifier: BSD-2-Clause
// Questions to a flattened device tree, answered with addresses and numbers or a clear error.
#pragma once

#include "base/result.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace boardgen {

/// The error is a whole sentence that names the node and the property.
template <class T = void>
using Result = base::Result<T, std::string>;

struct AddressRange {
    std::uint64_t start;
    std::uint64_t size;

    [[nodiscard]] std::uint64_t end() const { return start + size; }
    bool                        operator==(const AddressRange&) const = default;
};

struct Interrupt {
    std::uint32_t intid; ///< the GIC's number: SPIs from 32, PPIs from 16
    bool          edge;

    bool operator==(const Interrupt&) const = default;
};

struct Clock {
    std::string   name;
    std::uint64_t frequency; ///< Hz, 0 if it is not a fixed clock

    bool operator==(const Clock&) const = default;
};

/// A number that a device's driver needs to know and finds nowhere else.
struct Property {
    std::string   name;
    std::uint32_t value;

    bool operator==(const Property&) const = default;
};

/// A read-only view of a DTB, which must outlive it.
class DeviceTree {
public:
    using Node = int; ///< libfdt's offset

    [[nodiscard]] static Result<DeviceTree> create(std::span<const std::byte> blob);

    /// All nodes with this compatible string, in the order of their first address.
    [[nodiscard]] std::vector<Node> compatible_nodes(std::string_view compatible) const;
    [[nodiscard]] bool              is_compatible(Node node, std::string_view kind) const;
    /// Nodes whose device_type is this.
    [[nodiscard]] std::vector<Node> nodes_of_type(std::string_view device_type) const;
    /// By path, or by alias if it does not begin with a slash.
    [[nodiscard]] std::optional<Node> node_at(std::string_view path) const;

    [[nodiscard]] std::string                path(Node node) const;
    [[nodiscard]] std::string                name(Node node) const;
    [[nodiscard]] bool                       has(Node node, const char* property) const;
    [[nodiscard]] std::optional<std::string> text(Node node, const char* property) const;
    [[nodiscard]] std::vector<std::string>   texts(Node node, const char* property) const;

    /// A property of one or two cells.
    [[nodiscard]] std::optional<std::uint64_t> number(Node node, const char* property) const;
    /// Neither it nor a node above has a `status` that says no.
    [[nodiscard]] bool is_enabled(Node node) const;
    /// The highest number of an interrupt that any node names, at least 31.
    [[nodiscard]] std::uint32_t highest_interrupt() const;

    /// `reg`, translated through the `ranges` of all buses above.
    [[nodiscard]] Result<std::vector<AddressRange>> registers(Node node) const;
    /// `interrupts`; the interrupt parent must be an Arm GIC.
    [[nodiscard]] Result<std::vector<Interrupt>> interrupts(Node node) const;
    [[nodiscard]] Result<std::vector<Clock>>     clocks(Node node) const;
    /// Which of k_numbers the node has.
    [[nodiscard]] std::vector<Property> numbers(Node node) const;

    /// Properties of one cell that say how a device's registers lie, or what it is: of serial ports
    /// mostly, and of everything with Arm's identification registers.
    static constexpr std::array k_numbers{
        "arm,primecell-periphid", "clock-frequency", "current-speed", "fifo-size",
        "reg-io-width",           "reg-offset",      "reg-shift"};

private:
    explicit DeviceTree(const void* blob)
        : blob_{blob}
    {
    }

    [[nodiscard]] std::vector<std::uint32_t>   cells(Node node, const char* property) const;
    [[nodiscard]] std::uint32_t                cell_count(Node bus, const char* property,
                                                          std::uint32_t otherwise) const;
    [[nodiscard]] std::uint64_t                first_address(Node node) const;
    [[nodiscard]] Result<AddressRange>         translate(Node bus, AddressRange range) const;
    [[nodiscard]] Result<Node>                 interrupt_parent(Node node) const;
    [[nodiscard]] std::unexpected<std::string> error(Node node, std::string_view what) const;

    const void* blob_;
};

} // namespace boardgen
