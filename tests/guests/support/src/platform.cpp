// SPDX-License-Identifier: BSD-2-Clause
#include "guest/platform.hpp"

#include "fdt/address.hpp"
#include "fdt/interrupt.hpp"
#include "fdt/reader.hpp"

#include <array>

namespace guest {
namespace {

/// The GIC's number of a three-cell specifier: type, number, sense.
base::Result<std::uint32_t> intid(const fdt::Tree& tree, const fdt::Node& node, std::size_t index)
{
    const auto interrupt = TRY(fdt::interrupt(tree, tree.locate(node), index));
    if (!interrupt || interrupt->cells.size() < 3) {
        return base::fail("a node has too few interrupts", node.name());
    }
    const bool shared = interrupt->cells[0] == 0;
    return interrupt->cells[1] + (shared ? 32 : 16);
}

base::Result<std::uint64_t> address(const fdt::Tree& tree, const fdt::Node& node, std::size_t index)
{
    const auto found = fdt::registers(tree.locate(node), index);
    if (!found) {
        return base::fail("a node has too few registers", node.name());
    }
    return found->address;
}

base::Result<> find_uart(const fdt::Tree& tree, Platform& platform)
{
    const auto uart = tree.find_compatible("arm,pl011");
    if (!uart) {
        return {}; // a machine may have nothing but a virtIO console
    }
    platform.uart       = TRY(address(tree, *uart, 0));
    platform.uart_intid = intid(tree, *uart, 0).value_or(0);
    return {};
}

base::Result<> find_gic(const fdt::Tree& tree, Platform& platform)
{
    constexpr std::array<std::string_view, 3> v2{"arm,cortex-a15-gic", "arm,gic-400",
                                                 "arm,cortex-a7-gic"};
    auto                                      gic = tree.find_compatible("arm,gic-v3");
    platform.gic_version                          = gic ? 3 : 2;
    for (const auto name : v2) {
        gic = gic ? gic : tree.find_compatible(name);
    }
    if (!gic) {
        return base::fail("neither a GICv2 nor a GICv3 in the device tree");
    }
    platform.distributor   = TRY(address(tree, *gic, 0));
    platform.cpu_interface = TRY(address(tree, *gic, 1));
    return {};
}

base::Result<> find_timer(const fdt::Tree& tree, Platform& platform)
{
    const auto timer = tree.find_compatible("arm,armv8-timer");
    if (!timer) {
        return base::fail("no arm,armv8-timer in the device tree");
    }
    constexpr std::size_t k_virtual = 2; // after secure and non-secure physical
    platform.virtual_timer          = TRY(intid(tree, *timer, k_virtual));
    return {};
}

base::Result<> find_psci(const fdt::Tree& tree, Platform& platform)
{
    const auto psci   = tree.find_compatible("arm,psci-0.2");
    const auto method = psci ? psci->property("method") : std::nullopt;
    if (!method) {
        return base::fail("no arm,psci-0.2 with a method in the device tree");
    }
    platform.conduit = method->has_string("hvc") ? Conduit::hvc : Conduit::smc;
    return {};
}

void find_virtio(const fdt::Tree& tree, Platform& platform)
{
    for (fdt::Walk walk{tree}; walk.next();) {
        if (!walk.node().is_compatible("virtio,mmio")) {
            continue;
        }
        const auto registers = fdt::registers(walk.position(), 0);
        const auto interrupt = intid(tree, walk.node(), 0);
        if (registers && interrupt) {
            (void)platform.virtio.push_back({registers->address, *interrupt});
        }
    }
}

void find_cpus_and_memory(const fdt::Tree& tree, Platform& platform)
{
    for (fdt::Walk walk{tree}; walk.next();) {
        const auto type = walk.node().property("device_type");
        if (type && type->has_string("cpu")) {
            const auto reg = walk.node().property("reg");
            (void)platform.cpus.push_back(reg ? reg->number().value_or(0) : 0);
        } else if (type && type->has_string("memory")) {
            for (std::size_t i = 0; const auto range = fdt::registers(walk.position(), i); ++i) {
                (void)platform.memory.push_back({range->address, range->size});
            }
        }
    }
}

} // namespace

base::Result<Platform> Platform::create(std::span<const std::byte> blob)
{
    const auto tree = TRY(fdt::Tree::create(blob));
    Platform   platform{};
    platform.device_tree = blob.first(tree.size());
    TRY(find_uart(tree, platform));
    TRY(find_gic(tree, platform));
    TRY(find_timer(tree, platform));
    TRY(find_psci(tree, platform));
    find_cpus_and_memory(tree, platform);
    find_virtio(tree, platform);
    if (const auto chosen = tree.find("/chosen")) {
        if (const auto arguments = chosen->property("bootargs")) {
            platform.bootargs = arguments->string().value_or("");
        }
    }
    return platform;
}

} // namespace guest
