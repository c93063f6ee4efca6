// SPDX-License-Identifier: BSD-2-Clause
// Writes what is known of a board as JSON for the tool, as a C++ header and as CMake variables.
#include "board.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <nlohmann/json.hpp>

namespace boardgen {
namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson range_json(AddressRange range)
{
    return {{"start", range.start}, {"size", range.size}};
}

OrderedJson gic_json(const Gic& gic)
{
    OrderedJson json{{"version", gic.version}, {"distributor", gic.distributor.start}};
    const auto  add = [&](const char* name, const std::optional<AddressRange>& frame) {
        if (frame) {
            json[name] = frame->start;
        }
    };
    add("cpu_interface", gic.cpu_interface);
    add("hypervisor", gic.hypervisor);
    add("vcpu_interface", gic.vcpu_interface);
    add("redistributor", gic.redistributor);
    if (gic.redistributor) {
        json["redistributor_size"] = gic.redistributor->size;
    }
    return json;
}

AddressRange whole_pages(AddressRange range)
{
    constexpr std::uint64_t k_page = 4096;
    const auto              start  = range.start / k_page * k_page;
    return {start, (range.end() - start + k_page - 1) / k_page * k_page};
}

/// The console's name in Linux, which counts the ports of each kind; a guest has only this one.
std::string linux_console(const Device& console)
{
    static const std::map<std::string_view, const char*> k_names{
        {"arm,pl011", "ttyAMA0"},      {"cdns,uart-r1p12", "ttyPS0"},
        {"fsl,imx6q-uart", "ttymxc0"}, {"amlogic,meson-gx-uart", "ttyAML0"},
        {"snps,dw-apb-uart", "ttyS0"}, {"brcm,bcm2835-aux-uart", "ttyS0"},
    };
    for (const auto& kind : console.compatible) {
        if (const auto found = k_names.find(kind); found != k_names.end()) {
            return found->second;
        }
    }
    return {};
}

std::string range_cpp(AddressRange range)
{
    return fmt::format("*base::HostRange::create(base::HostPhysical{{{:#x}}}, {:#x})", range.start,
                       range.size);
}

/// One `inline constexpr std::array`; nothing for an empty list, which a span expresses as {}.
std::string array_cpp(std::string_view type, const std::string& name,
                      const std::vector<std::string>& items)
{
    if (items.empty()) {
        return {};
    }
    return fmt::format("inline constexpr std::array<{}, {}> {}{{{{\n    {},\n}}}};\n", type,
                       items.size(), name, fmt::join(items, ",\n    "));
}

/// The arrays that a Device's spans show, and the initialiser of the Device itself.
struct DeviceText {
    std::string arrays;
    std::string initialiser;
};

DeviceText device_cpp(const std::string& name, const Device& device)
{
    std::vector<std::string> compatible, registers, interrupts, clocks, properties;
    for (const auto& text : device.compatible) {
        compatible.push_back(fmt::format("\"{}\"", text));
    }
    for (const auto& range : device.registers) {
        registers.push_back(range_cpp(range));
    }
    for (const auto& irq : device.interrupts) {
        interrupts.push_back(fmt::format("{{{}, arch::Trigger::{}}}", irq.intid,
                                         irq.edge ? "edge_rising" : "level_high"));
    }
    for (const auto& clock : device.clocks) {
        clocks.push_back(fmt::format("{{\"{}\", {}}}", clock.name, clock.frequency));
    }
    for (const auto& property : device.properties) {
        properties.push_back(fmt::format("{{\"{}\", {:#x}}}", property.name, property.value));
    }
    const auto span = [&](const std::vector<std::string>& items, const char* suffix) {
        return items.empty() ? std::string{"{}"} : "detail::" + name + suffix;
    };
    return {
        array_cpp("std::string_view", name + "_compatible", compatible) +
            array_cpp("base::HostRange", name + "_registers", registers) +
            array_cpp("arch::DeviceInterrupt", name + "_interrupts", interrupts) +
            array_cpp("arch::DeviceClock", name + "_clocks", clocks) +
            array_cpp("arch::DeviceProperty", name + "_properties", properties),
        fmt::format("{{\"{}\", {}, {}, {}, {}, {}{}}}", device.name,
                    span(compatible, "_compatible"), span(registers, "_registers"),
                    span(interrupts, "_interrupts"), span(clocks, "_clocks"), device.dma_coherent,
                    properties.empty() ? "" : ", " + span(properties, "_properties")),
    };
}

std::string gic_cpp(const Gic& gic)
{
    const bool v2 = gic.version == 2;
    auto       out =
        fmt::format("inline constexpr unsigned gic_version = {};\n"
                    "inline constexpr arch::{} gic{{\n    .distributor = {},\n",
                    gic.version, v2 ? "GicV2Frames" : "GicV3Frames", range_cpp(gic.distributor));
    if (v2) {
        out += fmt::format("    .cpu_interface = {},\n    .hypervisor = {},\n"
                           "    .vcpu_interface = {},\n",
                           range_cpp(*gic.cpu_interface), range_cpp(*gic.hypervisor),
                           range_cpp(*gic.vcpu_interface));
    } else {
        out += fmt::format("    .redistributors = {},\n", range_cpp(*gic.redistributor));
    }
    return out + fmt::format("}};\ninline constexpr std::uint32_t maintenance_intid = {};\n",
                             gic.maintenance_irq);
}

std::vector<std::string> ranges_cpp(const std::vector<AddressRange>& ranges)
{
    std::vector<std::string> items;
    items.reserve(ranges.size());
    for (const auto& range : ranges) {
        items.push_back(range_cpp(range));
    }
    return items;
}

std::string facts_cpp(const Board& board)
{
    return fmt::format("inline constexpr std::string_view name = \"{}\";\n"
                       "inline constexpr std::string_view cpu = \"{}\";\n"
                       "inline constexpr unsigned physical_address_bits = {};\n"
                       "inline constexpr unsigned cores = {};\n"
                       "/// Where the boot image is loaded.\n"
                       "inline constexpr base::HostPhysical load_address{{{:#x}}};\n"
                       "/// Frequency of the generic timer in Hz.\n"
                       "inline constexpr std::uint64_t timer_hz = {};\n"
                       "/// The highest interrupt number a system may use.\n"
                       "inline constexpr std::uint32_t max_intid = {};\n",
                       board.name, board.cpu, board.pa_bits, board.cores, board.load_address,
                       board.timer_hz, board.max_irq) +
           "/// Memory of the kernel and of everything the tool places.\n" +
           array_cpp("base::HostRange", "ram", ranges_cpp(board.ram)) +
           "/// All memory of the machine.\n" +
           array_cpp("base::HostRange", "memory", ranges_cpp(board.memory)) +
           fmt::format("inline constexpr arch::TimerInterrupts timer{{\n"
                       "    .physical_secure = {}, .physical = {}, .virtual_timer = {}, "
                       ".hypervisor = {}}};\n",
                       board.timer.physical_secure, board.timer.physical, board.timer.virtual_timer,
                       board.timer.hypervisor);
}

} // namespace

std::string tool_json(const Board& board)
{
    OrderedJson json{{"name", board.name},   {"arch", board.arch},
                     {"cpu", board.cpu},     {"pa_bits", board.pa_bits},
                     {"cores", board.cores}, {"load_address", board.load_address}};
    for (const auto& range : board.ram) {
        json["ram"].push_back(range_json(range));
    }
    for (const auto& [name, range] : board.kernel_devices) {
        json["kernel_devices"].push_back(
            {{"name", name}, {"start", range.start}, {"size", range.size}});
    }
    json["console"]               = range_json(board.console.registers.front());
    json["console"]["irq"]        = board.console.interrupts.front().intid;
    json["console"]["compatible"] = board.console.compatible.front();
    json["gic"]                   = gic_json(board.gic);
    json["timer_irqs"]            = {{"physical_secure", board.timer.physical_secure},
                                     {"physical", board.timer.physical},
                                     {"virtual", board.timer.virtual_timer},
                                     {"hypervisor", board.timer.hypervisor}};
    json["maintenance_irq"]       = board.gic.maintenance_irq;
    json["max_irq"]               = board.max_irq;
    json["timer_hz"]              = board.timer_hz;
    json["reserved_irqs"]         = board.reserved_irqs();
    if (board.qemu) {
        json["qemu"] = {{"machine", board.qemu->machine},
                        {"cpu", board.qemu->cpu},
                        {"memory", board.qemu->memory}};
    }
    return json.dump(4) + "\n";
}

std::string cpp_header(const Board& board)
{
    std::string arrays, devices;
    const auto  add = [&](const std::string& name, const Device& device) {
        const auto text = device_cpp(name, device);
        arrays += text.arrays;
        devices += fmt::format("inline constexpr arch::Device {}{};\n", name, text.initialiser);
    };
    std::string console;
    for (const auto& [name, device] : board.devices) {
        add(name, device);
        if (device.name == board.console.name) {
            console = fmt::format("inline constexpr const arch::Device& console = {};\n", name);
        }
    }
    if (console.empty()) {
        add("console", board.console);
    }
    devices += console;
    for (const auto& [name, all] : board.device_arrays) {
        std::vector<std::string> items;
        for (std::size_t i = 0; i < all.size(); ++i) {
            const auto text = device_cpp(fmt::format("{}{}", name, i), all[i]);
            arrays += text.arrays;
            items.push_back("arch::Device" + text.initialiser);
        }
        devices += array_cpp("arch::Device", name, items);
    }
    return fmt::format("// Generated by boardgen from boards/{0}: do not edit.\n"
                       "// SPDX-License-Identifier: BSD-2-Clause\n"
                       "#pragma once\n\n"
                       "#include \"arch/device.hpp\"\n#include \"arch/platform.hpp\"\n"
                       "#include \"base/address.hpp\"\n\n"
                       "#include <array>\n#include <cstdint>\n#include <string_view>\n\n"
                       "namespace board {{\n\n{1}\n{2}\n"
                       "namespace detail {{\n{3}}} // namespace detail\n\n{4}\n"
                       "}} // namespace board\n",
                       board.name, facts_cpp(board), gic_cpp(board.gic), arrays, devices);
}

std::string cmake_facts(const Board& board)
{
    std::vector<std::string> devices;
    for (const auto& [name, device] : board.devices) {
        devices.push_back(name);
    }
    for (const auto& [name, all] : board.device_arrays) {
        devices.push_back(name);
    }
    auto       text  = fmt::format("# Generated by boardgen from boards/{0}: do not edit.\n"
                                          "set(BOARD_NAME {0})\nset(BOARD_ARCH {1})\nset(BOARD_CPU {2})\n"
                                          "set(BOARD_GIC_VERSION {3})\nset(BOARD_LOAD_ADDRESS {4:#x})\n"
                                          "set(BOARD_TIMER_IRQ {5})\nset(BOARD_DEVICES {6})\n",
                                   board.name, board.arch, board.cpu, board.gic.version,
                                   board.load_address, board.timer.physical, fmt::join(devices, " "));
    const auto pages = whole_pages(board.console.registers.front());
    text +=
        fmt::format("# The console: the pages with its registers, its interrupt, and what Linux "
                    "calls it.\n"
                    "set(BOARD_CONSOLE_START {:#x})\nset(BOARD_CONSOLE_SIZE {:#x})\n"
                    "set(BOARD_CONSOLE_IRQ {})\nset(BOARD_CONSOLE_LINUX \"{}\")\n",
                    pages.start, pages.size, board.console.interrupts.front().intid,
                    linux_console(board.console));
    if (board.gic.cpu_interface && board.gic.vcpu_interface) {
        text += fmt::format("set(BOARD_GIC_CPU_INTERFACE {:#x})\n"
                            "set(BOARD_GIC_VCPU_INTERFACE {:#x})\n",
                            board.gic.cpu_interface->start, board.gic.vcpu_interface->start);
    }
    return text;
}

} // namespace boardgen
