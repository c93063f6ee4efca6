// SPDX-License-Identifier: BSD-2-Clause
// From the system table to the kernel's objects.
#include "kernel/system.hpp"

#include "kernel/native.hpp"
#include "kernel/panic.hpp"
#include "kernel/scheduler.hpp"
#include "machine/machine.hpp"
#include "picokit/abi.h"

#include <algorithm>

namespace kernel {

constinit System g_system;

namespace {

template <class T>
std::span<const T> entries(const picokit::TableArray& array, std::uint64_t limit)
{
    if (array.count > limit) {
        panic("the system table has more entries than the kernel has room for", array.count);
    }
    return {machine::pointer<const T>(array.address), array.count};
}

void create_thread(System& system, Thread& thread, const picokit::ThreadEntry& entry)
{
    constexpr unsigned k_vmid_shift = 48;
    thread.entry                    = &entry;
    thread.vttbr    = entry.stage2_root | static_cast<std::uint64_t>(entry.vmid) << k_vmid_shift;
    thread.priority = entry.priority;
    thread.domain   = entry.domain;
    thread.child_id = entry.child_id;
    thread.context[Word::spsr] = k_user_spsr.raw();
    if (entry.parent != picokit::k_no_parent) {
        if (entry.parent >= system.table->pds.count) {
            panic("the system table names a parent that does not exist", entry.parent);
        }
        thread.parent = &system.pds[entry.parent];
    }
    if (entry.domain >= picokit::k_max_domains || entry.cpu >= board::cores) {
        panic("the system table names a domain or core that does not exist", entry.cpu);
    }
    thread.own_budget.configure(ticks_of(entry.budget_us, board::timer_hz),
                                ticks_of(entry.period_us, board::timer_hz));
    thread.budget = &thread.own_budget;
}

void create_pd(System& system, Pd& pd, const picokit::PdEntry& entry)
{
    create_thread(system, pd, entry.thread);
    pd.kind              = Kind::pd;
    pd.hcr               = k_native_hcr;
    pd.context[Word::pc] = entry.entry;
    pd.context[Word::sp] = entry.stack_top;
    pd.stack_bottom      = entry.stack_bottom;
    pd.message   = machine::pointer<std::uint64_t>(entry.ipc_buffer + PICOKIT_IPC_WORDS_OFFSET);
    pd.caps      = entries<picokit::CapEntry>(entry.caps, PICOKIT_CAP_SLOTS).data();
    pd.user_caps = entry.user_caps.count != 0
                       ? entries<picokit::CapEntry>(entry.user_caps, PICOKIT_CAP_USER_SLOTS).data()
                       : nullptr;
    pd.may_be_passive = entry.passive;
    pd.fpu            = entry.fpu;
    if (entry.caps.count != PICOKIT_CAP_SLOTS ||
        (pd.user_caps != nullptr && entry.user_caps.count != PICOKIT_CAP_USER_SLOTS)) {
        panic("a capability table has the wrong size", entry.caps.count);
    }
}

void create_irqs(System& system, Core& core)
{
    for (std::size_t i = 0; i < system.irqs.size(); ++i) {
        const picokit::IrqEntry& irq = system.irqs[i];
        if (irq.intid > k_max_intid) {
            panic("the system table has an interrupt number that does not exist", irq.intid);
        }
        system.irq_of_intid[irq.intid] = static_cast<std::uint16_t>(i + 1);
        core.gic.set_trigger(irq.intid, irq.edge);
    }
}

} // namespace

std::string_view Thread::name() const
{
    const std::string_view all{entry->name, picokit::k_name_length};
    return all.substr(0, all.find('\0'));
}

void create_system(System& system, Core& core, const picokit::SystemTable& table)
{
    using namespace picokit;
    if (table.magic != k_table_magic) {
        panic("this is no system table that the kernel knows", table.magic);
    }
    system.table     = &table;
    const auto pds   = entries<PdEntry>(table.pds, k_max_pds);
    const auto vcpus = entries<VcpuEntry>(table.vcpus, k_max_vcpus);
    system.irqs      = entries<IrqEntry>(table.irqs, k_max_irqs);
    system.domains   = entries<DomainEntry>(table.domains, k_max_domain_entries);
    for (std::size_t i = 0; i < pds.size(); ++i) {
        create_pd(system, system.pds[i], pds[i]);
        system.threads[i] = &system.pds[i];
    }
    for (std::size_t i = 0; i < vcpus.size(); ++i) {
        Vcpu& vcpu = system.vcpus[i];
        create_thread(system, vcpu, vcpus[i].thread);
        system.threads[pds.size() + i] = &vcpu;
        system.vcpu_of_index[i]        = &vcpu;
        vcpu.kind                      = Kind::vcpu;
        vcpu.hcr                       = k_guest_hcr;
        reset(core, vcpu, PICOKIT_RESET_PROCESSOR | PICOKIT_RESET_INTERFACE);
    }
    create_irqs(system, core);
    start_domains(core, system.domains, table.domain_start);
    for (std::size_t i = 0; i < pds.size(); ++i) {
        wake(core, system.pds[i]);
    }
}

} // namespace kernel
