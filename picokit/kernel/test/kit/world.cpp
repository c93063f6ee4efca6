// SPDX-License-Identifier: BSD-2-Clause
// A system on the fake machine.
#include "world.hpp"

#include "kernel/console.hpp"
#include "kernel/ipc.hpp"
#include "kernel/panic.hpp"
#include "kernel/scheduler.hpp"
#include "kernel/syscall.hpp"
#include "kernel/trap.hpp"

#include <algorithm>
#include <new>

namespace kernel {

void panic(std::string_view what, std::uint64_t, std::source_location)
{
    throw test::Panic{std::string{what}};
}

namespace test {

namespace {
std::uint64_t address_of(const void* object) { return reinterpret_cast<std::uint64_t>(object); }
} // namespace

World::World()
{
    machine::fake = {};
    g_system.~System();
    new (&g_system) System;
    core->cptr           = k_cptr_fp_trapped;
    core->list_registers = 4;
    core->borrowed       = k_borrowed_cpacr | k_borrowed_counter | k_borrowed_mdscr;
}

unsigned World::add_pd(const std::string& name, const PdOptions& options)
{
    const auto        index = static_cast<unsigned>(pds_.size());
    picokit::PdEntry& entry = pds_.emplace_back();
    caps_.emplace_back();
    user_caps_.emplace_back();
    buffers_.emplace_back();
    std::ranges::copy(name, entry.thread.name);
    entry.thread.vmid = static_cast<std::uint16_t>(index + 1);
    entry.thread.parent =
        options.parent < 0 ? picokit::k_no_parent : static_cast<std::uint16_t>(options.parent);
    entry.thread.child_id  = options.child_id;
    entry.thread.priority  = options.priority;
    entry.thread.domain    = options.domain;
    entry.thread.budget_us = options.budget;
    entry.thread.period_us = options.period;
    entry.entry            = 0x20'0000;
    entry.stack_top        = 0xff'ffff'e000;
    entry.stack_bottom     = 0xff'ffff'c000;
    entry.passive          = options.passive;
    entry.fpu              = options.fpu;
    if (options.parent >= 0) {
        capability(static_cast<unsigned>(options.parent), PICOKIT_CAP_BASE_TCB + options.child_id,
                   {.type   = picokit::CapType::tcb,
                    .badge  = 0,
                    .object = static_cast<std::uint16_t>(index)});
    }
    return index;
}

unsigned World::add_vcpu(unsigned parent, std::uint8_t id, std::uint8_t priority)
{
    const auto index       = static_cast<unsigned>(vcpus_.size());
    auto&      entry       = vcpus_.emplace_back();
    entry.thread.name[0]   = 'g';
    entry.thread.vmid      = static_cast<std::uint16_t>(100 + parent);
    entry.thread.parent    = static_cast<std::uint16_t>(parent);
    entry.thread.child_id  = id;
    entry.thread.priority  = priority;
    entry.thread.budget_us = 1000;
    entry.thread.period_us = 1000;
    // TCB numbers count all PDs first: only right when these come after.
    capability(parent, PICOKIT_CAP_BASE_VM_TCB + id,
               {.type   = picokit::CapType::tcb,
                .badge  = 0,
                .object = static_cast<std::uint16_t>(pds_.size() + index)});
    capability(
        parent, PICOKIT_CAP_BASE_VCPU + id,
        {.type = picokit::CapType::vcpu, .badge = 0, .object = static_cast<std::uint16_t>(index)});
    return index;
}

void World::add_irq(unsigned pd, std::uint8_t channel, std::uint32_t intid)
{
    capability(pd, PICOKIT_CAP_BASE_IRQ + channel,
               {.type   = picokit::CapType::irq,
                .badge  = 0,
                .object = static_cast<std::uint16_t>(irqs_.size())});
    irqs_.push_back(
        {.intid = intid, .pd = static_cast<std::uint16_t>(pd), .channel = channel, .edge = false});
}

void World::channel(unsigned a, std::uint8_t a_id, unsigned b, std::uint8_t b_id, bool call)
{
    using picokit::CapType;
    const auto to = [](CapType type, unsigned pd, std::uint8_t badge) {
        return picokit::CapEntry{
            .type = type, .badge = badge, .object = static_cast<std::uint16_t>(pd)};
    };
    capability(a, PICOKIT_CAP_BASE_NOTIFICATION + a_id, to(CapType::notification, b, b_id));
    capability(b, PICOKIT_CAP_BASE_NOTIFICATION + b_id, to(CapType::notification, a, a_id));
    if (call) {
        capability(a, PICOKIT_CAP_BASE_ENDPOINT + a_id, to(CapType::endpoint, b, b_id));
    }
}

void World::capability(unsigned pd, std::uint64_t slot, picokit::CapEntry entry)
{
    if (slot < PICOKIT_CAP_SLOTS) {
        caps_[pd][slot] = entry;
    } else {
        user_caps_[pd][slot >> 58] = entry;
    }
}

void World::domain(std::uint8_t number, std::uint64_t ticks)
{
    domains_.push_back({.duration = ticks, .domain = number, .ticks = true, .reserved = {}});
}

void World::boot()
{
    for (std::size_t i = 0; i < pds_.size(); ++i) {
        pds_[i].ipc_buffer = address_of(&buffers_[i]);
        pds_[i].caps       = {address_of(caps_[i].data()), caps_[i].size()};
        pds_[i].user_caps  = {address_of(user_caps_[i].data()), user_caps_[i].size()};
    }
    table_.magic   = picokit::k_table_magic;
    table_.pds     = {address_of(pds_.data()), pds_.size()};
    table_.vcpus   = {address_of(vcpus_.data()), vcpus_.size()};
    table_.irqs    = {address_of(irqs_.data()), irqs_.size()};
    table_.domains = {address_of(domains_.data()), domains_.size()};
    create_system(g_system, *core, table_);
    enter(dispatch(*core));
}

/// What exception.S guarantees: the thread that goes on is the current one.
void World::enter(Thread* next)
{
    ASSERT_NE(next, nullptr);
    ASSERT_EQ(next, core->current);
    ASSERT_EQ(next, core->next);
    ASSERT_EQ(next->state, State::ready);
    ASSERT_EQ(next->queued, Queued::no);
    ASSERT_NE(next->budget, nullptr);
}

void World::syscall(unsigned index, unsigned number, std::uint64_t x0, std::uint64_t x1,
                    std::uint64_t x2)
{
    Pd& caller = pd(index);
    ASSERT_EQ(current(), &caller) << "not the current thread: " << caller.name();
    caller.context[Word::x0] = x0;
    caller.context[Word::x1] = x1;
    caller.context[Word::x2] = x2;
    caller.context[Word::x7] = number;
    caller.context[Word::pc] += 4;
    Thread* next =
        number < k_syscall_count ? k_picokit_syscalls[number](x0, x1, x2, caller, *core) : nullptr;
    if (next == nullptr) {
        next = picokit_syscall_fault(caller, *core);
    }
    enter(next);
}

std::uint64_t World::ask(unsigned index, unsigned number, std::uint64_t x0, std::uint64_t x1,
                         std::uint64_t x2)
{
    syscall(index, number, x0, x1, x2);
    return this->x0(index);
}

void World::stop(unsigned index)
{
    cancel(*core, pd(index));
    enter(reschedule(*core));
}

void World::start(unsigned index)
{
    restart(*core, pd(index));
    enter(reschedule(*core));
}

void World::trap(std::uint64_t esr) { enter(picokit_trap(*current(), *core, esr)); }

void World::interrupt(std::uint32_t intid)
{
    machine::fake.pending.push_back(intid);
    enter(picokit_interrupt(*current(), *core));
}

void World::pass(Ticks ticks)
{
    auto& now = machine::fake[Register::cntpct_el0];
    now += ticks;
    if (machine::fake[Register::cnthp_ctl_el2] == 1 &&
        machine::fake[Register::cnthp_cval_el2] <= now) {
        interrupt(board::timer.hypervisor);
    }
}

} // namespace test
} // namespace kernel
