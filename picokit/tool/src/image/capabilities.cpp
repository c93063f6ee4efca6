// SPDX-License-Identifier: BSD-2-Clause
// Which capability is in which slot: from channels, interrupts, children and <cspace>.
#include "image/system_table.hpp"

#include "picokit/abi.h"

#include <algorithm>

namespace tool {
namespace {

using picokit::CapEntry;
using picokit::CapType;

CapEntry cap(CapType type, std::size_t object, std::uint64_t badge = 0)
{
    return {type, static_cast<std::uint8_t>(badge), static_cast<std::uint16_t>(object)};
}

/// What one end of a channel may do to the other.
void add_channel(const System& system, std::size_t pd, const ChannelEnd& mine,
                 const ChannelEnd& theirs, std::vector<CapEntry>& caps)
{
    if (mine.pd != system.pds[pd].name) {
        return;
    }
    const auto peer = *system.find_pd(theirs.pd);
    if (mine.notify) {
        caps[PICOKIT_CAP_BASE_NOTIFICATION + mine.id] = cap(CapType::notification, peer, theirs.id);
    }
    if (mine.pp) {
        caps[PICOKIT_CAP_BASE_ENDPOINT + mine.id] = cap(CapType::endpoint, peer, theirs.id);
    }
}

/// vCPUs are numbered over all virtual machines, in the order of the PDs.
std::size_t first_vcpu(const System& system, std::size_t pd)
{
    std::size_t count = 0;
    for (std::size_t i = 0; i < pd; ++i) {
        count += system.pds[i].vm ? system.pds[i].vm->vcpus.size() : 0;
    }
    return count;
}

} // namespace

std::vector<picokit::IrqEntry> irq_entries(const System& system)
{
    std::vector<picokit::IrqEntry> irqs;
    for (std::size_t i = 0; i < system.pds.size(); ++i) {
        for (const auto& irq : system.pds[i].irqs) {
            irqs.push_back({static_cast<std::uint32_t>(irq.number), static_cast<std::uint16_t>(i),
                            static_cast<std::uint8_t>(irq.id), irq.edge});
        }
    }
    std::ranges::sort(irqs, {}, &picokit::IrqEntry::intid);
    return irqs;
}

std::vector<CapEntry> pd_caps(const Inputs& inputs, std::size_t index)
{
    const auto&           system = inputs.system;
    const auto&           pd     = system.pds[index];
    std::vector<CapEntry> caps(PICOKIT_CAP_SLOTS);
    if (inputs.own_tcb) {
        caps[PICOKIT_CAP_TCB] = cap(CapType::tcb, index);
    }
    if (pd.smc) {
        caps[PICOKIT_CAP_SMC] = cap(CapType::smc, 0);
    }
    for (const auto& [where, ends] : system.channels) {
        add_channel(system, index, ends[0], ends[1], caps);
        add_channel(system, index, ends[1], ends[0], caps);
    }
    const auto irqs = irq_entries(system);
    for (std::size_t i = 0; i < irqs.size(); ++i) {
        if (irqs[i].pd == index) {
            caps[PICOKIT_CAP_BASE_IRQ + irqs[i].channel] = cap(CapType::irq, i);
        }
    }
    for (std::size_t i = 0; i < system.pds.size(); ++i) {
        if (system.pds[i].parent == index) {
            caps[PICOKIT_CAP_BASE_TCB + system.pds[i].child_id] = cap(CapType::tcb, i);
        }
    }
    if (pd.vm) {
        const auto first = first_vcpu(system, index);
        for (std::size_t i = 0; i < pd.vm->vcpus.size(); ++i) {
            const auto id                      = pd.vm->vcpus[i].id;
            caps[PICOKIT_CAP_BASE_VM_TCB + id] = cap(CapType::tcb, system.pds.size() + first + i);
            caps[PICOKIT_CAP_BASE_VCPU + id]   = cap(CapType::vcpu, first + i);
        }
    }
    return caps;
}

} // namespace tool
