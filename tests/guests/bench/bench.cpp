// SPDX-License-Identifier: BSD-2-Clause
// Counts what a guest pays for each kind of exit, in instructions, and prints
//     boot first_instruction P virtual V
//     bench NAME mean M min M max M count N
// With several CPUs the others wait for interrupts meanwhile; then what an interrupt from one CPU
// to another costs. Needs QEMU with -icount shift=0: then one instruction is one nanosecond of the
// virtual counter. Runs on QEMU `virt` itself as well; what is counted there is the cost of
// nothing.
#include "guest/console.hpp"
#include "guest/cpu.hpp"
#include "guest/exception.hpp"
#include "guest/gic.hpp"
#include "guest/main.hpp"
#include "guest/psci.hpp"
#include "guest/stamp.hpp"
#include "guest/timer.hpp"

#include "ipi.hpp"
#include "samples.hpp"

#include <algorithm>

namespace bench {

constinit std::uint64_t overhead = 0;

} // namespace bench

namespace {

using namespace bench;
using guest::print;

// Written by the interrupt handler.
constinit volatile std::uint64_t interrupt_time = 0;
constinit volatile std::uint32_t interrupts     = 0;

void on_interrupt(guest::Frame& frame, std::uint32_t intid)
{
    if (take_ipi(frame, intid)) {
        return;
    }
    if (intid != k_sgi) {
        guest::stop_timer();
    }
    interrupt_time = frame.time;
    interrupts     = interrupts + 1;
}

void wait_for_interrupts(std::uint32_t count)
{
    while (interrupts < count) {
    }
}

/// Whether the machine counts exactly: the same function always takes the same.
bool measure_overhead()
{
    const auto nothing = [] {
        const auto stamps = bench_nothing(0, 0);
        return stamps.second - stamps.first;
    };
    overhead   = nothing();
    bool exact = guest::ticks_per_second() * guest::k_nanoseconds_per_tick == 1'000'000'000;
    for (unsigned i = 0; i < k_samples; ++i) {
        exact = exact && nothing() == overhead;
    }
    return exact;
}

bool answers(guest::Conduit conduit)
{
    const auto try_it = [](std::uint64_t value) {
        (void)guest::call(static_cast<guest::Conduit>(value), guest::Psci::version);
    };
    return guest::survive(try_it, static_cast<std::uint64_t>(conduit)) == 0;
}

void bench_hypercalls(const guest::Platform& platform)
{
    const auto version = static_cast<std::uint64_t>(guest::Psci::version);
    const auto hvc     = [=] { return instructions(bench_hvc(version, 0)); };
    const auto smc     = [=] { return instructions(bench_smc(version, 0)); };
    if (answers(guest::Conduit::hvc)) {
        report("hypercall_hvc", hvc);
    }
    if (answers(guest::Conduit::smc)) {
        report("hypercall_smc", smc);
    }
    if (platform.conduit == guest::Conduit::hvc) {
        report("hypercall", hvc);
    } else {
        report("hypercall", smc);
    }
}

void bench_distributor(const guest::Platform& platform)
{
    constexpr std::uint64_t k_typer = 0x4, k_isenabler1 = 0x104;
    const auto              gicd = platform.distributor;
    report("gicd_read", [=] { return instructions(bench_read32(gicd + k_typer, 0)); });
    report("gicd_write", [=] { return instructions(bench_write32(gicd + k_isenabler1, 0)); });
}

Stamps send_to_self(const guest::Platform& platform)
{
    constexpr std::uint64_t k_sgir     = 0xf00;
    const auto              seen       = interrupts;
    const auto              own_mpidr  = guest::own_mpidr();
    const auto              from_sgi1r = guest::sgi1r(own_mpidr, k_sgi);
    guest::enable_interrupts();
    const auto stamps = platform.gic_version == 2 ? bench_write32(platform.distributor + k_sgir,
                                                                  guest::sgir_to_self(k_sgi))
                                                  : bench_sgi1r(0, from_sgi1r);
    wait_for_interrupts(seen + 1);
    guest::disable_interrupts();
    return stamps;
}

void bench_sgi(const guest::Platform& platform)
{
    guest::gic().enable(k_sgi);
    report("sgi_self", [&] {
        const auto stamps = send_to_self(platform);
        return interrupt_time - beginning(stamps);
    });
    report("sgi_self_with_return", [&] { return instructions(send_to_self(platform)); });
}

void bench_timer(const guest::Platform& platform)
{
    constexpr std::uint64_t k_delay = 20'000 / guest::k_nanoseconds_per_tick;
    guest::gic().enable(platform.virtual_timer);
    report("timer", [] {
        const auto seen     = interrupts;
        const auto deadline = guest::now() + k_delay;
        guest::start_timer(deadline);
        guest::enable_interrupts();
        wait_for_interrupts(seen + 1);
        guest::disable_interrupts();
        return interrupt_time - deadline * guest::k_nanoseconds_per_tick;
    });
}

/// With interrupts masked, WFI ends all the same; the handler runs after that.
void bench_wake_up()
{
    constexpr std::uint64_t k_delay = 200'000 / guest::k_nanoseconds_per_tick;
    std::uint32_t           early   = 0;
    report("wfi", [&] {
        const auto seen     = interrupts;
        const auto deadline = guest::now() + k_delay;
        guest::start_timer(deadline);
        const auto woken = bench_wfi(0, 0).second - k_after_operation;
        guest::enable_interrupts();
        wait_for_interrupts(seen + 1);
        guest::disable_interrupts();
        const auto wanted = deadline * guest::k_nanoseconds_per_tick;
        early += woken < wanted ? 1 : 0;
        return woken - std::min(woken, wanted);
    });
    if (early != 0) {
        print("bench: WFI returned ", early, " times before its deadline\n");
    }
}

} // namespace

void guest::run(const Platform& platform)
{
    const auto first = first_instruction();
    print("boot first_instruction ", first.physical_count * k_nanoseconds_per_tick, " virtual ",
          first.virtual_count * k_nanoseconds_per_tick, "\n");
    if (!measure_overhead()) {
        print("bench: not exact: start QEMU with -icount shift=0,sleep=off\n");
    }
    set_interrupt_handler(on_interrupt);
    select_gic(platform).configure();
    gic().configure_cpu();
    print("bench: ", gic().name(), ", entered at EL", entry_level(), "\n");

    start_other_cpus(platform);
    bench_hypercalls(platform);
    bench_distributor(platform);
    bench_sgi(platform);
    bench_timer(platform);
    bench_wake_up();
    bench_ipi(platform);
    print("bench: done\n");
}
