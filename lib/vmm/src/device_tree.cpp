// SPDX-License-Identifier: BSD-2-Clause
// Writes the nodes that a Linux, U-Boot or bare-metal guest finds its machine by.
#include "vmm/device_tree.hpp"

#include "base/checked.hpp"
#include "device_tree_nodes.hpp"
#include "fdt/writer.hpp"

#include <algorithm>
#include <limits>

namespace vmm {

namespace {

constexpr std::uint32_t k_gic_phandle   = 1;
constexpr std::uint32_t k_first_clock   = 2; // phandles of clocks count from here
constexpr std::size_t   k_most_clocks   = 32;
constexpr std::uint32_t k_first_ppi     = 16;
constexpr std::uint32_t k_first_spi     = 32;
constexpr std::uint32_t k_first_special = 1020;
constexpr std::uint64_t k_affinity      = 0xff'00ff'ffff; // Aff3 and Aff2 to Aff0 of MPIDR_EL1

/// Kinds and flags of the GIC's interrupt specifiers (Linux bindings, arm,gic.yaml).
constexpr std::uint32_t k_spi = 0, k_ppi = 1;
constexpr std::uint32_t k_edge_rising = 1, k_level_high = 4;

/// "clock-24000000": nodes without registers must not have a unit address.
class ClockName {
public:
    explicit ClockName(std::uint32_t frequency)
    {
        do {
            text_[--start_] = static_cast<char>('0' + frequency % 10);
            frequency /= 10;
        } while (frequency != 0);
        start_ -= k_prefix.size();
        std::ranges::copy(k_prefix, &text_[start_]);
    }
    [[nodiscard]] std::string_view view() const { return {&text_[start_], k_size - start_}; }

private:
    static constexpr std::string_view k_prefix = "clock-";
    static constexpr std::size_t      k_size   = k_prefix.size() + 10;

    std::array<char, k_size> text_{};
    std::size_t              start_ = k_size;
};

/// What a guest may print on. Nodes of serial ports are called so (Devicetree Specification 2.2.2),
/// or after the chip.
bool is_serial_port(const GuestDevice& device)
{
    return device.alias == "serial0" || device.name == "serial" || device.name == "uart" ||
           device.name == "pl011";
}

class Builder {
public:
    Builder(std::span<std::byte> room, const DeviceTreeInputs& inputs)
        : in_{inputs}
        , tree_{room}
    {
    }

    base::Result<std::size_t> build();

private:
    void           chosen();
    void           aliases();
    void           path(const GuestDevice& device);
    void           path(std::string_view node);
    void           memory();
    void           reserved_memory();
    void           cpus();
    void           psci();
    void           gic();
    void           timer();
    base::Result<> clocks();
    base::Result<> device(const GuestDevice& device);
    base::Result<> extra(const ExtraProperty& property);

    void range(const base::GuestRange& range)
    {
        tree_.append_u64(range.start().raw());
        tree_.append_u64(range.size());
    }
    void registers(const base::GuestRange& one)
    {
        tree_.begin_property("reg");
        range(one);
    }
    base::Result<> interrupt(arch::DeviceInterrupt line);
    /// Which vCPUs a PPI goes to; a field of the flags that only GICv2 has.
    [[nodiscard]] std::uint32_t ppi_targets() const
    {
        return in_.gic.version == GicVersion::v2 ? ((1U << in_.vcpus.size()) - 1) << 8 : 0;
    }

    const DeviceTreeInputs&                         in_;
    fdt::Writer                                     tree_;
    base::FixedVector<std::uint32_t, k_most_clocks> frequencies_;
};

base::Result<std::size_t> Builder::build()
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

void Builder::chosen()
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

void Builder::aliases()
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

void Builder::path(const GuestDevice& device)
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
void Builder::path(std::string_view node)
{
    tree_.append(std::as_bytes(std::span{std::string_view{"/"}}));
    tree_.append_string(node);
}

void Builder::memory()
{
    for (const auto& region : in_.ram) {
        tree_.begin_node("memory", region.guest.start().raw());
        tree_.property_string("device_type", "memory");
        registers(region.guest);
        tree_.end_node();
    }
}

void Builder::reserved_memory()
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

void Builder::cpus()
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

void Builder::psci()
{
    // HVC: a guest's hypercall costs half as many system calls of seL4 as its SMC does.
    tree_.begin_node("psci");
    tree_.property_strings("compatible", {"arm,psci-1.0", "arm,psci-0.2"});
    tree_.property_string("method", "hvc");
    tree_.end_node();
}

void Builder::gic()
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

void Builder::timer()
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

base::Result<> Builder::clocks()
{
    for (const auto& one : in_.devices) {
        for (const auto& clock : one.clocks) {
            if (clock.frequency > std::numeric_limits<std::uint32_t>::max()) {
                return base::fail("a device's clock is faster than a device tree can say", {},
                                  clock.frequency);
            }
            const auto frequency = static_cast<std::uint32_t>(clock.frequency);
            if (std::ranges::find(frequencies_, frequency) != frequencies_.end()) {
                continue;
            }
            if (!frequencies_.push_back(frequency)) {
                return base::fail("the devices have too many different clocks");
            }
        }
    }
    std::uint32_t phandle = k_first_clock;
    for (const auto frequency : frequencies_) {
        tree_.begin_node(ClockName{frequency}.view());
        tree_.property_string("compatible", "fixed-clock");
        tree_.property_u32("#clock-cells", 0);
        tree_.property_u32("clock-frequency", frequency);
        tree_.property_u32("phandle", phandle++);
        tree_.end_node();
    }
    return {};
}

base::Result<> Builder::interrupt(arch::DeviceInterrupt line)
{
    const auto flags = line.trigger == arch::Trigger::edge_rising ? k_edge_rising : k_level_high;
    if (line.intid < k_first_ppi || line.intid >= k_first_special) {
        return base::fail("an interrupt of a device is neither a PPI nor an SPI",
                          "count like the GIC: SPI 0 is 32", line.intid);
    }
    if (line.intid < k_first_spi) {
        tree_.append_u32(k_ppi);
        tree_.append_u32(line.intid - k_first_ppi);
        tree_.append_u32(flags | ppi_targets());
    } else {
        tree_.append_u32(k_spi);
        tree_.append_u32(line.intid - k_first_spi);
        tree_.append_u32(flags);
    }
    return {};
}

base::Result<> Builder::extra(const ExtraProperty& property)
{
    constexpr std::array<std::string_view, 6> k_generated{
        "compatible", "reg", "interrupts", "clocks", "clock-names", "dma-coherent"};
    if (std::ranges::find(k_generated, property.name) != k_generated.end()) {
        return base::fail("an extra property of a device has the name of one that is generated");
    }
    struct Put {
        fdt::Writer&     tree;
        std::string_view name;
        void             operator()(std::monostate) const { tree.property_empty(name); }
        void             operator()(std::uint32_t value) const { tree.property_u32(name, value); }
        void             operator()(std::uint64_t value) const { tree.property_u64(name, value); }
        void operator()(std::string_view value) const { tree.property_string(name, value); }
        void operator()(std::span<const std::string_view> values) const
        {
            tree.property_strings(name, values);
        }
        void operator()(std::span<const std::uint32_t> cells) const
        {
            tree.property_cells(name, cells);
        }
        void operator()(std::span<const std::byte> bytes) const { tree.property(name, bytes); }
    };
    std::visit(Put{tree_, property.name}, property.value);
    return {};
}

base::Result<> Builder::device(const GuestDevice& device)
{
    if (device.registers.empty()) {
        tree_.begin_node(device.name);
    } else {
        tree_.begin_node(device.name, device.registers[0].start().raw());
    }
    if (!device.compatible.empty()) {
        tree_.property_strings("compatible", device.compatible);
    }
    if (!device.registers.empty()) {
        tree_.begin_property("reg");
        for (const auto& one : device.registers) {
            range(one);
        }
    }
    if (!device.interrupts.empty()) {
        tree_.begin_property("interrupts");
        for (const auto& line : device.interrupts) {
            TRY(interrupt(line));
        }
    }
    if (!device.clocks.empty()) {
        tree_.begin_property("clocks");
        for (const auto& clock : device.clocks) {
            const auto index = std::ranges::find(frequencies_, clock.frequency);
            tree_.append_u32(k_first_clock +
                             static_cast<std::uint32_t>(index - frequencies_.begin()));
        }
        if (std::ranges::none_of(device.clocks, &std::string_view::empty,
                                 &arch::DeviceClock::name)) {
            tree_.begin_property("clock-names");
            for (const auto& clock : device.clocks) {
                tree_.append_string(clock.name);
            }
        }
    }
    if (device.dma_coherent) {
        tree_.property_empty("dma-coherent");
    }
    for (const auto& property : device.properties) {
        TRY(extra(property));
    }
    tree_.end_node();
    return {};
}

} // namespace

GuestDevice guest_device(const arch::Device& device)
{
    GuestDevice result;
    result.name = device.name.substr(0, device.name.find('@'));
    // What does not fit is beyond what a guest needs: further generic names, further ranges.
    for (const auto compatible : device.compatible) {
        (void)result.compatible.push_back(compatible);
    }
    for (const auto& range : device.registers) {
        (void)result.registers.push_back(
            *base::GuestRange::create(base::GuestPhysical{range.start().raw()}, range.size()));
    }
    for (const auto& line : device.interrupts) {
        (void)result.interrupts.push_back(line);
    }
    for (const auto& clock : device.clocks) {
        (void)result.clocks.push_back(clock);
    }
    result.dma_coherent = device.dma_coherent;
    for (const auto& property : device.properties) {
        (void)result.properties.push_back({property.name, property.value});
    }
    return result;
}

base::Result<std::size_t> write_device_tree(std::span<std::byte>    room,
                                            const DeviceTreeInputs& inputs)
{
    return Builder{room, inputs}.build();
}

} // namespace vmm
