// SPDX-License-Identifier: BSD-2-Clause
// CPUs, PSCI, timer and the rest of a guest's own device tree.
#include "passed.hpp"
#include "rule.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace check {
namespace {

/// The first memory node, of whatever size; null if there is none.
const Node* memory_node(const Tree& tree)
{
    const auto found = std::ranges::find_if(
        tree.nodes(), [](const Node& node) { return node.enabled && Tree::is_memory(node); });
    return found != tree.nodes().end() ? &*found : nullptr;
}

/// Calls visit(guest, tree) for each guest that brings a tree of its own.
template <class Visit>
void each_own_tree(const Subject& subject, Visit visit)
{
    for (const auto& guest : subject.guests) {
        if (guest->tree && !guest->tree_is_ours) {
            visit(*guest, *guest->tree);
        }
    }
}

std::vector<const Node*> cpus(const Tree& tree)
{
    std::vector<const Node*> all;
    for (const auto& node : tree.nodes()) {
        if (node.enabled && node.parent != nullptr && node.parent->path == "/cpus" &&
            node.base_name() == "cpu") {
            all.push_back(&node);
        }
    }
    return all;
}

void too_many_cpus(const Subject& subject, Findings& findings)
{
    each_own_tree(subject, [&](const Guest& guest, const Tree& tree) {
        const auto all = cpus(tree);
        if (all.size() > guest.vm->vcpus.size()) {
            findings.add(place_of(tree, *all[guest.vm->vcpus.size()]),
                         fmt::format("the tree has {} CPUs, '{}' has {} vCPUs", all.size(),
                                     guest.vm->name, guest.vm->vcpus.size()),
                         "add <vcpu> elements, or remove cpu nodes");
        }
    });
}

void too_few_cpus(const Subject& subject, Findings& findings)
{
    each_own_tree(subject, [&](const Guest& guest, const Tree& tree) {
        const auto all = cpus(tree);
        if (all.size() < guest.vm->vcpus.size()) {
            findings.add({guest.vm->vcpus[all.size()].where, {}},
                         fmt::format("'{}' has {} vCPUs, its tree {} CPUs", guest.vm->name,
                                     guest.vm->vcpus.size(), all.size()),
                         "add cpu nodes, or remove <vcpu> elements");
        }
    });
}

void enable_method(const Subject& subject, Findings& findings)
{
    each_own_tree(subject, [&](const Guest&, const Tree& tree) {
        const auto all = cpus(tree);
        for (const auto* cpu : all) {
            if (all.size() > 1 && cpu->text("enable-method") != "psci") {
                findings.add(place_of(tree, *cpu, "enable-method"),
                             fmt::format("{} is not started by PSCI{}", cpu->name,
                                         cpu->has("enable-method")
                                             ? ", but by " + cpu->text("enable-method")
                                             : ""),
                             "write enable-method = \"psci\"");
                return;
            }
        }
    });
}

void psci_missing(const Subject& subject, Findings& findings)
{
    each_own_tree(subject, [&](const Guest& guest, const Tree& tree) {
        if (tree.find_compatible({"arm,psci-1.0", "arm,psci-0.2", "arm,psci"}) == nullptr) {
            findings.add(place_of(tree, tree.root()),
                         fmt::format("the tree of '{}' has no psci node", guest.vm->name),
                         "add psci { compatible = \"arm,psci-1.0\", \"arm,psci-0.2\"; method = "
                         "\"hvc\"; };");
        }
    });
}

void psci_old(const Subject& subject, Findings& findings)
{
    each_own_tree(subject, [&](const Guest&, const Tree& tree) {
        const auto* const node = tree.find_compatible({"arm,psci"});
        if (node != nullptr && !node->is_any({"arm,psci-1.0", "arm,psci-0.2"})) {
            findings.add(place_of(tree, *node, "compatible"),
                         fmt::format("{} is of PSCI 0.1, whose functions have numbers of the "
                                     "firmware's choice",
                                     node->name),
                         "write compatible = \"arm,psci-1.0\", \"arm,psci-0.2\"");
        }
    });
}

void psci_smc(const Subject& subject, Findings& findings)
{
    each_own_tree(subject, [&](const Guest&, const Tree& tree) {
        const auto* const node = tree.find_compatible({"arm,psci-1.0", "arm,psci-0.2", "arm,psci"});
        if (node != nullptr && node->text("method") != "hvc") {
            findings.add(place_of(tree, *node, "method"),
                         fmt::format("{} is called by {}", node->name,
                                     node->has("method") ? node->text("method") : "no method"),
                         "write method = \"hvc\"");
        }
    });
}

const Node* timer_of(const Tree& tree)
{
    return tree.find_compatible({"arm,armv8-timer", "arm,armv7-timer"});
}

void timer_missing(const Subject& subject, Findings& findings)
{
    each_own_tree(subject, [&](const Guest& guest, const Tree& tree) {
        if (timer_of(tree) == nullptr) {
            findings.add(place_of(tree, tree.root()),
                         fmt::format("the tree of '{}' has no timer", guest.vm->name),
                         "copy the node compatible with \"arm,armv8-timer\" from the board's tree");
        }
    });
}

void timer_differs(const Subject& subject, Findings& findings)
{
    constexpr std::size_t k_virtual = 2; // secure, physical, virtual, hypervisor
    each_own_tree(subject, [&](const Guest&, const Tree& tree) {
        const auto* const mine = timer_of(tree);
        const auto* const real = subject.board ? timer_of(*subject.board) : nullptr;
        if (mine == nullptr || real == nullptr || real->interrupts.size() <= k_virtual ||
            mine->has("interrupt-names")) {
            return;
        }
        const auto right = real->interrupts[k_virtual].intid;
        const auto found =
            mine->interrupts.size() > k_virtual ? mine->interrupts[k_virtual].intid : 0;
        if (found != right) {
            findings.add(place_of(tree, *mine, "interrupts"),
                         found == 0 ? "the timer has no third interrupt, the virtual timer's"
                                    : fmt::format("the virtual timer's interrupt is {}, on the "
                                                  "board it is {}",
                                                  found, right),
                         fmt::format("write <1 {} …> as the third of the interrupts", right - 16));
        }
    });
}

void without_memory(const Subject& subject, Findings& findings)
{
    each_own_tree(subject, [&](const Guest& guest, const Tree& tree) {
        if (!tree.memory().empty()) {
            return;
        }
        const auto        ram   = subject.guest_ram(guest);
        const auto* const empty = memory_node(tree);
        findings.add(
            place_of(tree, empty != nullptr ? *empty : tree.root(), "reg"),
            fmt::format("the tree of '{}' {}", guest.vm->name,
                        empty != nullptr ? "has a memory node of no size" : "has no memory node"),
            subject.alone || ram.empty()
                ? "write the guest's RAM into reg of the memory node"
                : fmt::format("write {} to {} into reg of the memory node",
                              hex(ram.front().here.start), hex(ram.front().here.end())));
    });
}

void reserved_outside(const Subject& subject, Findings& findings)
{
    each_own_tree(subject, [&](const Guest& guest, const Tree& tree) {
        const auto ram = subject.guest_ram(guest);
        for (const auto& node : tree.nodes()) {
            if (node.parent == nullptr || node.parent->path != "/reserved-memory" ||
                !node.enabled) {
                continue;
            }
            for (const auto& range : node.registers) {
                if (std::ranges::none_of(
                        ram, [&](const Mapped& one) { return one.here.contains(range); })) {
                    findings.add(place_of(tree, node, "reg"),
                                 fmt::format("{} reserves {} to {}, which is no RAM of '{}'",
                                             node.name, hex(range.start), hex(range.end()),
                                             guest.vm->name),
                                 "remove the node, which the board's firmware needs and not the "
                                 "guest");
                    break;
                }
            }
        }
    });
}

void pmu(const Subject& subject, Findings& findings)
{
    each_own_tree(subject, [&](const Guest& guest, const Tree& tree) {
        for (const auto& node : tree.nodes()) {
            if (node.is_device() && node.text("compatible").ends_with("-pmu") &&
                node.base_name() == "pmu" &&
                node.registers.empty()) { // those of a bus or of memory have registers
                findings.add(
                    place_of(tree, node),
                    fmt::format("{} promises '{}' performance counters", node.name, guest.vm->name),
                    "remove the node");
            }
        }
    });
}

void firmware(const Subject& subject, Findings& findings)
{
    static constexpr std::array<std::string_view, 10> k_callers{
        "linaro,optee-tz",       "arm,scmi-smc",
        "amlogic,meson-gxbb-sm", "qcom,scm",
        "xlnx,zynqmp-firmware",  "amlogic,meson-gxbb-efuse",
        "intel,stratix10-svc",   "fsl,imx8mq-gpcv2-smc",
        "rockchip,rk3568-dmc",   "fsl,imx8m-ddrc"};
    each_own_tree(subject, [&](const Guest& guest, const Tree& tree) {
        for (const auto& node : tree.nodes()) {
            if (node.is_device() && node.is_any(k_callers)) {
                findings.add(place_of(tree, node),
                             fmt::format("the driver of {} calls the firmware by SMC; '{}' gets "
                                         "the answer NOT_SUPPORTED",
                                         node.name, guest.vm->name),
                             "disable the node, or let the VMM forward the functions it needs");
            }
        }
    });
}

constexpr std::array k_rules{
    Rule{"cpu-too-many", Severity::error, "more CPUs in the guest's tree than vCPUs",
         "The kernel waits seconds for each CPU that does not come, and says that it failed.",
         "as many cpu nodes as <vcpu> elements", too_many_cpus},
    Rule{"cpu-too-few", Severity::warning, "fewer CPUs in the guest's tree than vCPUs",
         "The other vCPUs stay off.", "as many cpu nodes as <vcpu> elements", too_few_cpus},
    Rule{"cpu-not-by-psci", Severity::error, "CPUs that are not started by PSCI",
         "The kernel writes to the spin table of a firmware that is not there, or to nothing.",
         "enable-method = \"psci\" in each cpu node, and a psci node", enable_method},
    Rule{"psci-missing", Severity::warning, "a guest's tree without PSCI",
         "The guest can start no second CPU, and neither power off nor reboot: it hangs then.",
         "add a psci node", psci_missing},
    Rule{"psci-old", Severity::error, "PSCI of version 0.1",
         "Its function numbers are the firmware's; a VMM answers those of 0.2 and later.",
         "write compatible = \"arm,psci-1.0\", \"arm,psci-0.2\"", psci_old},
    Rule{"psci-by-smc", Severity::warning, "PSCI by SMC instead of HVC",
         "It works, but an SMC costs two to four system calls of the VMM more than an HVC.",
         "write method = \"hvc\"", psci_smc},
    Rule{"timer-missing", Severity::error, "a guest's tree without the Arm generic timer",
         "The kernel has no clock: it stops before its first message, or right after.",
         "copy the timer node from the board's tree", timer_missing},
    Rule{"timer-differs", Severity::error,
         "a virtual timer with another interrupt than on the board",
         "No tick ever comes: the kernel hangs while it calibrates, or at its first sleep.",
         "copy `interrupts` of the timer node from the board's tree", timer_differs},
    Rule{"memory-empty", Severity::error, "a guest's tree without RAM",
         "On the board the boot loader fills the memory node in; for a guest nobody does. libvmm "
         "does "
         "not start a guest whose tree and RAM differ, and a kernel without RAM has no way to say "
         "so.",
         "write the guest's RAM into the memory node", without_memory},
    Rule{"reserved-outside-ram", Severity::warning, "reserved memory that the guest does not have",
         "A leftover of the board's tree. Drivers that look it up map what is not there.",
         "remove the node", reserved_outside},
    Rule{"pmu-node", Severity::warning, "performance counters that a guest does not have",
         "The registers of the performance monitor read as zero in a VM, and its interrupts never "
         "come; `perf` in the guest reports errors.",
         "remove the pmu node", pmu},
    Rule{
        "firmware-calls", Severity::warning, "a device whose driver calls the firmware",
        "The VMM answers a guest's SMC with NOT_SUPPORTED, unless it forwards it. The driver gives "
        "up, and everything that depends on it waits.",
        "disable the node, or forward the functions that it needs (`smc=\"true\"` in the "
        "description, and an allow-list in the VMM)",
        firmware},
};

} // namespace

Chapter tree_rules() { return {"The guest's device tree", k_rules}; }

} // namespace check
