// SPDX-License-Identifier: BSD-2-Clause
// The nodes of a guest's devices: registers, interrupts, clocks, and what their drivers read beyond
// that.
#include "vmm/device_tree.hpp"

#include "device_tree_writer.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <variant>

namespace vmm {

namespace {

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

} // namespace

base::Result<> DeviceTreeWriter::clocks()
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

base::Result<> DeviceTreeWriter::interrupt(arch::DeviceInterrupt line)
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

base::Result<> DeviceTreeWriter::extra(const ExtraProperty& property)
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

base::Result<> DeviceTreeWriter::device(const GuestDevice& device)
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

} // namespace vmm
