// SPDX-License-Identifier: BSD-2-Clause
// Memory, CPUs, PSCI and /chosen of a user's tree, and how findings are printed.
#include "vmm/device_tree_check.hpp"

#include "device_tree_checker.hpp"
#include "fdt/address.hpp"

namespace vmm {

namespace {

using base::GuestPhysical;
using base::GuestRange;

GuestRange range_of(const fdt::Registers& registers)
{
    const auto whole = GuestRange::create(GuestPhysical{registers.address}, registers.size);
    return whole ? *whole : *GuestRange::create(GuestPhysical{registers.address}, 0);
}

/// The first address of `range` that none of `parts` covers, or nothing where they cover it all.
template <class Parts, class Projection>
std::optional<std::uint64_t> first_gap(GuestRange range, const Parts& parts, Projection projection)
{
    auto at = range.start();
    for (bool moved = true; moved && at < range.end();) {
        moved = false;
        for (const auto& part : parts) {
            const GuestRange& covered = projection(part);
            if (covered.contains(at)) {
                at    = covered.end();
                moved = true;
            }
        }
    }
    return at < range.end() ? std::optional{at.raw()} : std::nullopt;
}

} // namespace

void DeviceTreeChecker::memory()
{
    const auto guest_range = [](const MemoryRegion& region) -> const GuestRange& {
        return region.guest;
    };
    bool any = false;
    for (fdt::Walk walk{tree_}; walk.next();) {
        if (!is_memory_node(walk.position()) || !walk.position().is_enabled()) {
            continue;
        }
        any = true;
        for (std::size_t i = 0; const auto entry = fdt::registers(walk.position(), i); ++i) {
            if (const auto gap = first_gap(range_of(*entry), in_.ram, guest_range)) {
                report(Severity::error, walk.position(), "RAM that the machine does not have",
                       "correct reg, or give the machine more memory", gap);
            }
        }
    }
    if (!any) {
        report(Severity::error, "/", "there is no memory node", "add one for each region of RAM");
        return;
    }
    for (const auto& region : in_.ram) {
        // Nodes are few: each region looks through them all.
        bool used = false;
        for (fdt::Walk walk{tree_}; walk.next() && !used;) {
            for (std::size_t i = 0; is_memory_node(walk.position()) && !used; ++i) {
                const auto entry = fdt::registers(walk.position(), i);
                if (!entry) {
                    break;
                }
                used = range_of(*entry).overlaps(region.guest);
            }
        }
        if (!used) {
            report(Severity::warning, "/", "a region of the machine's RAM is in no memory node",
                   "add a memory node if the guest is to use it", {}, region.guest.start().raw());
        }
    }
}

void DeviceTreeChecker::reserved()
{
    const auto node = tree_.find("/reserved-memory");
    for (const auto& reserved : in_.reserved) {
        bool known = false;
        for (std::size_t i = 0; const auto entry = tree_.reservation(i); ++i) {
            known = known || range_of({entry->address, entry->size})
                                 .contains(reserved.range.start(), reserved.range.size());
        }
        for (fdt::Walk walk{tree_}; node && walk.next();) {
            if (walk.position().depth() == 3 && walk.position().at(1) == *node) {
                for (std::size_t i = 0; const auto entry = fdt::registers(walk.position(), i);
                     ++i) {
                    known = known || range_of(*entry).contains(reserved.range.start(),
                                                               reserved.range.size());
                }
            }
        }
        if (!known) {
            report(Severity::error, "/reserved-memory", "reserved RAM is free for the guest's use",
                   "add a node that covers it", {}, reserved.range.start().raw());
        }
    }
}

void DeviceTreeChecker::cpus()
{
    base::FixedVector<std::uint64_t, k_max_vcpus> seen;
    for (fdt::Walk walk{tree_}; walk.next();) {
        const auto& at = walk.position();
        if (at.depth() != 3 || at.at(1).name() != "cpus" || at.node().base_name() != "cpu" ||
            !at.is_enabled()) {
            continue;
        }
        const auto entry = fdt::raw_registers(at, 0);
        if (!entry) {
            report(Severity::error, at, "a CPU without a number", "give it a reg");
            continue;
        }
        if (std::ranges::find(in_.vcpus, entry->address) == in_.vcpus.end()) {
            report(Severity::error, at, "a CPU that the machine does not have",
                   "remove the node, or give the machine more vCPUs", entry->address);
            continue;
        }
        (void)seen.push_back(entry->address);
        const auto method = at.node().property("enable-method");
        if (in_.vcpus.size() > 1 && !(method && method->has_string("psci"))) {
            report(Severity::error, at, "a CPU that is not started by PSCI",
                   "set enable-method = \"psci\"");
        }
    }
    for (const auto& vcpu : in_.vcpus) {
        if (std::ranges::find(seen, vcpu) != seen.end()) {
            continue;
        }
        if (&vcpu == &in_.vcpus.front()) {
            report(Severity::error, "/cpus", "the CPU that the machine boots on is missing",
                   "add it", {}, vcpu);
        } else {
            report(Severity::warning, "/cpus", "a vCPU of the machine is missing and stays off",
                   "add it, or give the machine fewer vCPUs", {}, vcpu);
        }
    }
}

void DeviceTreeChecker::psci()
{
    constexpr std::array<std::string_view, 3> k_names{"arm,psci-1.0", "arm,psci-0.2", "arm,psci"};
    const auto                                at = find_compatible(k_names);
    if (!at) {
        const bool needed = in_.vcpus.size() > 1;
        report(needed ? Severity::error : Severity::warning, "/",
               needed ? "there is no psci node to start the other vCPUs with"
                      : "there is no psci node to power off with",
               "add one with compatible \"arm,psci-1.0\" and method \"hvc\"");
        return;
    }
    if (!at->node().is_compatible(k_names[0]) && !at->node().is_compatible(k_names[1])) {
        report(Severity::error, *at, "PSCI 0.1, which the machine does not offer",
               "set compatible = \"arm,psci-1.0\", \"arm,psci-0.2\"");
    }
    const auto method = at->node().property("method");
    if (method && method->has_string("smc")) {
        report(Severity::warning, *at, "PSCI by smc works, but costs more than by hvc",
               "set method = \"hvc\"");
    } else if (!method || !method->has_string("hvc")) {
        report(Severity::error, *at, "PSCI by a method that does not exist",
               "set method = \"hvc\"");
    }
}

void DeviceTreeChecker::chosen()
{
    const auto node = tree_.find("/chosen");
    if (!node) {
        return;
    }
    const auto compare = [&](std::string_view name, Number expected) {
        const auto property = node->property(name);
        const auto found    = property ? property->number() : std::nullopt;
        if (found && found != expected) {
            report(Severity::warning, "/chosen", "the initrd of another boot, which is not used",
                   "remove linux,initrd-start and linux,initrd-end", found, expected);
            return true;
        }
        return false;
    };
    const auto start = in_.initrd ? Number{in_.initrd->start().raw()} : std::nullopt;
    const auto end   = in_.initrd ? Number{in_.initrd->end().raw()} : std::nullopt;
    (void)(compare("linux,initrd-start", start) || compare("linux,initrd-end", end));

    const auto property = node->property("stdout-path");
    const auto path     = property ? property->string() : std::nullopt;
    if (!path) {
        return;
    }
    const auto console = tree_.find(path->substr(0, path->find(':')));
    if (!console) {
        report(Severity::warning, "/chosen", "stdout-path names a node that does not exist",
               "correct it, or the alias that it goes by");
    } else if (!tree_.locate(*console).is_enabled()) {
        report(Severity::warning, "/chosen", "stdout-path names a node that is disabled",
               "enable the node, or name another");
    }
}

void print(base::Sink sink, const DeviceTreeFinding& finding)
{
    base::print(sink, "device tree: ",
                finding.severity == DeviceTreeFinding::Severity::error ? "error: " : "warning: ",
                finding.node, ": ", finding.what);
    if (finding.found) {
        base::print(sink, finding.expected ? " (tree: " : " (", base::Hex{*finding.found});
    }
    if (finding.expected) {
        base::print(sink,
                    finding.found ? ", machine: " : " (machine: ", base::Hex{*finding.expected});
    }
    base::print(sink, finding.found || finding.expected ? ")" : "", "; ", finding.hint, '\n');
}

base::Result<std::size_t> check_device_tree(std::span<const std::byte> blob,
                                            const DeviceTreeInputs&    inputs,
                                            DeviceTreeReporter&        reporter)
{
    const auto tree = TRY(fdt::Tree::create(blob));
    return DeviceTreeChecker{tree, inputs, reporter}.run();
}

} // namespace vmm
