// SPDX-License-Identifier: BSD-2-Clause
// The parts of the report that are about memory.
#include "report/memory.hpp"

#include "report/text_table.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <tuple>

namespace tool {
namespace {

struct Item {
    Extent      extent;
    std::string what;
};

std::string permissions_text(Permissions permissions)
{
    return fmt::format("{}{}{}", permissions.read ? 'r' : '-', permissions.write ? 'w' : '-',
                       permissions.execute ? 'x' : '-');
}

std::string items_text(std::vector<Item> items)
{
    std::ranges::sort(items, {},
                      [](const Item& item) { return std::tie(item.extent.address, item.what); });
    TextTable table{{"start", "end", "size", "what"}};
    for (const auto& [extent, what] : items) {
        table.row({hex(extent.address), hex(extent.end()), readable_size(extent.size), what});
    }
    return table.text();
}

std::vector<Item> image_items(const Inputs& inputs, const Layout& layout)
{
    const auto&       placement = layout.placement;
    std::vector<Item> items;
    items.reserve(inputs.kernel.segments.size() + placement.parts.size() + 2);
    for (const auto& segment : inputs.kernel.segments) {
        items.push_back({{segment.vaddr, segment.memory_size},
                         fmt::format("kernel {}", permissions_text(segment.permissions))});
    }
    items.push_back({{placement.table.address, layout.system_table.size()}, "system table"});
    items.push_back(
        {{placement.page_tables.address, layout.maps.tables.tables().size() * arch::k_page_size},
         "page tables"});
    for (const auto& part : placement.parts) {
        items.push_back({{part.address, part.data.size()}, part.label});
    }
    return items;
}

void add_pd(const Inputs& inputs, const Placement& placement, std::size_t index,
            std::vector<Item>& items)
{
    const auto& name  = inputs.system.pds[index].name;
    const auto& image = inputs.programs[index].image;
    const auto& here  = placement.pds[index];
    for (std::size_t i = 0; i < here.segments.size(); ++i) {
        for (const auto& extent : here.segments[i]) {
            items.push_back({extent, fmt::format("{}: segment {} at {}", name,
                                                 permissions_text(image.segments[i].permissions),
                                                 hex(image.segments[i].vaddr))});
        }
    }
    for (const auto& extent : here.stack) {
        items.push_back({extent, fmt::format("{}: stack", name)});
    }
    items.push_back({{here.ipc_buffer, arch::k_page_size}, fmt::format("{}: IPC buffer", name)});
}

} // namespace

std::string hex(std::uint64_t value) { return fmt::format("{:#x}", value); }

std::string readable_size(std::uint64_t bytes)
{
    constexpr std::uint64_t kib = 1024;
    if (bytes < kib) {
        return fmt::format("{} B", bytes);
    }
    const auto* unit  = "KiB";
    auto        value = static_cast<double>(bytes) / kib;
    for (const auto* larger : {"MiB", "GiB"}) {
        if (value >= kib) {
            value /= kib;
            unit = larger;
        }
    }
    return fmt::format("{:.4g} {}", value, unit);
}

std::string report_image(const Inputs& inputs, const Layout& layout)
{
    const auto& image = layout.placement.image;
    return fmt::format("# Image\n\n  {} at {}\n\n{}", readable_size(image.size), hex(image.address),
                       items_text(image_items(inputs, layout)));
}

std::string report_physical_memory(const Inputs& inputs, const Layout& layout)
{
    const auto&       placement = layout.placement;
    std::vector<Item> items{{placement.kernel, "kernel"},
                            {placement.table, "system table"},
                            {placement.page_tables, "page tables"}};
    for (std::size_t i = 0; i < placement.pds.size(); ++i) {
        add_pd(inputs, placement, i, items);
    }
    for (std::size_t i = 0; i < placement.regions.size(); ++i) {
        for (const auto& extent : placement.regions[i]) {
            items.push_back(
                {extent, fmt::format("memory region '{}'", inputs.system.regions[i].name)});
        }
    }
    std::string rams;
    for (const auto& ram : inputs.board.ram) {
        rams += fmt::format("  RAM {}..{} ({})\n", hex(ram.range.start().raw()),
                            hex(ram.range.end().raw()), readable_size(ram.range.size()));
    }
    return fmt::format("# Physical memory\n\n{}  free: {}\n\n{}", rams,
                       readable_size(placement.free_bytes), items_text(std::move(items)));
}

std::string report_regions(const Inputs& inputs, const Layout& layout)
{
    TextTable table{{"name", "size", "page", "physical", "content"}};
    for (std::size_t i = 0; i < inputs.regions.size(); ++i) {
        const auto& region  = inputs.regions[i];
        const auto& extents = layout.placement.regions[i];
        const auto  place   = extents.empty() ? std::string{"none (unused)"}
                              : extents.size() == 1
                                  ? hex(extents.front().address)
                                  : fmt::format("{} and {} more pieces", hex(extents.front().address),
                                                extents.size() - 1);
        table.row({region.declared->name, hex(region.size), readable_size(region.page_size), place,
                   region.prefill.empty()
                       ? ""
                       : fmt::format("{} ({})", region.declared->prefill_path.value_or(""),
                                     readable_size(region.prefill.size()))});
    }
    return "# Memory regions\n\n" + table.text();
}

std::string report_boot_work(const Layout& layout)
{
    TextTable     table{{"work", "from", "to", "size"}};
    std::uint64_t cleared = 0;
    for (const auto& extent : layout.placement.clears) {
        table.row({"clear", "", hex(extent.address), readable_size(extent.size)});
        cleared += extent.size;
    }
    for (const auto& copy : layout.placement.copies) {
        table.row({"copy", hex(copy.source), hex(copy.destination), readable_size(copy.size)});
    }
    return fmt::format("# Work at boot\n\n  {} to clear\n\n{}", readable_size(cleared),
                       table.text());
}

std::string report_page_tables(const Inputs& inputs, const Layout& layout)
{
    const auto& maps = layout.maps;
    TextTable   table{{"address space", "root", "tables", "size"}};
    const auto  row = [&](const std::string& name, std::uint64_t root, std::size_t tables) {
        table.row({name, hex(root), fmt::format("{}", tables),
                   readable_size(tables * arch::k_page_size)});
    };
    row("kernel", maps.tables.address(maps.kernel), maps.kernel_tables);
    for (std::size_t i = 0; i < inputs.system.pds.size(); ++i) {
        const auto& pd = inputs.system.pds[i];
        row(fmt::format("protection domain '{}'", pd.name), maps.pd_roots[i], maps.pd_tables[i]);
        if (pd.vm) {
            row(fmt::format("virtual machine '{}'", pd.vm->name), maps.vm_roots[i],
                maps.vm_tables[i]);
        }
    }
    return "# Page tables\n\n" + table.text();
}

} // namespace tool
