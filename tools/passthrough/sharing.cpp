// SPDX-License-Identifier: BSD-2-Clause
#include "sharing.hpp"

#include "device_kind.hpp"
#include "unit.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace passthrough {
namespace {

using check::Line;
using check::Node;
using check::Range;
using check::Tree;

constexpr std::uint64_t k_page         = 0x1000;
constexpr std::uint32_t k_first_shared = 32;

Range pages_of(const Range& range)
{
    const auto start = range.start / k_page * k_page;
    return {start, (range.end() - start + k_page - 1) / k_page * k_page};
}

/// Sorted, those that touch made one.
void merge(std::vector<Range>& ranges)
{
    std::ranges::sort(ranges, {}, &Range::start);
    std::vector<Range> merged;
    for (const auto& range : ranges) {
        if (!merged.empty() && range.start <= merged.back().end()) {
            merged.back().size = std::max(merged.back().end(), range.end()) - merged.back().start;
        } else {
            merged.push_back(range);
        }
    }
    ranges = std::move(merged);
}

class Resources {
public:
    Resources(const Tree& board, std::span<const Node* const> shared, Closure& closure)
        : board_{board}
        , shared_{shared}
        , closure_{closure}
    {
    }

    void add()
    {
        for (const auto& node : board_.nodes()) {
            if (closure_.has(node)) {
                add(node);
            }
        }
        merge(closure_.pages);
        std::ranges::sort(closure_.interrupts, {}, &Line::intid);
        const auto same = std::ranges::unique(closure_.interrupts, {}, &Line::intid);
        closure_.interrupts.erase(same.begin(), same.end());
        for (const auto& node : board_.nodes()) {
            if (!closure_.has(node) && node.has("compatible") && !is_bus(node)) {
                check_pages(node);
                check_interrupts(node);
            }
        }
        refuse_neighbours();
        if (closure_.needs_identity()) {
            std::string names;
            for (const auto* node : closure_.dma) {
                names += (names.empty() ? "" : ", ") + node->name;
            }
            closure_.notes.push_back(fmt::format(
                "{} moves data by itself: the guest's RAM must have its physical "
                "addresses, and since no IOMMU watches, the guest can make it reach all "
                "memory of the machine",
                names));
        }
    }

private:
    void add(const Node& node)
    {
        for (const auto& range : node.registers) {
            if (range.size != 0) {
                closure_.pages.push_back(pages_of(range));
            }
        }
        for (const auto& line : node.interrupts) {
            if (line.intid < k_first_shared) {
                closure_.refusals.push_back(
                    {Refusal::Kind::interrupt, node.path,
                     fmt::format("interrupt {} of {} is one of a CPU's own (PPI)", line.intid,
                                 node.name),
                     "only shared interrupts, 32 and up, can be passed through"});
            }
            closure_.interrupts.push_back(line);
        }
        if (check::does_dma(node) && node.has("compatible") && !node.registers.empty()) {
            closure_.dma.push_back(&node);
        }
    }

    [[nodiscard]] bool is_shared(const Node& node) const
    {
        return std::ranges::any_of(shared_, [&](const Node* one) { return is_within(node, *one); });
    }

    /// Whether something given is below: its registers are within the node's.
    [[nodiscard]] bool holds(const Node& node) const
    {
        return std::ranges::any_of(closure_.given,
                                   [&](const Given& one) { return is_within(*one.node, node); });
    }

    void check_pages(const Node& node)
    {
        const auto mine = std::ranges::find_if(node.registers, [&](const Range& range) {
            return range.size != 0 && std::ranges::any_of(closure_.pages, [&](const Range& page) {
                       return page.overlaps(range);
                   });
        });
        if (mine == node.registers.end() || Tree::is_memory(node) || holds(node) ||
            is_shared(node)) {
            return;
        }
        if (!node.enabled) {
            closure_.notes.push_back(
                fmt::format("{}, which is disabled, is on the same page, and the "
                            "guest reaches it",
                            node.name));
            return;
        }
        neighbours_.push_back(&node);
    }

    void refuse_neighbours()
    {
        if (neighbours_.empty()) {
            return;
        }
        std::string list;
        bool        alike = true;
        for (const auto* node : neighbours_) {
            list += (list.empty() ? "" : ", ") + node->name;
            alike = alike && node->base_name() == neighbours_.front()->base_name();
        }
        const bool several = neighbours_.size() > 1;
        closure_.refusals.push_back(
            {Refusal::Kind::shared_page, neighbours_.front()->path,
             fmt::format(
                 "{} {} on a page that the guest would get: {} bytes are the least that can "
                 "be given",
                 list, several ? "are" : "is", k_page),
             fmt::format("give {} to the guest (pass {} through as well); or accept that it "
                         "reaches what nobody else uses (share {})",
                         several ? "all" : "both", several ? "them" : "it",
                         several && alike ? std::string{neighbours_.front()->base_name()}
                                          : neighbours_.front()->path)});
    }

    void check_interrupts(const Node& node)
    {
        for (const auto& line : node.interrupts) {
            const auto at = std::ranges::find(closure_.interrupts, line.intid, &Line::intid);
            if (at == closure_.interrupts.end() || line.intid < k_first_shared || is_shared(node)) {
                continue;
            }
            if (!node.enabled) {
                closure_.notes.push_back(fmt::format(
                    "{}, which is disabled, has the same interrupt {}", node.name, line.intid));
            } else {
                closure_.refusals.push_back(
                    {Refusal::Kind::shared_interrupt, node.path,
                     fmt::format("interrupt {} is also that of {}: it has one owner, and the other "
                                 "would wait for ever",
                                 line.intid, node.name),
                     fmt::format("give both to the guest (pass {0} through as well); or say that "
                                 "nobody uses the other (share {0})",
                                 node.path)});
            }
            return;
        }
    }

    const Tree&                  board_;
    std::span<const Node* const> shared_;
    Closure&                     closure_;
    std::vector<const Node*>     neighbours_; ///< on pages of what is given
};

} // namespace

void add_resources(const Tree& board, std::span<const Node* const> shared, Closure& closure)
{
    Resources{board, shared, closure}.add();
}

void check_taken(const Tree& board, std::span<const std::string> taken, Closure& closure)
{
    for (const auto& text : taken) {
        const auto* const node = passthrough::find(board, text);
        if (node == nullptr) {
            continue;
        }
        const bool given   = std::ranges::any_of(closure.given, [&](const Given& one) {
            return has_registers(board, *one.node) &&
                   (is_within(*node, *one.node) || is_within(*one.node, *node));
        });
        const bool reached = std::ranges::any_of(node->registers, [&](const Range& range) {
            return range.size != 0 && std::ranges::any_of(closure.pages, [&](const Range& page) {
                       return page.overlaps(range);
                   });
        });
        if (given) {
            closure.refusals.push_back(
                {Refusal::Kind::taken, node->path,
                 fmt::format("{} belongs to a driver or to another guest of this system",
                             node->name),
                 "a device has one owner: take it from one of the two"});
        } else if (reached) {
            closure.refusals.push_back(
                {Refusal::Kind::taken, node->path,
                 fmt::format("{}, which a driver or another guest of this system has, is on a page "
                             "that the guest would get",
                             node->name),
                 "choose a device on another page for one of the two"});
        }
    }
}

} // namespace passthrough
