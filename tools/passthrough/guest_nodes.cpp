// SPDX-License-Identifier: BSD-2-Clause
// The nodes of what is given, as the guest is to find them.
#include "closure.hpp"
#include "fdt/writer.hpp"
#include "unit.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>
#include <set>

namespace passthrough {
namespace {

using check::Dependency;
using check::Need;
using check::Node;
using check::Tree;

constexpr std::uint32_t k_spi = 0, k_ppi = 1;
constexpr std::uint32_t k_first_spi = 32, k_first_ppi = 16;
constexpr std::uint32_t k_edge = 1, k_level = 4;

/// The list of names that goes with a property, and goes away with it.
std::string names_for(const std::string& property)
{
    static const std::map<std::string, std::string, std::less<>> k_names{
        {"clocks", "clock-names"},
        {"resets", "reset-names"},
        {"power-domains", "power-domain-names"},
        {"dmas", "dma-names"},
        {"phys", "phy-names"},
        {"nvmem-cells", "nvmem-cell-names"},
        {"interconnects", "interconnect-names"},
        {"memory-region", "memory-region-names"}};
    const auto found = k_names.find(property);
    return found != k_names.end()             ? found->second
           : property.starts_with("pinctrl-") ? "pinctrl-names"
                                              : "";
}

class Writer {
public:
    Writer(const Tree& board, const Closure& closure)
        : board_{board}
        , closure_{closure}
        , room_(k_room)
        , tree_{room_}
    {
    }

    std::expected<std::vector<std::byte>, std::string> write()
    {
        for (std::size_t i = 0; i < board_.nodes().size(); ++i) {
            const auto& node = board_.nodes()[i];
            handles_[&node]  = k_first_phandle + static_cast<std::uint32_t>(i);
        }
        next_handle_ = k_first_phandle + static_cast<std::uint32_t>(board_.nodes().size());
        tree_.begin_node("");
        tree_.property_u32("#address-cells", 2);
        tree_.property_u32("#size-cells", 2);
        for (const auto& left : closure_.left) {
            add_clock(left);
        }
        for (const auto& given : closure_.given) {
            if (is_outermost(*given.node)) {
                write_node(*given.node, true);
            }
        }
        tree_.end_node();
        const auto size = tree_.finish();
        if (!size) {
            return std::unexpected(std::string{size.error().what});
        }
        room_.resize(*size);
        return std::move(room_);
    }

private:
    static constexpr std::size_t k_room = 0x1'0000;

    [[nodiscard]] bool is_outermost(const Node& node) const
    {
        return std::ranges::none_of(closure_.given, [&](const Given& other) {
            return other.node != &node && is_within(node, *other.node);
        });
    }

    /// A clock that is left runs at a fixed rate, as far as the guest knows.
    void add_clock(const Left& left)
    {
        if (left.need != Need::clock || clocks_.contains(left.frequency)) {
            return;
        }
        const auto handle       = next_handle_++;
        clocks_[left.frequency] = handle;
        // A name that no node of the guest's own can have.
        tree_.begin_node(fmt::format("clock-left-{}", left.frequency));
        tree_.property_string("compatible", "fixed-clock");
        tree_.property_u32("#clock-cells", 0);
        tree_.property_u32("clock-frequency", static_cast<std::uint32_t>(left.frequency));
        tree_.property_u32("phandle", handle);
        tree_.end_node();
    }

    /// The rate at which a clock that is left runs; nothing if it is given.
    [[nodiscard]] const Left* left(const Node& user, const Dependency& one) const
    {
        const auto found = std::ranges::find_if(closure_.left, [&](const Left& left) {
            return left.user == &user && left.provider == one.provider && left.need == one.need &&
                   left.arguments == one.arguments;
        });
        return found != closure_.left.end() ? &*found : nullptr;
    }

    void write_node(const Node& node, bool outermost)
    {
        const bool translated = !node.registers.empty();
        tree_.begin_node(outermost && translated
                             ? fmt::format("{}@{:x}", node.base_name(), node.registers[0].start)
                             : node.name);
        const bool has_children = std::ranges::any_of(board_.nodes(), [&](const Node& child) {
            return child.parent == &node && !child.registers.empty();
        });
        dependencies_           = check::dependencies(board_, node);
        for (const auto& property : node.raw.properties()) {
            write_property(node, property, has_children);
        }
        if (translated) {
            tree_.begin_property("reg");
            for (const auto& range : node.registers) {
                tree_.append_u64(range.start);
                tree_.append_u64(range.size);
            }
        }
        if (has_children) { // they have the CPU's addresses as well
            tree_.property_u32("#address-cells", 2);
            tree_.property_u32("#size-cells", 2);
            tree_.property_empty("ranges");
        }
        write_interrupts(node);
        if (node.phandle) {
            tree_.property_u32("phandle", handles_.at(&node));
        }
        for (const auto& child : board_.nodes()) {
            if (child.parent == &node && (child.enabled || !node.enabled) && closure_.has(child)) {
                write_node(child, false);
            }
        }
        tree_.end_node();
    }

    void write_property(const Node& node, const fdt::Property& property, bool has_children)
    {
        constexpr std::array<std::string_view, 9> k_ours{
            "phandle",          "linux,phandle",        "status",
            "interrupt-parent", "interrupts",           "interrupts-extended",
            "dma-ranges",       "assigned-clock-rates", "assigned-clock-parents"};
        const auto is = [&](std::string_view name) { return property.name == name; };
        if (std::ranges::any_of(k_ours, is) || (is("reg") && !node.registers.empty()) ||
            (has_children && (is("ranges") || is("#address-cells") || is("#size-cells")))) {
            if (is("assigned-clock-rates") && keeps(node, "assigned-clocks")) {
                tree_.property(property.name, property.value);
            } else if (is("assigned-clock-parents") && keeps(node, "assigned-clocks") &&
                       keeps(node, property.name)) {
                write_list(node, property);
            }
            return;
        }
        if (drops_names(node, property.name)) {
            return;
        }
        const bool has_handles = std::ranges::any_of(
            dependencies_, [&](const Dependency& one) { return one.property == property.name; });
        if (!has_handles) {
            tree_.property(property.name, property.value);
        } else if (keeps(node, property.name)) {
            write_list(node, property);
        }
    }

    /// Whether what the property names is there for the guest.
    [[nodiscard]] bool keeps(const Node& node, std::string_view property) const
    {
        return std::ranges::all_of(dependencies_, [&](const Dependency& one) {
            const bool replaced = property == "clocks" && left(node, one) != nullptr;
            return one.property != property ||
                   (one.provider != nullptr && left(node, one) == nullptr &&
                    closure_.has(*one.provider)) ||
                   replaced;
        });
    }

    [[nodiscard]] bool drops_names(const Node& node, std::string_view name) const
    {
        return std::ranges::any_of(dependencies_, [&](const Dependency& one) {
            return names_for(one.property) == name && !keeps(node, one.property);
        });
    }

    /// A list of handles, each with its arguments.
    void write_list(const Node& node, const fdt::Property& property)
    {
        tree_.begin_property(property.name);
        std::size_t written = 0;
        for (const auto& one : dependencies_) {
            if (one.property != property.name) {
                continue;
            }
            if (const auto* const clock = left(node, one)) {
                tree_.append_u32(clocks_.at(clock->frequency));
                ++written;
                continue;
            }
            tree_.append_u32(handles_.at(one.provider));
            for (const auto argument : one.arguments) {
                tree_.append_u32(argument);
            }
            written += 1 + one.arguments.size();
        }
        if (property.name == "clocks") {
            return;
        }
        // Cells behind a single handle that no binding counts (an offset into registers).
        for (; written < property.cells(); ++written) {
            tree_.append_u32(*property.cell(written));
        }
    }

    void write_interrupts(const Node& node)
    {
        if (!node.interrupts.empty()) {
            tree_.begin_property("interrupts");
            for (const auto& line : node.interrupts) {
                const bool shared = line.intid >= k_first_spi;
                tree_.append_u32(shared ? k_spi : k_ppi);
                tree_.append_u32(line.intid - (shared ? k_first_spi : k_first_ppi));
                tree_.append_u32(line.edge ? k_edge : k_level);
            }
            return;
        }
        // Those of another controller that the guest has.
        const auto raw = node.raw.property("interrupts");
        const auto one = std::ranges::find(dependencies_, Need::interrupt, &Dependency::need);
        if (raw && one != dependencies_.end() && one->provider != nullptr &&
            closure_.has(*one->provider) && left(node, *one) == nullptr) {
            tree_.property_u32("interrupt-parent", handles_.at(one->provider));
            tree_.property("interrupts", raw->value);
        }
    }

    const Tree&                            board_;
    const Closure&                         closure_;
    std::vector<std::byte>                 room_;
    fdt::Writer                            tree_;
    std::map<const Node*, std::uint32_t>   handles_;
    std::map<std::uint64_t, std::uint32_t> clocks_; ///< frequency to handle
    std::uint32_t                          next_handle_ = 0;
    std::vector<Dependency>                dependencies_; ///< of the node being written
};

} // namespace

std::expected<std::vector<std::byte>, std::string> guest_nodes(const Tree&    board,
                                                               const Closure& closure)
{
    return Writer{board, closure}.write();
}

} // namespace passthrough
