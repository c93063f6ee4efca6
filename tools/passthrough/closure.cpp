// SPDX-License-Identifier: BSD-2-Clause
#include "closure.hpp"

#include "device_kind.hpp"
#include "firmware.hpp"
#include "need.hpp"
#include "sharing.hpp"
#include "unit.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace passthrough {
namespace {

using check::Dependency;
using check::Need;
using check::Node;
using check::Tree;

class Finder {
public:
    Finder(const Tree& board, const Request& request)
        : board_{board}
        , request_{request}
    {
    }

    Closure close()
    {
        read_choices();
        read_devices();
        find_needs();
        if (result_.refusals.empty()) {
            add_resources(board_, share_, result_);
            check_taken(board_, request_.taken, result_);
        }
        return std::move(result_);
    }

private:
    void refuse(Refusal::Kind kind, const std::string& node, std::string what, std::string hint)
    {
        result_.refusals.push_back({kind, node, std::move(what), std::move(hint)});
    }

    const Node* look_up(const std::string& text)
    {
        const auto* const node = passthrough::find(board_, text);
        if (node == nullptr) {
            refuse(Refusal::Kind::no_node, text, fmt::format("there is no single node '{}'", text),
                   similar(board_, text));
        }
        return node;
    }

    void read_choices()
    {
        for (const auto& choice : request_.choices) {
            if (choice.kind == Choice::Kind::share && share_all(choice.node)) {
                continue;
            }
            const auto* const node = look_up(choice.node);
            if (node == nullptr) {
                continue;
            }
            const auto* const unit = &unit_of(*node);
            switch (choice.kind) {
            case Choice::Kind::give:
                given_.insert(unit);
                break;
            case Choice::Kind::leave:
                // A clock of a controller may be left while others of it are.
                left_.emplace_back(node, choice.frequencies);
                break;
            case Choice::Kind::share:
                share_.push_back(node);
                break;
            }
        }
    }

    void read_devices()
    {
        for (const auto& text : request_.devices) {
            const auto* const node = look_up(text);
            if (node == nullptr) {
                continue;
            }
            const auto& unit = driven_unit_of(*node);
            if (const auto why = kernel_s(unit); !why.empty()) {
                refuse(Refusal::Kind::kernel, unit.path, fmt::format("{} is {}", unit.name, why),
                       is_bus(unit) || unit.parent == nullptr
                           ? "name a device on it"
                           : "every guest has one of its own from the VMM: choose another device");
                continue;
            }
            if (&unit != node) {
                result_.notes.push_back(
                    fmt::format("{} is a part of {}, which goes with it", node->name, unit.name));
            }
            if (!result_.has(unit)) {
                result_.given.push_back({.node = &unit, .user = nullptr, .need = {}});
            }
            note_state(unit);
        }
    }

    void note_state(const Node& unit)
    {
        if (!unit.enabled) {
            result_.notes.push_back(fmt::format(
                "{} is disabled on the board: its pins or its clock may be off", unit.name));
        }
    }

    /// A name may mean several neighbours.
    bool share_all(const std::string& name)
    {
        const auto before = share_.size();
        for (const auto& node : board_.nodes()) {
            if (node.base_name() == name) {
                share_.push_back(&node);
            }
        }
        return share_.size() != before;
    }

    using LeftChoice = std::pair<const Node*, std::vector<std::uint64_t>>;

    /// An edge of the graph: a dependency of a unit, and the unit that it leads to.
    struct Edge {
        const Node* user = nullptr;
        const Node* unit = nullptr;
        Dependency  what;
    };

    [[nodiscard]] std::vector<Edge> edges_of(const Node& unit) const
    {
        std::vector<Edge> edges;
        for (const auto& node : board_.nodes()) {
            if (!is_within(node, unit) || (!node.enabled && &node != &unit && unit.enabled) ||
                (is_firmware(unit) && !result_.has(node))) {
                continue;
            }
            for (auto& one : check::dependencies(board_, node)) {
                if (one.provider == nullptr || is_within(*one.provider, unit) ||
                    (one.need == Need::interrupt && is_direct(*one.provider))) {
                    continue;
                }
                edges.push_back({&node, &unit_of(*one.provider), std::move(one)});
            }
        }
        return edges;
    }

    /// Interrupts that arrive at the GIC as they are.
    [[nodiscard]] bool is_direct(const Node& controller) const
    {
        return &controller == board_.gic() || check::is_gic(controller) ||
               controller.is_any({"fsl,imx8mq-gpc", "fsl,imx7d-gpc", "fsl,imx8mm-gpc"});
    }

    [[nodiscard]] const LeftChoice* left(const Node& provider) const
    {
        const auto found = std::ranges::find_if(left_, [&](const auto& one) {
            return &provider == one.first || is_within(provider, *one.first);
        });
        return found != left_.end() ? &*found : nullptr;
    }

    [[nodiscard]] bool is_left(const Edge& edge) const
    {
        return left(*edge.what.provider) != nullptr ||
               (is_left_anyway(edge.what.need) && !given_.contains(edge.unit)) ||
               // Its calls name pins by numbers that the tree does not have.
               (edge.what.need == Need::pinctrl && is_limited_firmware(*edge.unit)) ||
               check::is_gic(*edge.unit);
    }

    /// All that is reached from what was asked for without entering `shut`.
    void reach(const std::set<const Node*>& shut)
    {
        std::erase_if(result_.given, [](const Given& one) { return one.user != nullptr; });
        result_.parts.clear();
        // Again, since a firmware may be asked for another part later.
        for (std::size_t before = 0, now = result_.given.size(); before != now;) {
            before = now;
            reach_further(shut);
            now = result_.given.size() + result_.parts.size();
        }
    }

    void reach_further(const std::set<const Node*>& shut)
    {
        for (std::size_t i = 0; i < result_.given.size(); ++i) {
            for (const auto& edge : edges_of(*result_.given[i].node)) {
                if (is_left(edge) || shut.contains(edge.unit)) {
                    continue;
                }
                if (is_firmware(*edge.unit) && edge.what.provider != edge.unit &&
                    !result_.has(*edge.what.provider)) {
                    result_.parts.push_back(edge.what.provider);
                }
                if (!result_.has(*edge.unit)) {
                    result_.given.push_back(
                        {.node = edge.unit, .user = edge.user, .need = edge.what.need});
                }
            }
        }
    }

    /// Starts with everything and takes away what others need too, until nothing is left to take
    /// away: a provider whose users are all given stays.
    void find_needs()
    {
        const Users           users{board_};
        std::set<const Node*> shut;
        for (bool changed = true; changed;) {
            reach(shut);
            changed = false;
            for (const auto& one : result_.given) {
                if (one.user != nullptr && !given_.contains(one.node) &&
                    !is_ours(users, *one.node)) {
                    changed = shut.insert(one.node).second || changed;
                }
            }
        }
        std::set<const Node*> said;
        for (const auto& one : std::vector{result_.given}) {
            if (one.user == nullptr) {
                refuse_what_serves_others(users, *one.node);
            }
            for (const auto& edge : edges_of(*one.node)) {
                if (is_left(edge)) {
                    leave(edge);
                } else if (shut.contains(edge.unit) && said.insert(edge.unit).second) {
                    refuse_shared(users, edge);
                }
            }
            add_calls(board_, *one.node, result_);
        }
    }

    [[nodiscard]] bool is_ours(const Users& users, const Node& unit) const
    {
        // What has no registers is a word in the tree, and any number of guests may have it.
        return (!has_registers(board_, unit) && !is_firmware(unit)) || is_limited_firmware(unit) ||
               std::ranges::all_of(users.of(unit),
                                   [&](const Node* user) { return result_.has(*user); });
    }

    void leave(const Edge& edge)
    {
        const auto* const chosen = left(*edge.what.provider);
        Left              one{.provider  = edge.what.provider,
                              .user      = edge.user,
                              .need      = edge.what.need,
                              .arguments = edge.what.arguments,
                              .frequency = 0};
        if (one.need == Need::clock) {
            one.frequency = chosen != nullptr && !chosen->second.empty()
                                ? chosen->second[std::min(turn(edge), chosen->second.size() - 1)]
                                : assigned_rate(board_, *edge.user, edge.what);
        }
        const bool known = std::ranges::any_of(result_.left, [&](const Left& other) {
            return other.provider == one.provider && other.user == one.user &&
                   other.need == one.need;
        });
        result_.left.push_back(one);
        if (!known && chosen == nullptr && !check::is_gic(*edge.unit)) {
            result_.notes.push_back(fmt::format("{} of {} is left out: {}", name_of(one.need),
                                                edge.user->name, consequence(one.need)));
        }
    }

    /// Which of the user's clocks of that provider it is.
    [[nodiscard]] std::size_t turn(const Edge& edge) const
    {
        std::size_t count = 0;
        for (const auto& one : check::dependencies(board_, *edge.user)) {
            if (one.property == edge.what.property && one.arguments == edge.what.arguments) {
                break;
            }
            count += one.property == "clocks" && one.provider == edge.what.provider ? 1U : 0U;
        }
        return count;
    }

    /// Who depends on a unit and does not belong to the guest, as "a, b depend" or "a depends".
    struct Dependents {
        std::string      text;
        std::string_view them;
    };

    [[nodiscard]] Dependents dependents(const Users& users, const Node& unit) const
    {
        std::vector<std::string_view> names;
        for (const auto* user : users.of(unit)) {
            if (!result_.has(*user)) {
                names.push_back(user->name);
            }
        }
        constexpr std::size_t k_shown = 3;
        const auto            count   = names.size();
        names.resize(std::min(count, k_shown));
        std::string list;
        for (const auto name : names) {
            list += (list.empty() ? "" : ", ") + std::string{name};
        }
        if (count > k_shown) {
            list += fmt::format(" and {} more", count - k_shown);
        }
        return {list + (count == 1 ? " depends" : " depend"), count == 1 ? "that" : "them"};
    }

    /// What was asked for may serve others, too.
    void refuse_what_serves_others(const Users& users, const Node& unit)
    {
        if (given_.contains(&unit) || is_ours(users, unit)) {
            return;
        }
        const auto others = dependents(users, unit);
        refuse(
            Refusal::Kind::shared_provider, unit.path,
            fmt::format("{} on {}: a guest that has it can switch {} off", others.text, unit.name,
                        others.them),
            fmt::format("give it, if nothing of that runs outside the guest (give {})", unit.path));
    }

    void refuse_shared(const Users& users, const Edge& edge)
    {
        const auto others = dependents(users, *edge.unit);
        refuse(
            Refusal::Kind::shared_provider, edge.unit->path,
            fmt::format("{} needs {} ({}), on which {} as well: a guest that has it can switch {} "
                        "off",
                        edge.user->name, edge.unit->name, name_of(edge.what.need), others.text,
                        others.them),
            fmt::format("leave it, if the firmware has it in the right state (leave {0}{1}); or "
                        "give it, if nothing of that runs outside the guest (give {0})",
                        edge.unit->path,
                        edge.what.need == Need::clock ? ", with the clock's frequency" : ""));
    }

    const Tree&              board_;
    const Request&           request_;
    Closure                  result_;
    std::set<const Node*>    given_;
    std::vector<LeftChoice>  left_;
    std::vector<const Node*> share_;
};

} // namespace

bool Closure::has(const check::Node& node) const
{
    const auto is_used = [&](const check::Node* part) { return is_within(node, *part); };
    return std::ranges::any_of(given, [&](const Given& one) {
        return is_within(node, *one.node) && (&node == one.node || !is_firmware(*one.node) ||
                                              std::ranges::any_of(parts, is_used));
    });
}

Closure close(const check::Tree& board, const Request& request)
{
    return Finder{board, request}.close();
}

} // namespace passthrough
