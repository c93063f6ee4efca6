// SPDX-License-Identifier: BSD-2-Clause
// Writes the nodes that a Linux, U-Boot or bare-metal guest finds its machine by.
#include "vmm/device_tree.hpp"

#include "device_tree_nodes.hpp"
#include "device_tree_writer.hpp"

#include <algorithm>
#include <limits>

namespace vmm {

namespace {

constexpr std::uint64_t k_affinity = 0xff'00ff'ffff; // Aff3 and Aff2 to Aff0 of MPIDR_EL1

/// What a guest may print on. Nodes of serial ports are called so (Devicetree Specification 2.2.2),
/// or after the chip.
bool is_serial_port(const GuestDevice& device)
{
    return device.alias == "serial0" || device.name == "serial" || device.name == "uart" ||
           device.name == "pl011";
}

} // namespace

base::Result<std::size_t> DeviceTreeWriter::build()
{
    if (in_.ram.empty() || in_.vcpus.empty()) {
        return base::fail("a machine without RAM or without vCPUs has no device tree");
    }
    if (in_.gic.version == GicVersion::v2 && in_.vcpus.size() > 8) {
        return base::fail("a GICv2 serves at most 8 vCPUs", "use GICv3, or fewer vCPUs",
                          in_.vcpus.size());
    }
    tree_.begin_node("");
    tree_.property_strings("compatible", {"libvmm,machine", "linux,dummy-virt"});
    tree_.property_string("model", in_.model);
    tree_.property_u32("#address-cells", 2);
    tree_.property_u32("#size-cells", 2);
    tree_.property_u32("interrupt-parent", k_gic_phandle);
    chosen();
    aliases();
    memory();
    reserved_memory();
    cpus();
    psci();
    gic();
    timer();
    TRY(clocks());
    for (const auto& one : in_.devices) {
        TRY(device(one));
    }
    TRY(add_nodes(tree_, in_.nodes, in_.devices));
    tree_.end_node();
    return tree_.finish();
}

void DeviceTreeWriter::chosen()
{
    tree_.begin_node("chosen");
    tree_.property_string("bootargs", in_.bootargs);
    if (!in_.stdout_path.empty()) {
        tree_.property_string("stdout-path", in_.stdout_path);
    } else if (const auto console = std::ranges::find_if(in_.devices, is_serial_port);
               console != in_.devices.end()) {
        // By its path: small guests know nothing of aliases.
        tree_.begin_property("stdout-path");
        path(*console);
    } else if (const auto port = serial_port_in(in_.nodes); !port.empty()) {
        tree_.begin_property("stdout-path");
        path(port);
    }
    if (in_.initrd) {
        tree_.property_u64("linux,initrd-start", in_.initrd->start().raw());
        tree_.property_u64("linux,initrd-end", in_.initrd->end().raw());
    }
    if (in_.kaslr_seed) {
        tree_.property_u64("kaslr-seed", *in_.kaslr_seed);
    }
    if (!in_.rng_seed.empty()) {
        tree_.property("rng-seed", in_.rng_seed);
    }
    tree_.end_node();
}

void DeviceTreeWriter::aliases()
{
    tree_.begin_node("aliases");
    // Some drivers of serial ports do not work without a number.
    const auto has_first = std::ranges::any_of(
        in_.devices, [](const GuestDevice& one) { return one.alias == "serial0"; });
    if (const auto console = std::ranges::find_if(in_.devices, is_serial_port);
        !has_first && console != in_.devices.end() && console->alias.empty()) {
        tree_.begin_property("serial0");
        path(*console);
    } else if (const auto port = serial_port_in(in_.nodes);
               !has_first && console == in_.devices.end() && !port.empty()) {
        tree_.begin_property("serial0");
        path(port);
    }
    for (const auto& one : in_.devices) {
        if (!one.alias.empty()) {
            tree_.begin_property(one.alias);
            path(one);
        }
    }
    tree_.end_node();
}

void DeviceTreeWriter::path(const GuestDevice& device)
{
    const auto text = [&](std::string_view piece) {
        tree_.append(std::as_bytes(std::span{piece}));
    };
    text("/");
    text(device.name);
    if (!device.registers.empty()) {
        text("@");
        const auto address = device.registers[0].start().raw();
        for (int shift = 60; shift >= 0; shift -= 4) {
            if (shift == 0 || address >> shift != 0) {
                text(std::string_view{"0123456789abcdef"}.substr((address >> shift) & 0xf, 1));
            }
        }
    }
    tree_.append_string("");
}

/// Of a node below the root.
void DeviceTreeWriter::path(std::string_view node)
{
    tree_.append(std::as_bytes(std::span{std::string_view{"/"}}));
    tree_.append_string(node);
}

void DeviceTreeWriter::memory()
{
    for (const auto& region : in_.ram) {
        tree_.begin_node("memory", region.guest.start().raw());
        tree_.property_string("device_type", "memory");
        registers(region.guest);
        tree_.end_node();
    }
}

void DeviceTreeWriter::reserved_memory()
{
    // Not in the memory reservation block as well: Linux refuses to keep its hands off a range
    // (`no-map`) that was reserved before.
    if (in_.reserved.empty()) {
        return;
    }
    tree_.begin_node("reserved-memory");
    tree_.property_u32("#address-cells", 2);
    tree_.property_u32("#size-cells", 2);
    tree_.property_empty("ranges");
    for (const auto& reserved : in_.reserved) {
        tree_.begin_node(reserved.name, reserved.range.start().raw());
        if (!reserved.compatible.empty()) {
            tree_.property_string("compatible", reserved.compatible);
        }
        registers(reserved.range);
        if (reserved.mapping == ReservedMemory::Mapping::never) {
            tree_.property_empty("no-map");
        }
        tree_.end_node();
    }
    tree_.end_node();
}

void DeviceTreeWriter::cpus()
{
    // One cell suffices, and more guests understand it, as long as there is no Aff3.
    const bool wide = std::ranges::any_of(in_.vcpus, [](std::uint64_t mpidr) {
        return (mpidr & k_affinity) > std::numeric_limits<std::uint32_t>::max();
    });
    tree_.begin_node("cpus");
    tree_.property_u32("#address-cells", wide ? 2 : 1);
    tree_.property_u32("#size-cells", 0);
    for (const auto mpidr : in_.vcpus) {
        const auto affinity = mpidr & k_affinity;
        tree_.begin_node("cpu", affinity);
        tree_.property_string("device_type", "cpu");
        if (in_.cpu_compatible.empty()) {
            tree_.property_string("compatible", "arm,armv8");
        } else {
            tree_.property_strings("compatible", {in_.cpu_compatible, "arm,armv8"});
        }
        if (wide) {
            tree_.property_u64("reg", affinity);
        } else {
            tree_.property_u32("reg", static_cast<std::uint32_t>(affinity));
        }
        tree_.property_string("enable-method", "psci");
        tree_.end_node();
    }
    tree_.end_node();
}

void DeviceTreeWriter::psci()
{
    // HVC: a guest's hypercall costs half as many system calls of seL4 as its SMC does.
    tree_.begin_node("psci");
    tree_.property_strings("compatible", {"arm,psci-1.0", "arm,psci-0.2"});
    tree_.property_string("method", "hvc");
    tree_.end_node();
}

void DeviceTreeWriter::gic()
{
    tree_.begin_node("interrupt-controller", in_.gic.distributor.start().raw());
    if (in_.gic.version == GicVersion::v2) {
        // The second name is the one that test suites and small kernels look for.
        tree_.property_strings("compatible", {"arm,gic-400", "arm,cortex-a15-gic"});
    } else {
        tree_.property_string("compatible", "arm,gic-v3");
        tree_.property_u32("#redistributor-regions", 1);
    }
    tree_.property_empty("interrupt-controller");
    tree_.property_u32("#interrupt-cells", 3);
    tree_.property_u32("#address-cells", 0);
    registers(in_.gic.distributor);
    range(in_.gic.cpu_interface_or_redistributors);
    tree_.property_u32("phandle", k_gic_phandle);
    tree_.end_node();
}

void DeviceTreeWriter::timer()
{
    tree_.begin_node("timer");
    tree_.property_string("compatible", "arm,armv8-timer");
    // The binding goes by position: secure, physical, virtual, hypervisor. A kernel at EL1 with no
    // hypervisor below it in sight takes the third. All four are given because guests count them.
    tree_.begin_property("interrupts");
    for (const auto intid : in_.timer_ppis) {
        tree_.append_u32(k_ppi);
        tree_.append_u32(intid - k_first_ppi);
        tree_.append_u32(k_level_high | ppi_targets());
    }
    // A vCPU that waits is woken by its timer, however deep it sleeps. Without this word Linux
    // would look for another clock for that, find none, and give up high-resolution timers.
    tree_.property_empty("always-on");
    tree_.end_node();
}

base::Result<std::size_t> write_device_tree(std::span<std::byte>    room,
                                            const DeviceTreeInputs& inputs)
{
    return DeviceTreeWriter{room, inputs}.build();
}

} // namespace vmm
