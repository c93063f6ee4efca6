// SPDX-License-Identifier: BSD-2-Clause
#include "picture.hpp"
#include "relations.hpp"
#include "text.hpp"

#include <algorithm>
#include <bit>
#include <fmt/format.h>

namespace graph {
namespace {

constexpr std::uint64_t k_page = 0x1000;

/// A stretch of an address space.
struct Row {
    std::uint64_t             start  = 0;
    const tool::MemoryRegion* region = nullptr;
    std::string               note; ///< who may do what with it
    const char*               colour = "white";
};

/// Points for a row: a little more with each doubling of the size.
unsigned height(const tool::MemoryRegion& region)
{
    constexpr unsigned k_least = 18;
    constexpr unsigned k_step  = 3;
    const auto         pages   = std::max<std::uint64_t>(region.size.value_or(0) / k_page, 1);
    return k_least + k_step * static_cast<unsigned>(std::bit_width(pages) - 1);
}

/// So many rows are a column; the rest stands beside it.
constexpr std::size_t k_rows = 28;

/// One node. Nodes that nothing joins are packed side by side, in the order of `order`, all
/// beginning at the top.
std::string begin_table(std::size_t order, const std::string& title)
{
    return fmt::format(
        "table{} [sortv={}, label=<<TABLE BORDER=\"0\" CELLBORDER=\"1\" CELLSPACING=\"0\" "
        "CELLPADDING=\"4\" COLOR=\"#888888\"><TR><TD COLSPAN=\"4\" BORDER=\"0\" "
        "ALIGN=\"LEFT\"><B>{}</B></TD></TR>",
        order, order, escape(title));
}

constexpr const char* k_end_table = "</TABLE>>]\n";

std::string cells(const Row& row, bool with_address)
{
    const auto& region = *row.region;
    const auto  end    = row.start + std::max<std::uint64_t>(region.size.value_or(1), 1) - 1;
    return fmt::format("<TR>{}<TD ALIGN=\"RIGHT\" BGCOLOR=\"{}\" HEIGHT=\"{}\">{}</TD><TD "
                       "ALIGN=\"LEFT\" BGCOLOR=\"{}\">{}</TD><TD ALIGN=\"LEFT\" "
                       "BALIGN=\"LEFT\">{}</TD></TR>",
                       with_address ? fmt::format("<TD ALIGN=\"LEFT\" BALIGN=\"LEFT\"><FONT "
                                                  "FACE=\"Courier\">{:#x}<BR/>{:#x}</FONT></TD>",
                                                  row.start, end)
                                    : std::string{},
                       row.colour, height(region), escape(size_of(region)), row.colour,
                       escape(region.name), row.note);
}

/// Tables beside each other, none with more than so many rows.
class Columns {
public:
    explicit Columns(std::string& text)
        : text_{text}
    {
    }

    /// Begins a list of `rows` rows: below the last one if it is of the same kind and there is
    /// room.
    void begin(const std::string& title, std::size_t rows, bool may_follow)
    {
        if (open_ && may_follow && used_ + rows + 1 <= k_rows) {
            text_ +=
                fmt::format("<TR><TD COLSPAN=\"4\" BORDER=\"0\" ALIGN=\"LEFT\"><B>{}</B></TD></TR>",
                            escape(title));
            ++used_;
        } else {
            end();
            text_ += begin_table(++order_, title);
            used_ = 0;
            open_ = true;
        }
        title_ = title;
    }
    void row(const std::string& cells)
    {
        if (used_ == k_rows) {
            end();
            text_ += begin_table(++order_, title_ + ", continued");
            used_ = 0;
            open_ = true;
        }
        text_ += cells;
        ++used_;
    }
    void end()
    {
        if (open_) {
            text_ += k_end_table;
        }
        open_ = false;
    }

private:
    std::string& text_;
    std::string  title_;
    std::size_t  order_ = 0;
    std::size_t  used_  = 0;
    bool         open_  = false;
};

/// An address space from its lowest row up, with a line where it has holes.
void add_addresses(Columns& columns, std::vector<Row> rows)
{
    std::ranges::stable_sort(rows, {}, &Row::start);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        auto       text = cells(rows[i], true);
        const auto end  = rows[i].start + rows[i].region->size.value_or(0);
        if (i + 1 < rows.size() && rows[i + 1].start > end) {
            text += fmt::format("<TR><TD COLSPAN=\"4\" BORDER=\"0\" ALIGN=\"CENTER\"><FONT "
                                "COLOR=\"#999999\" POINT-SIZE=\"9\">hole, {}</FONT></TD></TR>",
                                rough_size_text(rows[i + 1].start - end));
        }
        columns.row(text);
    }
}

} // namespace

std::string draw_memory(const tool::System& system, const std::string& title)
{
    const auto all   = relate(system);
    const auto users = [&](std::size_t region) {
        std::string note;
        for (const auto& mapping : all.mappings[region]) {
            const auto& pd = system.pds[mapping.pd];
            note += fmt::format("{}{} {}", note.empty() ? "" : "<BR/>",
                                escape(mapping.by_vm ? pd.vm->name : pd.name),
                                permissions_of(mapping.map));
        }
        return note.empty() ? std::string{"nobody"} : note;
    };
    const auto colour = [&](std::size_t region) {
        const auto& maps = all.mappings[region];
        const bool  vm   = std::ranges::any_of(maps, &Mapping::by_vm);
        const bool  device =
            std::ranges::any_of(maps, [](const auto& one) { return !one.map.cached; });
        return device ? "#fbe0c3" : vm ? "#cfe2f7" : "#e4efdc";
    };

    std::vector<Row> fixed;
    std::vector<Row> placed;
    for (std::size_t i = 0; i < system.regions.size(); ++i) {
        const auto& region = system.regions[i];
        (region.phys_addr ? fixed : placed)
            .push_back({region.phys_addr.value_or(0), &region, users(i), colour(i)});
    }
    std::string text = fmt::format(
        "digraph memory {{\n"
        "graph [rankdir=TB, pack=24, packmode=\"array_ut99\", pad=0.3, fontname=\"Helvetica\", "
        "fontsize=18, labelloc=t, "
        "bgcolor=white,\n"
        "  label=<<B>{}: memory</B><BR/><FONT POINT-SIZE=\"12\">orange: registers of devices · "
        "blue: "
        "memory of guests · green: memory of domains</FONT>>]\n"
        "node [fontname=\"Helvetica\", fontsize=11, shape=plain]\n",
        escape(title));
    Columns columns{text};
    if (!fixed.empty()) {
        columns.begin("at a physical address", fixed.size(), false);
        add_addresses(columns, std::move(fixed));
    }
    bool first = true;
    for (const auto& pd : system.pds) {
        if (!pd.vm) {
            continue;
        }
        std::vector<Row> rows;
        for (const auto& map : pd.vm->maps) {
            if (const auto region = system.find_region(map.region)) {
                rows.push_back({map.vaddr, &system.regions[*region], permissions_of(map),
                                map.cached ? "#cfe2f7" : "#fbe0c3"});
            }
        }
        columns.begin("as " + pd.vm->name + " sees it (guest physical)", rows.size(), !first);
        first = false;
        add_addresses(columns, std::move(rows));
    }
    if (!placed.empty()) {
        columns.begin("anywhere in RAM (the Microkit tool places it)", placed.size(), false);
        for (const auto& row : placed) {
            columns.row(cells(row, false));
        }
    }
    columns.end();
    if (system.regions.empty()) {
        text += "none [label=\"no regions\"]\n";
    }
    return text + "}\n";
}

} // namespace graph
