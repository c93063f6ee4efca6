// SPDX-License-Identifier: BSD-2-Clause
// What a passed-through device needs of others: clocks, resets, pins, power, …
#include "depends.hpp"
#include "passed.hpp"
#include "rule.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>
#include <set>

namespace check {
namespace {

constexpr std::string_view k_why =
    "The driver asks for it before anything else, is told to wait, and waits for ever: the device "
    "does not appear, and the kernel's only word is \"deferred probe pending\", if any.";
constexpr std::string_view k_fix =
    "pass the provider through as well; or, if the firmware leaves it in the right state, replace "
    "it by a fixed one, or remove the property from the guest's tree";

constexpr std::string_view k_fix_interrupt =
    "pass the controller through as well, or connect the device to the GIC in the guest's tree";

/// What is wrong with a provider, as a guest sees it; empty: nothing.
std::string trouble(const Subject& subject, const Guest& guest, const Node& provider)
{
    const auto& device = device_behind(provider);
    if (!provider.enabled || !device.enabled) {
        return "is disabled";
    }
    const auto* const behind = registers_behind(provider);
    if (behind != nullptr && !is_answered(subject, guest, *behind, behind->registers.front())) {
        return fmt::format("is not mapped (its registers are at {})",
                           hex(behind->registers.front().start));
    }
    return {};
}

/// Tells whose needs matter: those of drivers that can do something. A driver whose registers, or
/// those of the controller that its device sits on, are not there never asks; and what has no
/// registers but exists for others (a regulator, a power sequence) matters as far as one of them.
class Relevance {
public:
    Relevance(const Subject& subject, const Guest& guest)
        : subject_{subject}
        , guest_{guest}
    {
        for (const auto& node : guest.tree->nodes()) {
            for (const auto& one : dependencies(*guest.tree, node)) {
                if (one.provider != nullptr) {
                    users_[&device_behind(*one.provider)].push_back(&node);
                }
            }
        }
    }

    bool operator()(const Node& node)
    {
        if (!node.is_device() || node.text("device_type") == "cpu") {
            return false;
        }
        if (const auto* const behind = registers_behind(node)) {
            return is_answered(subject_, guest_, *behind, behind->registers.front());
        }
        const auto users = users_.find(&node);
        if (users == users_.end() || !asked_.insert(&node).second) {
            return users == users_.end();
        }
        const bool wanted = std::ranges::any_of(
            users->second, [&](const Node* user) { return (*this)(device_behind(*user)); });
        asked_.erase(&node);
        return wanted;
    }

private:
    const Subject&                                  subject_;
    const Guest&                                    guest_;
    std::map<const Node*, std::vector<const Node*>> users_;
    std::set<const Node*>                           asked_; ///< who need each other
};

template <Need need>
void unreachable(const Subject& subject, Findings& findings)
{
    for (const auto& guest : subject.guests) {
        if (!guest->tree || guest->tree_is_ours) {
            continue;
        }
        Relevance matters{subject, *guest};
        for (const auto& node : guest->tree->nodes()) {
            if (!matters(node)) {
                continue;
            }
            for (const auto& one : dependencies(*guest->tree, node)) {
                // A clock controller does without some of its inputs, a serial port without DMA.
                const bool optional = (need == Need::clock && node.has("#clock-cells")) ||
                                      (need == Need::dma_channel && node.base_name() == "serial");
                if (one.need != need || one.provider == nullptr || optional) {
                    continue;
                }
                if (const auto what = trouble(subject, *guest, *one.provider); !what.empty()) {
                    findings.add(place_of(*guest->tree, node, one.property),
                                 fmt::format("{} of {} is {}, which {} for '{}'", one.property,
                                             node.name, device_behind(*one.provider).name, what,
                                             guest->vm->name),
                                 std::string{need == Need::interrupt ? k_fix_interrupt : k_fix});
                    break; // one a node
                }
            }
        }
    }
}

void dangling(const Subject& subject, Findings& findings)
{
    const auto look = [&](const Tree& tree) {
        for (const auto& node : tree.nodes()) {
            if (!node.enabled) {
                continue;
            }
            for (const auto& one : dependencies(tree, node)) {
                if (one.provider == nullptr) {
                    findings.add(place_of(tree, node, one.property),
                                 fmt::format("{} of {} names phandle {}, which no node has",
                                             one.property, node.name, hex(one.phandle)),
                                 "keep the node that was meant, or remove the property");
                }
            }
        }
    };
    for (const auto& guest : subject.guests) {
        if (guest->tree && !guest->tree_is_ours) {
            look(*guest->tree);
        }
    }
}

/// The tree that libvmm writes has fixed clocks in place of the board's, and nothing else.
void on_board(const Subject& subject, Findings& findings)
{
    constexpr std::array k_names{"clock",     "reset",       "pins",        "power domain",
                                 "supply",    "DMA channel", "IOMMU",       "GPIO",
                                 "PHY",       "interrupt",   "fuse",        "power sequence",
                                 "registers", "memory",      "interconnect"};
    for (const auto& guest : subject.guests) {
        if (guest->tree && !guest->tree_is_ours) {
            continue;
        }
        for (const auto& passed : passed_devices(subject, *guest)) {
            if (!passed.is_used()) {
                continue;
            }
            std::string list;
            for (const auto& one : dependencies(*subject.board, *passed.device)) {
                if (one.provider == nullptr || one.need == Need::interrupt ||
                    registers_behind(*one.provider) == nullptr) {
                    continue;
                }
                const auto text = fmt::format("{} ({})", device_behind(*one.provider).name,
                                              k_names.at(static_cast<std::size_t>(one.need)));
                if (list.find(text) == list.npos) {
                    list += (list.empty() ? "" : ", ") + text;
                }
            }
            if (!list.empty()) {
                findings.add({passed.map.map->where, {}},
                             fmt::format("{} of '{}' needs {} on the board", passed.device->name,
                                         guest->vm->name, list),
                             "have the firmware or a driver leave it switched on, or give the "
                             "guest a tree of its own with these devices");
            }
        }
    }
}

constexpr std::array k_rules{
    Rule{"clock-unreachable", Severity::error, "a device whose clock the guest does not have",
         k_why, k_fix, unreachable<Need::clock>},
    Rule{"reset-unreachable", Severity::error, "a device whose reset line the guest does not have",
         k_why, k_fix, unreachable<Need::reset>},
    Rule{"pinctrl-unreachable", Severity::error,
         "a device whose pin controller the guest does not have", k_why, k_fix,
         unreachable<Need::pinctrl>},
    Rule{"power-domain-unreachable", Severity::error,
         "a device whose power domain the guest does not have", k_why, k_fix,
         unreachable<Need::power_domain>},
    Rule{"supply-unreachable", Severity::error, "a device whose regulator the guest does not have",
         k_why, k_fix, unreachable<Need::supply>},
    Rule{"dma-channel-unreachable", Severity::error,
         "a device whose DMA controller the guest does not have", k_why, k_fix,
         unreachable<Need::dma_channel>},
    Rule{"iommu-unreachable", Severity::error, "a device whose IOMMU the guest does not have",
         k_why, k_fix, unreachable<Need::iommu>},
    Rule{"gpio-unreachable", Severity::error,
         "a device with a GPIO of a controller that the guest does not have", k_why, k_fix,
         unreachable<Need::gpio>},
    Rule{"phy-unreachable", Severity::error, "a device whose PHY the guest does not have", k_why,
         k_fix, unreachable<Need::phy>},
    Rule{"interrupt-controller-unreachable", Severity::error,
         "a device with an interrupt of a controller that the guest does not have",
         "The kernel finds no interrupt for the device, and its driver gives up or waits.",
         k_fix_interrupt, unreachable<Need::interrupt>},
    Rule{
        "phandle-dangling", Severity::error, "a property that names a node that is not there",
        "Mostly a node was deleted that others still name. Linux treats it as missing, and drivers "
        "refuse the device.",
        "keep the node (status = \"disabled\" suffices), or remove the property", dangling},
    Rule{"depends-on-board", Severity::warning,
         "a device that needs clocks, resets, pins or power of the board",
         "In the tree that libvmm writes, its clocks are fixed ones and nothing else is mentioned. "
         "The guest cannot switch on what is off.",
         "make sure that it is on before the guest starts, or bring a tree of your own", on_board},
};

} // namespace

Chapter dependency_rules() { return {"What devices depend on", k_rules}; }

} // namespace check
