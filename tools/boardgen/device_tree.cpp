// SPDX-License-Identifier: BSD-2-Clause
// Built on libfdt; cells are joined and translated here (DTSpec 0.4, 2.3.5 to 2.4).
#include "device_tree.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <limits>
#include <utility>

extern "C" {
#include <libfdt.h>
}

namespace boardgen {
namespace {

using Cells = std::span<const std::uint32_t>;

/// One or two cells as a number.
std::uint64_t join(Cells cells)
{
    std::uint64_t value = 0;
    for (const auto cell : cells) {
        value = value << 32 | cell;
    }
    return value;
}

constexpr std::array  k_gics{"arm,cortex-a15-gic", "arm,gic-400", "arm,cortex-a7-gic",
                            "arm,cortex-a9-gic", "arm,gic-v3"};
constexpr const char* k_passing = "fsl,imx8mq-gpc";

} // namespace

Result<DeviceTree> DeviceTree::create(std::span<const std::byte> blob)
{
    if (const int problem = fdt_check_full(blob.data(), blob.size()); problem != 0) {
        return std::unexpected(fmt::format("not a device tree blob: {}", fdt_strerror(problem)));
    }
    return DeviceTree{blob.data()};
}

std::unexpected<std::string> DeviceTree::error(Node node, std::string_view what) const
{
    return std::unexpected(fmt::format("node {}: {}", path(node), what));
}

std::vector<DeviceTree::Node> DeviceTree::compatible_nodes(std::string_view compatible) const
{
    std::vector<Node> nodes;
    for (Node node = fdt_next_node(blob_, -1, nullptr); node >= 0;
         node      = fdt_next_node(blob_, node, nullptr)) {
        if (is_compatible(node, compatible)) {
            nodes.push_back(node);
        }
    }
    std::ranges::sort(nodes, {}, [this](Node node) {
        return std::pair{first_address(node), node};
    });
    return nodes;
}

bool DeviceTree::is_compatible(Node node, std::string_view kind) const
{
    const auto strings = texts(node, "compatible");
    return std::ranges::find(strings, kind) != strings.end();
}

std::vector<DeviceTree::Node> DeviceTree::nodes_of_type(std::string_view device_type) const
{
    std::vector<Node> nodes;
    for (Node node = fdt_next_node(blob_, -1, nullptr); node >= 0;
         node      = fdt_next_node(blob_, node, nullptr)) {
        if (text(node, "device_type") == device_type) {
            nodes.push_back(node);
        }
    }
    return nodes;
}

std::optional<DeviceTree::Node> DeviceTree::node_at(std::string_view path) const
{
    const Node node = fdt_path_offset_namelen(blob_, path.data(), static_cast<int>(path.size()));
    return node >= 0 ? std::optional{node} : std::nullopt;
}

std::string DeviceTree::path(Node node) const
{
    std::array<char, 256> buffer{};
    if (fdt_get_path(blob_, node, buffer.data(), static_cast<int>(buffer.size())) != 0) {
        return "?";
    }
    return buffer.data();
}

std::string DeviceTree::name(Node node) const
{
    const char* text = fdt_get_name(blob_, node, nullptr);
    return text != nullptr ? text : "";
}

bool DeviceTree::has(Node node, const char* property) const
{
    return fdt_getprop(blob_, node, property, nullptr) != nullptr;
}

std::optional<std::string> DeviceTree::text(Node node, const char* property) const
{
    const auto all = texts(node, property);
    return all.empty() ? std::nullopt : std::optional{all.front()};
}

std::vector<std::string> DeviceTree::texts(Node node, const char* property) const
{
    std::vector<std::string> strings;
    const int                count = fdt_stringlist_count(blob_, node, property);
    strings.reserve(static_cast<std::size_t>(std::max(count, 0)));
    for (int i = 0; i < count; ++i) {
        strings.emplace_back(fdt_stringlist_get(blob_, node, property, i, nullptr));
    }
    return strings;
}

std::optional<std::uint64_t> DeviceTree::number(Node node, const char* property) const
{
    const auto all = cells(node, property);
    return all.empty() || all.size() > 2 ? std::nullopt : std::optional{join(all)};
}

std::vector<Property> DeviceTree::numbers(Node node) const
{
    std::vector<Property> all;
    for (const char* name : k_numbers) {
        if (const auto cell = cells(node, name); cell.size() == 1) {
            all.push_back({name, cell.front()});
        }
    }
    return all;
}

bool DeviceTree::is_enabled(Node node) const
{
    for (Node at = node; at >= 0; at = fdt_parent_offset(blob_, at)) {
        const auto status = text(at, "status");
        if (status && *status != "okay" && *status != "ok") {
            return false;
        }
    }
    return true;
}

std::uint32_t DeviceTree::highest_interrupt() const
{
    std::uint32_t highest = 31;
    for (Node node = fdt_next_node(blob_, -1, nullptr); node >= 0;
         node      = fdt_next_node(blob_, node, nullptr)) {
        // Nodes below other interrupt controllers count nothing here.
        if (const auto lines = interrupts(node)) {
            for (const auto& line : *lines) {
                highest = std::max(highest, line.intid);
            }
        }
    }
    return highest;
}

std::vector<std::uint32_t> DeviceTree::cells(Node node, const char* property) const
{
    int         bytes = 0;
    const auto* first = static_cast<const std::byte*>(fdt_getprop(blob_, node, property, &bytes));
    std::vector<std::uint32_t> result;
    for (int i = 0; first != nullptr && i + 4 <= bytes; i += 4) {
        std::uint32_t cell = 0;
        for (int k = 0; k < 4; ++k) {
            cell = cell << 8 | std::to_integer<std::uint32_t>(first[i + k]);
        }
        result.push_back(cell);
    }
    return result;
}

std::uint32_t DeviceTree::cell_count(Node bus, const char* property, std::uint32_t otherwise) const
{
    const auto value = cells(bus, property);
    return value.empty() ? otherwise : value.front();
}

std::uint64_t DeviceTree::first_address(Node node) const
{
    const auto ranges = registers(node);
    return ranges && !ranges->empty() ? ranges->front().start
                                      : std::numeric_limits<std::uint64_t>::max();
}

Result<AddressRange> DeviceTree::translate(Node bus, AddressRange range) const
{
    const Node above = fdt_parent_offset(blob_, bus);
    if (above < 0) {
        return range; // the root's addresses are the processor's
    }
    if (!has(bus, "ranges")) {
        return error(bus, "has no `ranges`: its children are not reachable by the processor");
    }
    const auto map = cells(bus, "ranges");
    if (map.empty()) {
        return translate(above, range);
    }
    const auto child_cells  = cell_count(bus, "#address-cells", 2);
    const auto parent_cells = cell_count(above, "#address-cells", 2);
    const auto size_cells   = cell_count(bus, "#size-cells", 1);
    if (child_cells > 2 || parent_cells > 2 || size_cells > 2) {
        return error(bus, "has addresses of more than 64 bits in `ranges`");
    }
    const auto stride = child_cells + parent_cells + size_cells;
    for (Cells rest{map}; rest.size() >= stride; rest = rest.subspan(stride)) {
        const auto child  = join(rest.first(child_cells));
        const auto parent = join(rest.subspan(child_cells, parent_cells));
        const auto size   = join(rest.subspan(child_cells + parent_cells, size_cells));
        if (range.start >= child && range.start - child <= size &&
            range.size <= size - (range.start - child)) {
            return translate(above, {parent + (range.start - child), range.size});
        }
    }
    return error(bus, fmt::format("`ranges` do not cover {:#x}", range.start));
}

Result<std::vector<AddressRange>> DeviceTree::registers(Node node) const
{
    const Node bus           = fdt_parent_offset(blob_, node);
    const auto address_cells = bus < 0 ? 2 : cell_count(bus, "#address-cells", 2);
    const auto size_cells    = bus < 0 ? 1 : cell_count(bus, "#size-cells", 1);
    const auto stride        = address_cells + size_cells;
    const auto all           = cells(node, "reg");
    if (all.empty()) {
        return error(node, "has no `reg`");
    }
    if (address_cells > 2 || size_cells > 2) {
        return error(node, "has addresses of more than 64 bits in `reg`");
    }
    if (all.size() % stride != 0) {
        return error(node,
                     fmt::format("`reg` has {} cells, not a multiple of {}", all.size(), stride));
    }
    std::vector<AddressRange> result;
    for (Cells rest{all}; !rest.empty(); rest = rest.subspan(stride)) {
        const AddressRange range{join(rest.first(address_cells)),
                                 join(rest.subspan(address_cells, size_cells))};
        result.push_back(TRY(translate(bus, range)));
    }
    return result;
}

Result<DeviceTree::Node> DeviceTree::interrupt_parent(Node node) const
{
    for (Node at = node; at >= 0; at = fdt_parent_offset(blob_, at)) {
        const auto phandle = cells(at, "interrupt-parent");
        if (phandle.empty()) {
            continue;
        }
        const Node parent = fdt_node_offset_by_phandle(blob_, phandle.front());
        if (parent < 0) {
            return error(at, "`interrupt-parent` names no node");
        }
        return parent;
    }
    return error(node, "no `interrupt-parent` here or above");
}

Result<std::vector<Interrupt>> DeviceTree::interrupts(Node node) const
{
    std::vector<Interrupt> result;
    if (!has(node, "interrupts")) {
        return result;
    }
    Node parent = TRY(interrupt_parent(node));
    // Some SoCs have a unit for sleep between devices and the GIC, with the GIC's numbers.
    while (!cells(parent, "interrupt-parent").empty() && is_compatible(parent, k_passing)) {
        parent = TRY(interrupt_parent(parent));
    }
    const auto kinds = texts(parent, "compatible");
    if (std::ranges::find_first_of(kinds, k_gics) == kinds.end()) {
        return error(node, fmt::format("its interrupt parent {} is not an Arm GIC", path(parent)));
    }
    const auto stride = cell_count(parent, "#interrupt-cells", 0);
    const auto all    = cells(node, "interrupts");
    if (stride < 3 || all.size() % stride != 0) {
        return error(node, "`interrupts` are not of at least three cells each");
    }
    for (Cells rest{all}; !rest.empty(); rest = rest.subspan(stride)) {
        constexpr std::uint32_t k_spi = 0, k_ppi = 1, k_rising = 1, k_high = 4;
        const auto              kind = rest[0], number = rest[1], sense = rest[2] & 0xf;
        if (kind == k_spi && number > 987) {
            return error(node, fmt::format("SPI {} is beyond 987", number));
        }
        if (kind == k_ppi && number > 15) {
            return error(node, fmt::format("PPI {} is beyond 15", number));
        }
        if (kind != k_spi && kind != k_ppi) {
            return error(node, fmt::format("interrupt type {} is neither SPI nor PPI", kind));
        }
        // A PPI's sense may say "active low": it is fixed by the core and the GIC ignores it.
        if (kind == k_spi && sense != k_rising && sense != k_high) {
            return error(node, fmt::format("SPI {} is neither rising edge nor level high", number));
        }
        result.push_back({number + (kind == k_spi ? 32U : 16U), sense == k_rising});
    }
    return result;
}

Result<std::vector<Clock>> DeviceTree::clocks(Node node) const
{
    const auto         names = texts(node, "clock-names");
    const auto         all   = cells(node, "clocks");
    std::vector<Clock> result;
    for (std::size_t at = 0; at < all.size();) {
        const Node provider = fdt_node_offset_by_phandle(blob_, all[at]);
        if (provider < 0) {
            return error(node, "`clocks` names no node");
        }
        const auto kinds = texts(provider, "compatible");
        const bool fixed = std::ranges::find(kinds, "fixed-clock") != kinds.end();
        result.push_back({result.size() < names.size() ? names[result.size()] : "",
                          fixed ? cell_count(provider, "clock-frequency", 0) : 0});
        at += 1 + cell_count(provider, "#clock-cells", 0);
    }
    return result;
}

} // namespace boardgen
