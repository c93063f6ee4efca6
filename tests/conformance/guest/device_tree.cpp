// SPDX-License-Identifier: BSD-2-Clause
// What the device tree must say so that kernels and test suites find their machine (Devicetree
// Specification 0.4; the bindings of Linux).
#include "check.hpp"
#include "controller.hpp"
#include "sections.hpp"

#include "fdt/address.hpp"
#include "fdt/interrupt.hpp"
#include "fdt/reader.hpp"

namespace conformance {
namespace {

void check_root(const fdt::Tree& tree)
{
    constexpr const char* k_root = "DTSpec 3.2 root";
    const auto            cells  = tree.root().property("#address-cells");
    check(cells && cells->number() && tree.root().property("#size-cells"), k_root,
          "#address-cells and #size-cells");
    check(tree.root().property("compatible").has_value(), k_root, "compatible");
    const auto parent = tree.root().property("interrupt-parent");
    const auto node   = parent && parent->number()
                            ? tree.find_phandle(static_cast<std::uint32_t>(*parent->number()))
                            : std::nullopt;
    check(node && node->property("interrupt-controller"), "DTSpec 2.4 interrupts",
          "interrupt-parent is an interrupt controller");
}

void check_psci_node(const fdt::Tree& tree)
{
    constexpr const char* k_name = "Linux arm/psci.yaml";
    const auto            node   = tree.find("/psci");
    check(node.has_value(), k_name, "there is /psci");
    if (!node) {
        return;
    }
    const auto compatible = node->property("compatible");
    check(compatible && compatible->has_string("arm,psci-1.0"), k_name,
          "compatible with arm,psci-1.0");
    check(compatible && compatible->has_string("arm,psci-0.2"), k_name,
          "compatible with arm,psci-0.2");
    const auto method = node->property("method");
    check(method && (method->has_string("hvc") || method->has_string("smc")), k_name,
          "method is hvc or smc");
}

void check_cpus(const fdt::Tree& tree)
{
    constexpr const char* k_name = "Linux arm/cpus.yaml";
    const auto            cpus   = tree.find("/cpus");
    unsigned              count = 0, methods = 0, named = 0, compatible = 0;
    for (fdt::Walk walk{tree}; walk.next();) {
        const auto type = walk.node().property("device_type");
        if (!type || !type->has_string("cpu")) {
            continue;
        }
        ++count;
        const auto method = walk.node().property("enable-method");
        methods += method && method->has_string("psci") ? 1U : 0U;
        named += walk.node().base_name() == "cpu" ? 1U : 0U;
        compatible += walk.node().property("compatible") ? 1U : 0U;
    }
    check(cpus && cpus->size_cells() == 0, k_name, "#size-cells is 0");
    check(count >= 1 && count == platform().cpus.size(), k_name, "each CPU has a reg");
    check(methods == count || count == 1, k_name, "enable-method is psci");
    check_equal(named, count, k_name, "they are called cpu");
    check_equal(compatible, count, k_name, "each has a compatible");
}

void check_memory(const fdt::Tree&)
{
    const auto own = reinterpret_cast<std::uint64_t>(&check_memory);
    bool       in  = false;
    for (const auto& range : platform().memory) {
        in = in || own - range.start < range.size;
    }
    check(in, "DTSpec 3.4 memory", "the program lies in it");
    const auto blob = reinterpret_cast<std::uint64_t>(platform().device_tree.data());
    bool       tree = false;
    for (const auto& range : platform().memory) {
        tree = tree || blob - range.start < range.size;
    }
    check(tree, "DTSpec 3.4 memory", "the device tree lies in it");
    check_equal(blob % 8, 0, "DTSpec 5.6 alignment", "the device tree lies on 8 bytes");
}

void check_controller(const fdt::Tree& tree)
{
    constexpr const char* k_name = "Linux interrupt-controller/arm,gic.yaml";
    const auto            node =
        is_v3() ? tree.find_compatible("arm,gic-v3") : tree.find_compatible("arm,cortex-a15-gic");
    check(node.has_value(), k_name, "arm,gic-v3 or arm,cortex-a15-gic");
    if (!node) {
        return;
    }
    const auto cells = node->property("#interrupt-cells");
    check(cells && cells->number() == 3, k_name, "#interrupt-cells is 3");
    check(node->property("interrupt-controller").has_value(), k_name, "interrupt-controller");
    const auto first  = fdt::registers(tree.locate(*node), 0);
    const auto second = fdt::registers(tree.locate(*node), 1);
    check(first && first->size >= (is_v3() ? 0x1'0000 : 0x1000), k_name,
          "the distributor's frame has its size");
    check(second && second->size >= (is_v3() ? 0x2'0000 * platform().cpus.size() : 0x2000), k_name,
          "the second frame holds GICC_DIR, or a redistributor for each CPU");
}

void check_timer_node(const fdt::Tree& tree)
{
    constexpr const char* k_name = "Linux timer/arm,arch_timer.yaml";
    const auto            node   = tree.find_compatible("arm,armv8-timer");
    check(node.has_value(), k_name, "arm,armv8-timer");
    if (!node) {
        return;
    }
    unsigned lines = 0, ppis = 0, levels = 0;
    for (std::size_t i = 0;; ++i) {
        const auto line = fdt::interrupt(tree, tree.locate(*node), i);
        if (!line || !*line || (*line)->cells.size() < 3) {
            break;
        }
        ++lines;
        ppis += (*line)->cells[0] == 1 ? 1U : 0U;
        levels += ((*line)->cells[2] & 0xf) == 4 || ((*line)->cells[2] & 0xf) == 8 ? 1U : 0U;
    }
    check(lines >= 4, k_name, "four interrupts: secure, physical, virtual, hypervisor");
    check_equal(ppis, lines, k_name, "all are PPIs");
    check_equal(levels, lines, k_name, "all are levels");
    const auto hertz = node->property("clock-frequency");
    check(!hertz || hertz->number() == guest::ticks_per_second(), k_name,
          "clock-frequency, if given, is that of CNTFRQ_EL0");
}

void check_console(const fdt::Tree& tree)
{
    constexpr const char* k_name = "Linux serial/pl011.yaml";
    const auto            node   = tree.find_compatible("arm,pl011");
    check(node && node->is_compatible("arm,primecell"), k_name, "arm,pl011 and arm,primecell");
    if (!node) {
        return;
    }
    const auto clocks = node->property("clocks");
    const auto names  = node->property("clock-names");
    check(clocks && clocks->cells() == 2 && names && names->has_string("uartclk") &&
              names->has_string("apb_pclk"),
          k_name, "two clocks with their names");
    const auto clock =
        clocks && clocks->cell(0) ? tree.find_phandle(*clocks->cell(0)) : std::nullopt;
    check(clock && clock->property("clock-frequency"), k_name, "the first clock has a frequency");
    const auto reg = fdt::registers(tree.locate(*node), 0);
    check(reg && reg->size >= 0x1000, k_name, "4 KiB of registers");
    check(platform().uart_intid >= 32, k_name, "a shared interrupt");

    const auto chosen = tree.find("/chosen");
    const auto path   = chosen ? chosen->property("stdout-path") : std::nullopt;
    auto       text   = path && path->string() ? *path->string() : std::string_view{};
    text              = text.substr(0, text.find(':'));
    const auto target = text.empty() ? std::nullopt : tree.find(text);
    check(target && *target == *node, "DTSpec 3.6 chosen", "stdout-path leads to the PL011");
    check(node->is_enabled(), k_name, "it is enabled");
}

} // namespace

void check_device_tree()
{
    const auto tree = fdt::Tree::create(platform().device_tree);
    check(tree.has_value(), "DTSpec 5 format", "the device tree can be read");
    if (!tree) {
        return;
    }
    check_root(*tree);
    check_psci_node(*tree);
    check_cpus(*tree);
    check_memory(*tree);
    check_controller(*tree);
    check_timer_node(*tree);
    check_console(*tree);
}

} // namespace conformance
