// SPDX-License-Identifier: BSD-2-Clause
// The parts of the report that are about protection domains and what connects them.
#include "report/threads.hpp"

#include "image/system_table.hpp"
#include "layout/address_space.hpp"
#include "report/memory.hpp"
#include "report/text_table.hpp"

#include <fmt/format.h>

namespace tool {
namespace {

std::string map_permissions(const Permissions& permissions)
{
    return fmt::format("{}{}{}", permissions.read ? "r" : "", permissions.write ? "w" : "",
                       permissions.execute ? "x" : "");
}

void add_maps(const Inputs& inputs, const std::vector<Map>& maps, TextTable& table)
{
    for (const auto& map : maps) {
        const auto size = inputs.regions[*inputs.system.find_region(map.region)].size;
        table.row({hex(map.vaddr), hex(map.vaddr + size), map_permissions(map.permissions),
                   map.cached ? "cached" : "device",
                   fmt::format("memory region '{}'", map.region)});
    }
}

std::string address_space(const Inputs& inputs, std::size_t index)
{
    const auto& pd = inputs.system.pds[index];
    TextTable   table{{"start", "end", "perms", "memory", "what"}};
    for (const auto& segment : inputs.programs[index].image.segments) {
        table.row({hex(segment.vaddr), hex(segment.vaddr + segment.memory_size),
                   map_permissions(segment.permissions), "cached", "program"});
    }
    add_maps(inputs, pd.maps, table);
    table.row({hex(stack_bottom(pd)), hex(k_stack_top), "rw", "cached", "stack"});
    table.row({hex(k_ipc_buffer), hex(k_address_limit), "rw", "cached", "IPC buffer"});
    return table.text();
}

std::string flags(const ProtectionDomain& pd)
{
    std::string text;
    const auto  add = [&](bool set, std::string_view name) {
        if (set) {
            text += fmt::format("{}{}", text.empty() ? "" : ", ", name);
        }
    };
    add(pd.passive, "passive");
    add(pd.smc, "smc");
    add(!pd.fpu, "no fpu");
    return text.empty() ? "none" : text;
}

std::string scheduling_text(const Scheduling& scheduling)
{
    return fmt::format("priority {}, budget {} us of {} us", scheduling.priority,
                       scheduling.budget_us, scheduling.period_us);
}

std::string parent_text(const System& system, const ProtectionDomain& pd)
{
    return pd.parent ? fmt::format("child {} of '{}'", pd.child_id, system.pds[*pd.parent].name)
                     : "top level: faults go to the monitor";
}

} // namespace

std::string report_protection_domains(const Inputs& inputs)
{
    std::string text = "# Protection domains\n";
    for (std::size_t i = 0; i < inputs.system.pds.size(); ++i) {
        const auto& pd = inputs.system.pds[i];
        text += fmt::format("\n  {} '{}': {}\n"
                            "    {}\n"
                            "    {}, cpu {}{}; special: {}\n"
                            "    entry {}, stack {}\n\n{}",
                            i, pd.name, pd.program.path, parent_text(inputs.system, pd),
                            scheduling_text(pd.scheduling), pd.cpu,
                            pd.domain ? fmt::format(", domain '{}'", *pd.domain) : "", flags(pd),
                            hex(inputs.programs[i].image.entry), readable_size(pd.stack_size),
                            address_space(inputs, i));
    }
    return text;
}

std::string report_virtual_machines(const Inputs& inputs)
{
    std::string text = "# Virtual machines\n";
    for (const auto& pd : inputs.system.pds) {
        if (!pd.vm) {
            continue;
        }
        text += fmt::format("\n  '{}' in protection domain '{}'\n    {}\n    vCPUs:", pd.vm->name,
                            pd.name, scheduling_text(pd.vm->scheduling));
        for (const auto& vcpu : pd.vm->vcpus) {
            text += fmt::format(" {} (cpu {})", vcpu.id, vcpu.cpu.value_or(pd.cpu));
        }
        TextTable table{{"start", "end", "perms", "memory", "what"}};
        add_maps(inputs, pd.vm->maps, table);
        text += "\n\n" + table.text();
    }
    return text;
}

std::string report_channels(const System& system)
{
    TextTable table{{"from", "id", "to", "id", "notify", "call"}};
    for (const auto& [where, ends] : system.channels) {
        for (const auto& [from, to] : {std::tie(ends[0], ends[1]), std::tie(ends[1], ends[0])}) {
            table.row({from.pd, fmt::format("{}", from.id), to.pd, fmt::format("{}", to.id),
                       from.notify ? "yes" : "no", from.pp ? "yes" : "no"});
        }
    }
    return "# Channels\n\n" + table.text();
}

std::string report_interrupts(const System& system)
{
    TextTable table{{"interrupt", "trigger", "protection domain", "id"}};
    for (const auto& irq : irq_entries(system)) {
        table.row({fmt::format("{}", irq.intid), irq.edge ? "edge" : "level",
                   system.pds[irq.pd].name, fmt::format("{}", irq.channel)});
    }
    return "# Interrupts\n\n" + table.text();
}

std::string report_domains(const System& system)
{
    if (!system.domains) {
        return "# Domain schedule\n\n  none: one domain\n";
    }
    TextTable table{{"domain", "duration"}};
    for (const auto& entry : system.domains->schedule) {
        table.row(
            {entry.domain, fmt::format("{} {}", entry.duration, entry.ticks ? "ticks" : "us")});
    }
    return "# Domain schedule\n\n" + table.text();
}

} // namespace tool
