// SPDX-License-Identifier: BSD-2-Clause
// Interrupt controller, timer, devices and their interrupts in a user's tree.
#include "device_tree_checker.hpp"
#include "fdt/address.hpp"

namespace vmm {

namespace {

using base::GuestPhysical;
using base::GuestRange;

constexpr std::uint64_t k_redistributor_size = 0x2'0000; // of one vCPU (GICv3)

constexpr std::array<std::string_view, 5> k_gicv2_names{"arm,gic-400", "arm,cortex-a15-gic",
                                                        "arm,cortex-a7-gic", "arm,cortex-a9-gic",
                                                        "qcom,msm-qgic2"};
constexpr std::string_view                k_gicv3_name = "arm,gic-v3";

/// Positions in the `interrupts` of the timer, and how the binding and the findings call them.
constexpr std::array<std::string_view, 4> k_timer_names{"sec-phys", "phys", "virt", "hyp-phys"};
constexpr std::size_t                     k_virtual_timer = 2;

} // namespace

void DeviceTreeChecker::gic()
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

void DeviceTreeChecker::gic_frames(const fdt::Position& at)
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

std::optional<DeviceTreeChecker::Line>
DeviceTreeChecker::line(const fdt::Interrupt& interrupt) const
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

void DeviceTreeChecker::timer()
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

void DeviceTreeChecker::devices()
{
    for (fdt::Walk walk{tree_}; walk.next();) {
        const auto& at   = walk.position();
        const auto  node = at.node();
        // Without `compatible` no driver takes the node. RAM and the GIC had their turn.
        if (!node.property("compatible") || is_memory_node(at) || (gic_ && node == gic_->node()) ||
            (at.depth() > 1 && at.at(1).name() == "reserved-memory") || !at.is_enabled() ||
            node.is_compatible("arm,armv8-timer") || node.is_compatible("arm,armv7-timer")) {
            continue;
        }
        device(at);
    }
}

void DeviceTreeChecker::device(const fdt::Position& at)
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

void DeviceTreeChecker::interrupts(const fdt::Position& at, Severity severity)
{
    for (std::size_t i = 0;; ++i) {
        const auto found = fdt::interrupt(tree_, at, i);
        if (!found) {
            const auto value = found.error().value;
            report(Severity::error, at, found.error().what, found.error().hint,
                   value != 0 ? Number{value} : std::nullopt);
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

} // namespace vmm
