// SPDX-License-Identifier: BSD-2-Clause
#include "picture.hpp"

#include "labels.hpp"
#include "relations.hpp"
#include "text.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace graph {
namespace {

/// With more links than these a picture says less of each, so that it stays readable: regions are
/// summed up, what three or more share is a list, and words stand for the lines to servers that
/// everybody calls, and between equals.
constexpr std::size_t k_many_links = 24;
constexpr std::size_t k_many_calls = 4;

constexpr const char* k_small_begin = "<FONT POINT-SIZE=\"10\">";
constexpr const char* k_small_end   = "</FONT>";

class Picture {
public:
    Picture(const tool::System& system, const std::string& title)
        : system_{system}
        , all_{relate(system)}
        , many_{all_.links.size() > k_many_links}
    {
        for (const auto& [ends, link] : all_.links) {
            callers_[ends.second] += is_call_alone(link) ? 1U : 0U;
        }
        std::size_t machines = 0;
        for (const auto& pd : system.pds) {
            machines += pd.vm ? 1U : 0U;
        }
        text_ = fmt::format(
            "digraph system {{\n"
            "graph [rankdir=TB, nodesep=0.3, ranksep={:.1f}, pad=0.3, fontname=\"Helvetica\", "
            "fontsize=18, labelloc=t, bgcolor=white,\n"
            "  label=<<B>{}</B><BR/><FONT POINT-SIZE=\"12\">{}, {}, {}, {}</FONT>>]\n"
            "node [fontname=\"Helvetica\", fontsize=13, shape=plain]\n"
            "edge [fontname=\"Helvetica\", fontsize=10, color=\"#444444\", arrowsize=0.7, "
            "labeldistance=1.7]\n",
            spread(), escape(title), count_text(system.pds.size(), "domain"),
            count_text(machines, "virtual machine"), count_text(system.regions.size(), "region"),
            count_text(system.channels.size(), "channel"));
    }

    std::string draw()
    {
        for (std::size_t pd = 0; pd < system_.pds.size(); ++pd) {
            if (!system_.pds[pd].parent) {
                add_family(pd);
            }
        }
        for (const auto& [ends, link] : all_.links) {
            if (!is_text(ends, link)) {
                add_link(ends.first, ends.second, link);
            } else if (!are_equal(ends.first, ends.second)) {
                text_ += fmt::format("pd{} -> pd{} [style=invis]\n", ends.first, ends.second);
            }
        }
        std::size_t number = 0;
        for (const auto& [users, regions] : all_.common) {
            if (!many_) {
                add_common(number++, users, regions);
            }
        }
        add_interrupts();
        add_legend();
        return text_ + "}\n";
    }

private:
    /// Inches between rows: lines that have far to go sideways need room to do so.
    [[nodiscard]] double spread() const
    {
        constexpr double k_least = 0.6;
        constexpr double k_each  = 0.05;
        constexpr double k_most  = 1.6;
        return std::min(k_least + k_each * static_cast<double>(all_.links.size()), k_most);
    }

    using Pair = std::pair<std::size_t, std::size_t>;

    static bool is_call_alone(const Link& link) { return link.first_calls && link.regions.empty(); }

    /// Whether words in both boxes stand for the link.
    [[nodiscard]] bool is_text(const Pair& ends, const Link& link) const
    {
        return many_ && (are_equal(ends.first, ends.second) ||
                         (is_call_alone(link) && callers_.at(ends.second) >= k_many_calls));
    }

    /// Equals stand side by side, and their line goes from bottom to bottom.
    [[nodiscard]] bool are_equal(std::size_t a, std::size_t b) const
    {
        return system_.pds[a].scheduling.priority == system_.pds[b].scheduling.priority;
    }

    [[nodiscard]] bool has_children(std::size_t pd) const
    {
        return std::ranges::any_of(system_.pds,
                                   [&](const auto& other) { return other.parent == pd; });
    }

    /// A domain; with its children in a frame around all of them.
    void add_family(std::size_t pd)
    {
        if (!has_children(pd)) {
            return add_domain(pd);
        }
        text_ += fmt::format("subgraph cluster_{} {{ style=\"rounded,dashed\"; color=\"#888888\"; "
                             "fontsize=12; labeljust=l; label=\"{} and its children\"\n",
                             pd, system_.pds[pd].name);
        add_domain(pd);
        for (std::size_t child = 0; child < system_.pds.size(); ++child) {
            if (system_.pds[child].parent == pd) {
                add_family(child);
            }
        }
        text_ += "}\n";
    }

    static const char* colour(const tool::ProtectionDomain& pd)
    {
        return pd.vm ? "#cfe2f7" : !pd.irqs.empty() ? "#fbe0c3" : "#e4efdc";
    }

    /// Cells, one a line that ends here, each with the channels' numbers and a port for the line:
    /// so lines leave a box side by side. `above` for those from domains that stand above.
    [[nodiscard]] std::string ports(std::size_t pd, bool above) const
    {
        std::string cells;
        const auto  add = [&](const std::string& port, const std::string& numbers) {
            cells += fmt::format("<TD PORT=\"{}\" WIDTH=\"40\"><FONT POINT-SIZE=\"10\" "
                                   "COLOR=\"#a03000\">{}</FONT></TD>",
                                  port, numbers.empty() ? " " : numbers);
        };
        for (const auto& [ends, link] : all_.links) {
            if (is_text(ends, link)) {
                continue;
            }
            if (above != are_equal(ends.first, ends.second) && ends.second == pd) {
                add(fmt::format("to{}", ends.first),
                    fmt::format("{}", fmt::join(link.second_ids, ",")));
            } else if (!above && ends.first == pd) {
                add(fmt::format("to{}", ends.second),
                    fmt::format("{}", fmt::join(link.first_ids, ",")));
            }
        }
        if (!above && !many_) {
            for (const auto& irq : system_.pds[pd].irqs) {
                add(fmt::format("irq{}", irq.number), fmt::format("{}", irq.id));
            }
        }
        if (cells.empty()) {
            return {};
        }
        return fmt::format(
            "<TR><TD CELLPADDING=\"0\" BGCOLOR=\"#f4f4f4\"><TABLE BORDER=\"0\" "
            "CELLBORDER=\"0\" CELLSPACING=\"0\" CELLPADDING=\"1\"><TR>{}</TR></TABLE>"
            "</TD></TR>",
            cells);
    }

    /// The links that are lines of text in the box.
    [[nodiscard]] std::string peers_of(std::size_t index) const
    {
        std::string text;
        for (const auto& [ends, link] : all_.links) {
            const bool first = ends.first == index;
            if (!is_text(ends, link) || (!first && ends.second != index)) {
                continue;
            }
            const auto& other = escape(system_.pds[first ? ends.second : ends.first].name);
            const auto& ids   = first ? link.first_ids : link.second_ids;
            const char* verb  = !is_call_alone(link) ? "talks to" : first ? "calls" : "called by";
            text += fmt::format("{} {}", verb, other);
            if (!ids.empty()) {
                text += fmt::format(" ({})", fmt::join(ids, ","));
            }
            text += link.regions.empty() ? "<BR/>"
                                         : fmt::format(": {}<BR/>", sum_of(system_, link.regions));
        }
        return text;
    }

    void add_domain(std::size_t index)
    {
        const auto& pd = system_.pds[index];
        auto        facts =
            fmt::format("{} · priority {}", escape(pd.program.path), pd.scheduling.priority);
        if (pd.cpu != 0) {
            facts += fmt::format(" · core {}", pd.cpu);
        }
        if (pd.passive) {
            facts += " · passive";
        }
        if (pd.parent) {
            facts += fmt::format(" · child {}", pd.child_id);
        }
        text_ += fmt::format(
            "pd{} [label=<<TABLE BORDER=\"0\" CELLBORDER=\"1\" CELLSPACING=\"0\" CELLPADDING=\"5\" "
            "COLOR=\"#555555\">{}<TR><TD BGCOLOR=\"{}\"><B>{}</B><BR/>{}{}{}</TD></TR>",
            index, ports(index, true), colour(pd), escape(pd.name), k_small_begin, facts,
            k_small_end);
        if (pd.vm) {
            text_ += fmt::format("<TR><TD BGCOLOR=\"#8fb8e8\">virtual machine <B>{}</B><BR/>{}{} "
                                 "vCPU{} · priority {}{}</TD></TR>",
                                 escape(pd.vm->name), k_small_begin, pd.vm->vcpus.size(),
                                 pd.vm->vcpus.size() == 1 ? "" : "s", pd.vm->scheduling.priority,
                                 k_small_end);
        }
        std::string interrupts;
        for (const auto& irq : pd.irqs) {
            interrupts +=
                fmt::format("interrupt {} ({}, {}), channel {}<BR/>", irq.number,
                            interrupt_text(irq.number), irq.edge ? "edge" : "level", irq.id);
        }
        if (many_ && !interrupts.empty()) {
            text_ += fmt::format("<TR><TD ALIGN=\"LEFT\" BALIGN=\"LEFT\" BGCOLOR=\"#f4c7c3\">{}{}{}"
                                 "</TD></TR>",
                                 k_small_begin, interrupts, k_small_end);
        }
        if (const auto peers = peers_of(index); !peers.empty()) {
            text_ += fmt::format("<TR><TD ALIGN=\"LEFT\" BALIGN=\"LEFT\" BGCOLOR=\"white\">{}<FONT "
                                 "COLOR=\"#7a3fa0\">{}</FONT>{}</TD></TR>",
                                 k_small_begin, peers, k_small_end);
        }
        if (const auto own = all_.own.find(index); own != all_.own.end()) {
            text_ += fmt::format("<TR><TD ALIGN=\"LEFT\" BALIGN=\"LEFT\" BGCOLOR=\"white\">{}{}{}"
                                 "</TD></TR>",
                                 k_small_begin, region_lines(system_, own->second, "<BR/>"),
                                 k_small_end);
        }
        text_ += ports(index, false) + "</TABLE>>]\n";
    }

    void add_link(std::size_t first, std::size_t second, const Link& link)
    {
        const bool  calls     = link.first_calls || link.second_calls;
        const bool  to_second = link.first_notifies || link.first_calls;
        const bool  to_first  = link.second_notifies || link.second_calls;
        const char* direction = to_first && to_second ? "both" : to_first ? "back" : "forward";
        const bool  equal     = are_equal(first, second);
        std::string style     = link.first_ids.empty() ? ", style=dashed" : "";
        if (equal) {
            style += ", constraint=false";
        }
        if (calls) {
            style += ", penwidth=2.4, color=\"#7a3fa0\"";
        }
        if (equal && to_first && to_second) {
            // Between boxes of one row dot draws the second arrow only.
            text_ += fmt::format("pd{}:to{}:s -> pd{}:to{}:s [dir=forward{}]\n", second, first,
                                 first, second, style);
        }
        text_ += fmt::format("pd{}:to{}:s -> pd{}:to{}:{} [dir={}{}", first, second, second, first,
                             equal ? "s" : "n", link.first_ids.empty() ? "none" : direction, style);
        if (!link.regions.empty()) {
            text_ +=
                fmt::format(", label=<<FONT POINT-SIZE=\"9\" COLOR=\"#555555\">{}</FONT>>",
                            many_ ? sum_of(system_, link.regions)
                                  : region_lines(system_, link.regions, "<BR ALIGN=\"LEFT\"/>"));
        }
        text_ += "]\n";
    }

    /// The same memory as a table, where lines would be too many.
    [[nodiscard]] std::string table_of_common() const
    {
        std::string rows;
        for (const auto& [users, regions] : all_.common) {
            constexpr std::size_t k_names_a_line = 4;
            std::string           names;
            for (std::size_t number = 0; const auto user : users) {
                const char* between = number % k_names_a_line == 0 ? ",<BR/>" : ", ";
                names += fmt::format("{}{}", number++ == 0 ? "" : between,
                                     escape(system_.pds[user].name));
            }
            rows +=
                fmt::format("<TR><TD ALIGN=\"LEFT\" BALIGN=\"LEFT\" BGCOLOR=\"#fff7c2\">{}</TD><TD "
                            "ALIGN=\"LEFT\" BALIGN=\"LEFT\">{}</TD></TR>",
                            region_lines(system_, regions, "<BR/>"), names);
        }
        return rows;
    }

    void add_common(std::size_t number, const std::set<std::size_t>& users,
                    const std::vector<std::size_t>& regions)
    {
        text_ +=
            fmt::format("common{} [shape=box, style=\"rounded,filled\", fillcolor=\"#fff7c2\", "
                        "color=\"#a08f2c\", fontsize=10, label=<{}>]\n",
                        number, region_lines(system_, regions, "<BR ALIGN=\"LEFT\"/>"));
        for (const auto user : users) {
            text_ += fmt::format("pd{} -> common{} [dir=none, style=dashed, color=\"#a08f2c\"]\n",
                                 user, number);
        }
    }

    void add_interrupts()
    {
        if (many_) {
            text_ += "{ rank=sink; legend; }\n";
            return; // they stand in the boxes
        }
        std::string sinks;
        for (std::size_t pd = 0; pd < system_.pds.size(); ++pd) {
            for (const auto& irq : system_.pds[pd].irqs) {
                text_ += fmt::format("irq{} [shape=box, style=\"filled\", fillcolor=\"#f4c7c3\", "
                                     "color=\"#a03000\", fontsize=10, label=\"interrupt {}\\n{}, "
                                     "{}\"]\n",
                                     irq.number, irq.number, interrupt_text(irq.number),
                                     irq.edge ? "edge" : "level");
                text_ += fmt::format("pd{}:irq{}:s -> irq{} [dir=back, color=\"#a03000\"]\n", pd,
                                     irq.number, irq.number);
                sinks += fmt::format(" irq{};", irq.number);
            }
        }
        if (!sinks.empty()) {
            text_ += fmt::format("{{ rank=sink;{} legend; }}\n", sinks);
        }
    }

    void add_legend()
    {
        const auto row = [](const char* fill, const char* what) {
            return fmt::format(
                "<TR><TD BGCOLOR=\"{}\" WIDTH=\"24\"> </TD><TD ALIGN=\"LEFT\">{}</TD>"
                "</TR>",
                fill, what);
        };
        text_ +=
            "legend [fontsize=10, label=<<TABLE BORDER=\"1\" CELLBORDER=\"0\" "
            "CELLSPACING=\"2\" COLOR=\"#bbbbbb\">" +
            row("#cfe2f7", "domain with a virtual machine") +
            row("#fbe0c3", "domain with interrupts (a driver)") + row("#e4efdc", "other domain") +
            row("#fff7c2", "memory of three or more domains") +
            (many_ ? table_of_common() : std::string{}) +
            "<TR><TD COLSPAN=\"2\" ALIGN=\"LEFT\" BALIGN=\"LEFT\">line: channel, with its number "
            "at each end,<BR/>and the memory that these two share<BR/>arrow: who can be "
            "notified; thick: called<BR/>dashed line: memory only<BR/>white box: memory of one "
            "domain alone</TD></TR></TABLE>>]\n";
    }

    const tool::System& system_;
    Relations           all_;
    bool                many_;
    /// How many domains call one, without memory between them.
    std::map<std::size_t, std::size_t> callers_;
    std::string                        text_;
};

} // namespace

std::string draw_system(const tool::System& system, const std::string& title)
{
    return Picture{system, title}.draw();
}

} // namespace graph
