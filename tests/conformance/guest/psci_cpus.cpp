// SPDX-License-Identifier: BSD-2-Clause
// PSCI 1.1 (DEN 0022) with several CPUs: how one starts, stops, races and sleeps.
#include "calls.hpp"
#include "check.hpp"
#include "controller.hpp"
#include "cpus.hpp"
#include "sections.hpp"

#include "guest/gic.hpp"

#include "arch/smccc.hpp"

namespace conformance {
namespace {

namespace ids = arch::psci;

/// What conformance_bare_start finds, and how it calls.
struct Found {
    volatile std::uint64_t done, level, daif, sctlr, mpidr, spsel, smc;
};
alignas(64) constinit Found found{};

std::uint64_t entry() { return reinterpret_cast<std::uint64_t>(conformance_bare_start); }

void check_start(unsigned cpu)
{
    found.done     = 0;
    found.smc      = platform().conduit == guest::Conduit::smc ? 1U : 0U;
    const auto ret = psci(guest::Psci::cpu_on, platform().cpus[cpu], entry(),
                          reinterpret_cast<std::uint64_t>(&found));
    check_equal(static_cast<std::uint64_t>(ret), 0, "DEN0022 CPU_ON", "SUCCESS");
    const bool came = wait_until(k_soon, [] { return found.done != 0; });
    check(came, "DEN0022 CPU_ON", "the CPU runs at its entry, x0 is the context");
    check_equal(found.level, 4, "DEN0022 6.4 initial state",
                "it starts at the caller's level, EL1");
    check_equal(found.daif, 0x3c0, "DEN0022 6.4 initial state", "D, A, I and F are masked");
    check_equal(found.spsel, 1, "DEN0022 6.4 initial state", "SP_EL1 is selected");
    check_equal(found.sctlr & 0x1005, 0, "DEN0022 6.4 initial state",
                "MMU, data and instruction cache are off");
    check_equal(found.mpidr & 0xff'00ff'ffff, platform().cpus[cpu], "DEN0022 CPU_ON",
                "it is the CPU that was meant");
    check(wait_for_cpu(cpu, true), "DEN0022 AFFINITY_INFO", "OFF after CPU_OFF");

    // The 32-bit form, and the same CPU again.
    found.done      = 0;
    const auto low  = reinterpret_cast<std::uint64_t>(&found);
    const bool fits = (low | entry()) >> 32 == 0;
    if (!fits) {
        skip("DEN0022 CPU_ON", "32-bit form: the CPU runs again", "the program lies above 4 GiB");
        return;
    }
    (void)call(ids::k_cpu_on, 0xf'0000'0000 | platform().cpus[cpu], 0xf'0000'0000 | entry(),
               0xf'0000'0000 | low);
    check(wait_until(k_soon, [] { return found.done != 0; }) && wait_for_cpu(cpu, true),
          "DEN0022 CPU_ON", "32-bit form: the CPU runs again, upper halves ignored");
}

constinit volatile bool may_go = false, is_there = false;

void stay(unsigned)
{
    is_there = true;
    (void)wait_until(k_soon, [] { return may_go; });
}

void check_on_and_off()
{
    constexpr auto k_already = static_cast<std::uint64_t>(ids::k_already_on);
    may_go                   = false;
    is_there                 = false;
    check(start_on(1, stay) && wait_until(k_soon, [] { return is_there; }), "DEN0022 CPU_ON",
          "a CPU can be started again after CPU_OFF");
    check_equal(static_cast<std::uint64_t>(psci(guest::Psci::affinity_info, platform().cpus[1])), 0,
                "DEN0022 AFFINITY_INFO", "ON while it runs");
    check_equal(static_cast<std::uint64_t>(psci(guest::Psci::cpu_on, platform().cpus[1], entry())),
                k_already, "DEN0022 CPU_ON", "a CPU that is on: ALREADY_ON");
    if (static_cast<std::int32_t>(call(ids::k_features, ids::k_system_suspend)) >= 0) {
        check_equal(
            static_cast<std::uint64_t>(call(ids::k_system_suspend | ids::k_smc64, entry(), 0)),
            static_cast<std::uint64_t>(ids::k_denied), "DEN0022 SYSTEM_SUSPEND",
            "DENIED while another CPU is on");
    } else {
        skip("DEN0022 SYSTEM_SUSPEND", "DENIED while another CPU is on", "not implemented");
    }
    may_go = true;
    check(wait_for_cpu(1, true), "DEN0022 CPU_OFF", "the CPU is off when its work is done");
}

constinit volatile std::int64_t answers_of[16] = {};
constinit volatile unsigned     runners = 0, starts = 0;
constinit volatile bool         go = false;

void count_start(unsigned)
{
    starts = starts + 1;
    (void)wait_until(k_soon, [] { return may_go; });
}

/// All CPUs but the last want to start the last one, at once.
void check_race()
{
    const auto cpus = static_cast<unsigned>(platform().cpus.size());
    if (cpus < 3) {
        skip("DEN0022 CPU_ON", "a race: one SUCCESS, ALREADY_ON or ON_PENDING for others",
             "fewer than three CPUs");
        return;
    }
    bool right = true;
    for (int round = 0; round < 4; ++round) {
        go     = false;
        may_go = false;
        starts = 0;
        for (unsigned cpu = 1; cpu + 1 < cpus; ++cpu) {
            answers_of[cpu] = 99;
            right           = start_on(cpu,
                                       [](unsigned own) {
                                 (void)wait_until(k_soon, [] { return go; });
                                 answers_of[own] = guest::start_cpu(
                                               platform(), static_cast<unsigned>(platform().cpus.size()) - 1,
                                               count_start);
                             }) &&
                    right;
        }
        go                 = true;
        answers_of[0]      = guest::start_cpu(platform(), cpus - 1, count_start);
        unsigned successes = answers_of[0] == 0 ? 1U : 0U;
        right = right && (answers_of[0] == 0 || answers_of[0] == -4 || answers_of[0] == -5);
        for (unsigned cpu = 1; cpu + 1 < cpus; ++cpu) {
            right = wait_for_cpu(cpu, true) && right;
            successes += answers_of[cpu] == 0 ? 1U : 0U;
            right =
                right && (answers_of[cpu] == 0 || answers_of[cpu] == -4 || answers_of[cpu] == -5);
        }
        right  = wait_until(k_soon, [] { return starts != 0; }) && right;
        may_go = true;
        right  = wait_for_cpu(cpus - 1, true) && successes == 1 && starts == 1 && right;
    }
    check(right, "DEN0022 CPU_ON", "a race: one SUCCESS, ALREADY_ON or ON_PENDING for others");
}

void check_again_and_again()
{
    bool right = true;
    runners    = 0;
    for (int i = 0; i < 30; ++i) {
        right =
            run_on(1 + static_cast<unsigned>(i) % static_cast<unsigned>(platform().cpus.size() - 1),
                   [](unsigned) { runners = runners + 1; }) &&
            right;
    }
    check(right && runners == 30, "DEN0022 CPU_OFF", "thirty starts and stops");
}

void check_standby_elsewhere()
{
    is_there           = false;
    answers_of[1]      = 99;
    const bool started = start_on(1, [](unsigned own) {
        set_up_interface();
        is_there        = true;
        answers_of[own] = psci(guest::Psci::cpu_suspend, 0);
        (void)take_and_end();
    });
    const bool there   = started && wait_until(k_soon, [] { return is_there; });
    (void)wait_until(2'000, [] { return false; });
    check(there && answers_of[1] == 99, "DEN0022 CPU_SUSPEND", "another CPU stands by");
    check_equal(static_cast<std::uint64_t>(psci(guest::Psci::affinity_info, platform().cpus[1])), 0,
                "DEN0022 AFFINITY_INFO", "ON while it stands by");
    guest::gic().send(platform().cpus[1], 1);
    check(wait_for_cpu(1, true) && answers_of[1] == 0, "DEN0022 CPU_SUSPEND",
          "an SGI wakes it, SUCCESS");
}

} // namespace

void check_bad_entries()
{
    constexpr const char* k_text = "an entry that is no multiple of 4: INVALID_ADDRESS";
    constexpr const char* k_name = "DEN0022 CPU_ON";
    if (platform().cpus.size() == 1) {
        skip(k_name, k_text, "one CPU");
        return;
    }
    const auto last    = platform().cpus[platform().cpus.size() - 1];
    const auto refused = [&](std::uint64_t where, const char* text) {
        const auto answer = psci(guest::Psci::cpu_on, last, where);
        if (answer == 0) {
            skip(k_name, text, "not known to be invalid here");
            return false;
        }
        check_equal(static_cast<std::uint64_t>(answer),
                    static_cast<std::uint64_t>(ids::k_invalid_address), k_name, text);
        return true;
    };
    if (refused(entry() + 2, k_text) &&
        refused(0xffff'ffff'f000, "an entry outside of memory: INVALID_ADDRESS")) {
        check_equal(static_cast<std::uint64_t>(psci(guest::Psci::affinity_info, last)), 1, k_name,
                    "after an error the CPU is still off");
    }
}

void check_psci_cpus()
{
    quiet();
    if (platform().cpus.size() == 1) {
        skip("DEN0022 CPU_ON", "SUCCESS", "one CPU");
        return;
    }
    bool all_off = true;
    for (unsigned cpu = 1; cpu < platform().cpus.size(); ++cpu) {
        all_off = psci(guest::Psci::affinity_info, platform().cpus[cpu]) == 1 && all_off;
    }
    check(all_off, "DEN0022 AFFINITY_INFO", "a CPU that does not run is OFF");
    check_start(1);
    check_on_and_off();
    check_race();
    check_again_and_again();
    check_standby_elsewhere();
    quiet();
}

} // namespace conformance
