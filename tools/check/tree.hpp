// SPDX-License-Identifier: BSD-2-Clause
// A device tree as the rules want it: nodes in a list, with addresses of the CPU, interrupts as the
// GIC numbers them, and the lines of the source.
#pragma once

#include "diagnostic.hpp"
#include "fdt/reader.hpp"

#include <array>
#include <cstdint>
#include <expected>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace check {

/// [start, start + size) of addresses.
struct Range {
    std::uint64_t start = 0;
    std::uint64_t size  = 0;

    [[nodiscard]] std::uint64_t end() const { return start + size; }
    [[nodiscard]] bool          contains(std::uint64_t address) const
    {
        return address >= start && address - start < size;
    }
    [[nodiscard]] bool contains(const Range& other) const
    {
        return other.start >= start && other.end() <= end();
    }
    [[nodiscard]] bool overlaps(const Range& other) const
    {
        return start < other.end() && other.start < end();
    }
    bool operator==(const Range&) const = default;
};

/// An interrupt that arrives at the GIC.
struct Line {
    std::uint32_t intid = 0; ///< SPI n is 32 + n, PPI n is 16 + n
    bool          edge  = false;
};

class Tree;

/// A node; lives as long as its tree.
struct Node {
    std::string                  path; ///< "/" for the root
    std::string                  name; ///< with its unit address
    const Node*                  parent = nullptr;
    fdt::Node                    raw;
    bool                         enabled = true; ///< with all nodes above it
    std::vector<Range>           registers;      ///< as the CPU sees them
    std::vector<Line>            interrupts;
    std::optional<std::uint32_t> phandle;

    [[nodiscard]] std::string_view base_name() const
    {
        return std::string_view{name}.substr(0, name.find('@'));
    }
    [[nodiscard]] bool is(std::string_view compatible) const
    {
        return raw.is_compatible(compatible);
    }
    /// Whether it is one of several.
    [[nodiscard]] bool is_any(std::span<const std::string_view> names) const;
    [[nodiscard]] bool is_any(std::initializer_list<std::string_view> names) const
    {
        return is_any(std::span{names.begin(), names.size()});
    }
    [[nodiscard]] bool has(std::string_view property) const
    {
        return raw.property(property).has_value();
    }
    [[nodiscard]] std::string text(std::string_view property, std::size_t index = 0) const;
    [[nodiscard]] std::vector<std::uint32_t>   cells(std::string_view property) const;
    [[nodiscard]] std::optional<std::uint32_t> cell(std::string_view property) const;
    /// Whether a driver would take it: it has `compatible` and is enabled.
    [[nodiscard]] bool is_device() const { return enabled && has("compatible"); }
};

/// A bus that needs no driver: registers that its node may have are those of the devices on it.
[[nodiscard]] inline bool is_bus(const Node& node)
{
    return node.is_any({"simple-bus", "simple-pm-bus"});
}

class Tree {
public:
    Tree(Tree&&)                 = default;
    Tree& operator=(Tree&&)      = default;
    Tree(const Tree&)            = delete; // nodes point at each other
    Tree& operator=(const Tree&) = delete;
    ~Tree()                      = default;

    /// Lines of nodes ("/soc/serial@1000") and properties ("/soc/serial@1000:reg") in the source.
    using Lines = std::map<std::string, tool::Location>;

    /// `file` is the name for messages. The error is a clause.
    [[nodiscard]] static std::expected<Tree, std::string>
    create(std::vector<std::byte> blob, std::string file, Lines lines = {});

    [[nodiscard]] const std::string&            file() const { return file_; }
    [[nodiscard]] const std::vector<std::byte>& blob() const { return blob_; }
    [[nodiscard]] const std::vector<Node>&      nodes() const { return nodes_; }
    [[nodiscard]] const Node&                   root() const { return nodes_.front(); }
    /// By path or alias; a console's options behind a colon do not matter.
    [[nodiscard]] const Node* find(std::string_view path) const;
    [[nodiscard]] const Node* find_phandle(std::uint32_t phandle) const;
    /// The first enabled node that is one of these.
    [[nodiscard]] const Node* find_compatible(std::span<const std::string_view> names) const;
    [[nodiscard]] const Node* find_compatible(std::initializer_list<std::string_view> names) const
    {
        return find_compatible(std::span{names.begin(), names.size()});
    }
    /// Devices with registers that overlap a range; enabled ones first.
    [[nodiscard]] std::vector<const Node*> devices_at(const Range& range) const;

    /// RAM: all memory nodes.
    [[nodiscard]] std::vector<Range> memory() const;
    [[nodiscard]] static bool        is_memory(const Node& node);
    /// The GIC, v2 or v3; null if there is none.
    [[nodiscard]] const Node* gic() const { return gic_; }
    /// 2 or 3; 0 without one.
    [[nodiscard]] unsigned gic_version() const;

    /// The line of the node, or of one of its properties.
    [[nodiscard]] tool::Location line(const Node& node, std::string_view property = {}) const;

private:
    Tree() = default;
    void read_interrupts(const fdt::Tree& tree);

    std::string            file_;
    std::vector<std::byte> blob_;
    std::vector<Node>      nodes_;
    const Node*            gic_ = nullptr;
    Lines                  lines_;
};

/// GICs of version 2.
inline constexpr std::array<std::string_view, 4> k_gicv2_names{
    "arm,gic-400", "arm,cortex-a15-gic", "arm,cortex-a7-gic", "arm,cortex-a9-gic"};

} // namespace check
