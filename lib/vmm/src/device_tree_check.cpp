// SPDX-License-Identifier: BSD-2-Clause
// Goes through a user's tree once for each thing that the machine must have as the tree says.
#include "vmm/device_tree_check.hpp"

#include "base/checked.hpp"
#include "fdt/address.hpp"
#include "fdt/interrupt.hpp"
#include "fdt/reader.hpp"

#include <algorithm>

namespace vmm {

namespace {

using base::GuestPhysical;
using base::GuestRange;
using Severity = DeviceTreeFinding::Severity;
using Number   = std::optional<std::uint64_t>;

constexpr std::uint64_t k_redistributor_size = 0x2'0000; // of one vCPU (GICv3)

constexpr std::array<std::string_view, 5> k_gicv2_names{"arm,gic-400", "arm,cortex-a15-gic",
                                                        "arm,cortex-a7-gic", "arm,cortex-a9-gic",
                                                        "qcom,msm-qgic2"};
constexpr std::string_view                k_gicv3_name = "arm,gic-v3";

/// Positions in the `interrupts` of the timer, and how the binding and the findings call them.
constexpr std::array<std::string_view, 4> k_timer_names{"sec-phys", "phys", "virt", "hyp-phys"};
constexpr std::size_t                     k_virtual_timer = 2;

GuestRange range_of(const fdt::Registers& registers)
{
    const auto whole = GuestRange::create(GuestPhysical{registers.address}, registers.size);
    return whole ? *whole : *GuestRange::create(GuestPhysical{registers.address}, 0);
}

/// The first address of `range` that none of `parts` covers, or nothing where they cover it all.
template <class Parts, class Projection>
Number first_gap(GuestRange range, const Parts& parts, Projection projection)
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
    return at < range.end() ? Number{at.raw()} : std::nullopt;
}

bool is_memory(const fdt::Position& at)
{
    const auto type = at.node().property("device_type");
    return at.depth() == 2 &&
           (type ? type->has_string("memory") : at.node().base_name() == "memory");
}

class Checker {
public:
    Checker(const fdt::Tree& tree, const DeviceTreeInputs& inputs, DeviceTreeReporter& reporter)
        : tree_{tree}
        , in_{inputs}
        , reporter_{reporter}
    {
    }

    std::size_t run()
    {
        memory();
        reserved();
        cpus();
        psci();
        gic();
        timer();
        devices();
        chosen();
        return errors_;
    }

private:
    void memory();
    void reserved();
    void cpus();
    void psci();
    void gic();
    void gic_frames(const fdt::Position& at);
    void timer();
    void devices();
    void device(const fdt::Position& at);
    void interrupts(const fdt::Position& at, Severity severity);
    void chosen();

    void report(Severity severity, std::string_view path, std::string_view what,
                std::string_view hint, Number found = {}, Number expected = {})
    {
        errors_ += severity == Severity::error ? 1U : 0U;
        reporter_.report({severity, path, what, found, expected, hint});
    }
    void report(Severity severity, const fdt::Position& at, std::string_view what,
                std::string_view hint, Number found = {}, Number expected = {})
    {
        std::array<char, 256> path{};
        report(severity, at.path(path), what, hint, found, expected);
    }

    /// The first enabled node of which `matches` is true.
    template <class Predicate>
    std::optional<fdt::Position> find(Predicate matches) const
    {
        for (fdt::Walk walk{tree_}; walk.next();) {
            if (matches(walk.position()) && walk.position().is_enabled()) {
                return walk.position();
            }
        }
        return std::nullopt;
    }
    std::optional<fdt::Position> find_compatible(std::span<const std::string_view> names) const
    {
        return find([&](const fdt::Position& at) {
            return std::ranges::any_of(
                names, [&](std::string_view name) { return at.node().is_compatible(name); });
        });
    }

    /// An interrupt as the GIC numbers it, if the controller of the node is the GIC.
    struct Line {
        std::uint32_t intid;
        bool          edge;
    };
    std::optional<Line> line(const fdt::Interrupt& interrupt) const;

    const fdt::Tree&             tree_;
    const DeviceTreeInputs&      in_;
    DeviceTreeReporter&          reporter_;
    std::optional<fdt::Position> gic_;
    std::size_t                  errors_ = 0;
};

void Checker::memory()
{
    const auto guest_range = [](const MemoryRegion& region) -> const GuestRange& {
        return region.guest;
    };
    bool any = false;
    for (fdt::Walk walk{tree_}; walk.next();) {
        if (!is_memory(walk.position()) || !walk.position().is_enabled()) {
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
            for (std::size_t i = 0; is_memory(walk.position()) && !used; ++i) {
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

void Checker::reserved()
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

void Checker::cpus()
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

void Checker::psci()
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

void Checker::gic()
{
    const auto has_v2 = find_compatible(k_gicv2_names);
    const auto has_v3 = find_compatible({&k_gicv3_name, 1});
    const bool wants3 = in_.gic.version == GicVersion::v3;
    gic_              = wants3 ? has_v3 : has_v2;
    if (gic_) {
        gic_frames(*gic_);
        return;
    }
    gic_ = wants3 ? has_v2 : has_v3;
    if (gic_) {
        report(Severity::error, *gic_, "an interrupt controller of another version",
               "describe the one that the machine has", wants3 ? 2 : 3, wants3 ? 3 : 2);
    } else {
        report(Severity::error, "/", "there is no interrupt controller that a VM can have",
               wants3 ? "add a node compatible with \"arm,gic-v3\""
                      : "add a node compatible with \"arm,gic-400\"");
    }
}

void Checker::gic_frames(const fdt::Position& at)
{
    const auto check = [&](std::size_t index, GuestRange expected, std::uint64_t needed,
                           std::string_view what) {
        const auto found = fdt::registers(at, index);
        if (!found || found->address != expected.start().raw()) {
            report(Severity::error, at, what, "correct reg",
                   found ? Number{found->address} : std::nullopt, expected.start().raw());
        } else if (found->size < needed) {
            report(Severity::error, at, "a frame of the interrupt controller that is too small",
                   "correct reg", found->size, needed);
        }
    };
    check(0, in_.gic.distributor, 0x1000, "the distributor is elsewhere");
    if (in_.gic.version == GicVersion::v2) {
        check(1, in_.gic.cpu_interface_or_redistributors, 0x1000, "the CPU interface is elsewhere");
    } else {
        check(1, in_.gic.cpu_interface_or_redistributors, k_redistributor_size * in_.vcpus.size(),
              "the redistributors are elsewhere");
    }
}

std::optional<Checker::Line> Checker::line(const fdt::Interrupt& interrupt) const
{
    constexpr std::uint32_t k_spi = 0, k_ppi = 1, k_edge_bits = 3;
    if (!gic_ || interrupt.controller != gic_->node() || interrupt.cells.size() < 3) {
        return std::nullopt;
    }
    const bool edge = (interrupt.cells[2] & k_edge_bits) != 0;
    switch (interrupt.cells[0]) {
    case k_spi:
        return Line{interrupt.cells[1] + 32, edge};
    case k_ppi:
        return Line{interrupt.cells[1] + 16, edge};
    default:
        return std::nullopt;
    }
}

void Checker::timer()
{
    constexpr std::array<std::string_view, 2> k_names{"arm,armv8-timer", "arm,armv7-timer"};
    const auto                                at = find_compatible(k_names);
    if (!at) {
        report(Severity::error, "/", "there is no timer node",
               "add one compatible with \"arm,armv8-timer\"");
        return;
    }
    const auto names = at->node().property("interrupt-names");
    for (std::size_t i = 0; i < k_timer_names.size(); ++i) {
        auto index = i;
        if (names) {
            // With names, the position is that of the name.
            for (index = 0; names->string(index) && names->string(index) != k_timer_names[i];) {
                ++index;
            }
        }
        const auto found = fdt::interrupt(tree_, *at, index);
        const auto ppi   = found && *found ? line(**found) : std::nullopt;
        if (ppi && ppi->intid == in_.timer_ppis[i]) {
            continue;
        }
        const auto number = ppi ? Number{ppi->intid} : std::nullopt;
        if (i == k_virtual_timer) {
            report(Severity::error, *at, "the virtual timer has another interrupt",
                   "correct the third of the interrupts", number, in_.timer_ppis[i]);
        } else if (ppi) {
            report(Severity::warning, *at, "a timer has another interrupt",
                   "correct the interrupts", number, in_.timer_ppis[i]);
        }
    }
    if (!at->node().property("always-on")) {
        report(Severity::warning, *at, "Linux will do without high-resolution timers",
               "add the property always-on, which is true in a VM");
    }
}

void Checker::devices()
{
    for (fdt::Walk walk{tree_}; walk.next();) {
        const auto& at   = walk.position();
        const auto  node = at.node();
        // Without `compatible` no driver takes the node. RAM and the GIC had their turn.
        if (!node.property("compatible") || is_memory(at) || (gic_ && node == gic_->node()) ||
            (at.depth() > 1 && at.at(1).name() == "reserved-memory") || !at.is_enabled() ||
            node.is_compatible("arm,armv8-timer") || node.is_compatible("arm,armv7-timer")) {
            continue;
        }
        device(at);
    }
}

void Checker::device(const fdt::Position& at)
{
    bool present       = true;
    bool has_registers = false;
    for (std::size_t i = 0; const auto entry = fdt::registers(at, i); ++i) {
        const auto start   = GuestPhysical{entry->address};
        bool       ram     = false;
        bool       machine = false;
        has_registers      = true;
        for (const auto& region : in_.ram) {
            ram = ram || region.guest.contains(start);
        }
        for (const auto& device : in_.devices) {
            for (const auto& registers : device.registers) {
                machine = machine || registers.contains(start);
            }
        }
        if (machine) {
            continue;
        }
        present = false;
        report(
            Severity::error, at,
            ram ? "a device where the machine has RAM" : "a device that the machine does not have",
            "disable the node (status = \"disabled\"), or pass the device through", entry->address);
        break; // one line a device
    }
    if (present) {
        interrupts(at, has_registers ? Severity::error : Severity::warning);
    }
}

void Checker::interrupts(const fdt::Position& at, Severity severity)
{
    for (std::size_t i = 0;; ++i) {
        const auto found = fdt::interrupt(tree_, at, i);
        if (!found) {
            report(Severity::error, at, found.error().what, found.error().hint,
                   found.error().value);
            return;
        }
        if (!*found) {
            return;
        }
        const auto wanted = line(**found);
        if (!wanted) {
            continue; // of another controller, which is a device itself
        }
        const arch::DeviceInterrupt* backing = nullptr;
        for (const auto& device : in_.devices) {
            for (const auto& one : device.interrupts) {
                backing = one.intid == wanted->intid ? &one : backing;
            }
        }
        if (backing == nullptr) {
            report(severity, at, "an interrupt that the machine does not deliver",
                   "correct the interrupts (SPI n is 32 + n), or pass the interrupt through",
                   wanted->intid);
        } else if (wanted->edge != (backing->trigger == arch::Trigger::edge_rising)) {
            report(Severity::warning, at, "an interrupt with another trigger",
                   wanted->edge ? "say level (4) in its third cell"
                                : "say edge (1) in its third cell",
                   wanted->intid);
        }
    }
}

void Checker::chosen()
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

} // namespace

void print(base::Sink sink, const DeviceTreeFinding& finding)
{
    base::print(sink, "device tree: ",
                finding.severity == Severity::error ? "error: " : "warning: ", finding.node, ": ",
                finding.what);
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
    return Checker{tree, inputs, reporter}.run();
}

} // namespace vmm
