// SPDX-License-Identifier: BSD-2-Clause
// The conductor: goes through the list of operations, one CPU at a time.
#include "state.hpp"

#include "guest/console.hpp"
#include "guest/main.hpp"
#include "guest/psci.hpp"
#include "guest/smp.hpp"
#include "guest/timer.hpp"

namespace oracle {

constinit State state;

namespace {

LogHeader& log_header() { return *reinterpret_cast<LogHeader*>(k_log); }

void log_entry()
{
    const auto level = GUEST_READ_SYSREG(CurrentEL);
    const auto daif  = GUEST_READ_SYSREG(daif);
    const auto sctlr = GUEST_READ_SYSREG(sctlr_el1);
    log(What::entered, level << 48 | daif << 32 | (sctlr & 0x1005));
}

/// What a CPU does before anything else, the same after each start.
void prepare_cpu()
{
    set_up_interrupts();
    GUEST_WRITE_SYSREG(cntv_ctl_el0, 0);
    GUEST_WRITE_SYSREG(cntv_cval_el0, ~std::uint64_t{0});
    GUEST_WRITE_SYSREG(cntkctl_el1, 0);
    GUEST_WRITE_SYSREG(csselr_el1, 0);
    GUEST_WRITE_SYSREG(mdscr_el1, 0);
    GUEST_WRITE_SYSREG(tpidr_el1, 0);
    GUEST_WRITE_SYSREG(tpidr_el0, 0);
    GUEST_WRITE_SYSREG(tpidrro_el0, 0);
    GUEST_WRITE_SYSREG(contextidr_el1, 0);
    GUEST_WRITE_SYSREG(ttbr0_el1, 0);
    GUEST_WRITE_SYSREG(ttbr1_el1, 0);
    GUEST_WRITE_SYSREG(mair_el1, 0);
    GUEST_WRITE_SYSREG(amair_el1, 0);
    GUEST_WRITE_SYSREG(afsr0_el1, 0);
    GUEST_WRITE_SYSREG(afsr1_el1, 0);
    GUEST_WRITE_SYSREG(par_el1, 0);
    GUEST_WRITE_SYSREG(cpacr_el1, 0);
    guest::instruction_barrier();
    self_state().policy = Policy::end;
}

/// The next CPU after `cpu` that is on; 0 when there is none.
unsigned next_online(unsigned cpu)
{
    while (++cpu < state.cpus) {
        if (state.cpu[cpu].online) {
            return cpu;
        }
    }
    return 0;
}

/// A CPU that was started by CPU_ON.
void cpu_main(unsigned index)
{
    prepare_cpu();
    if (!state.cpu[index].was_on) {
        set_up_private();
        state.cpu[index].was_on = true;
    }
    log_entry();
    state.cpu[index].online = true;
    for (;;) {
        while (state.turn != index) {
            pass();
        }
        if (state.task == Task::perform) {
            perform(*state.current);
            state.turn = 0;
        } else {
            open_window();
            state.turn = next_online(index);
        }
        if (!state.cpu[index].online) {
            (void)firmware(static_cast<std::uint64_t>(guest::Psci::cpu_off));
            state.cpu[index].off_fail = true;
            state.cpu[index].online   = true;
        }
    }
}

void wait_for_turn()
{
    while (state.turn != 0) {
        answer_wait();
        pass();
    }
}

void wait_until_off(unsigned cpu)
{
    while (!state.cpu[cpu].off_fail &&
           firmware(static_cast<std::uint64_t>(guest::Psci::affinity_info),
                    state.platform->cpus[cpu]) != 1) {
        pass();
    }
    if (state.cpu[cpu].off_fail) {
        log(What::off_failed, cpu);
        state.cpu[cpu].off_fail = false;
    }
}

void step(const Operation& operation)
{
    const unsigned cpu = operation.cpu;
    if (cpu >= state.cpus || !state.cpu[cpu].online) {
        return;
    }
    state.current = &operation;
    if (cpu == 0) {
        perform(operation);
    } else {
        state.task = Task::perform;
        state.turn = cpu;
        wait_for_turn();
        if (!state.cpu[cpu].online) {
            wait_until_off(cpu);
        }
    }
    open_window();
    state.task = Task::window;
    state.turn = next_online(0);
    wait_for_turn();
}

void start_all()
{
    for (unsigned i = 1; i < state.cpus; ++i) {
        (void)guest::start_cpu(*state.platform, i, cpu_main);
        while (!state.cpu[i].online) {
            pass();
        }
    }
}

} // namespace

void log(What what, std::uint64_t value)
{
    auto&               header  = log_header();
    constexpr auto      k_most  = static_cast<std::uint32_t>(k_log_size / sizeof(Record)) - 1;
    Record* const       records = reinterpret_cast<Record*>(k_log + sizeof(LogHeader));
    const std::uint32_t at      = header.records;
    if (at < k_most) {
        records[at]    = {state.index, static_cast<std::uint8_t>(self()), what, 0, value};
        header.records = at + 1;
    }
}

} // namespace oracle

void guest::run(const Platform& platform)
{
    using namespace oracle;
    const auto* const header = reinterpret_cast<const Header*>(k_program);
    if (header->magic != k_magic) {
        print("oracle: there is no program in memory\n");
        return;
    }
    log_header()   = {k_magic, 0, 0, static_cast<std::uint32_t>(platform.cpus.size())};
    state.platform = &platform;
    state.header   = header;
    state.v3       = platform.gic_version == 3;
    state.cpus     = static_cast<unsigned>(platform.cpus.size());
    state.cpus     = state.cpus < k_max_cpus ? state.cpus : k_max_cpus;
    state.gicr     = platform.cpu_interface;

    prepare_cpu();
    set_up_distributor();
    set_up_private();
    state.cpu[0].online = true;
    start_all();
    const auto* const operations = reinterpret_cast<const Operation*>(k_program + sizeof(Header));
    for (state.index = 0; state.index < header->operations; ++state.index) {
        step(operations[state.index]);
    }
    log_header().finished = 1;
}
