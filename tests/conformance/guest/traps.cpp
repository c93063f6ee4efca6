// SPDX-License-Identifier: BSD-2-Clause
// What waiting does, what system registers say, and what is undefined (DDI 0487).
#include "calls.hpp"
#include "check.hpp"
#include "controller.hpp"
#include "cpus.hpp"
#include "sections.hpp"

#include "guest/exception.hpp"

namespace conformance {
namespace {

void check_waiting()
{
    quiet();
    prepare(k_spi);
    set(Reg::set_pending, k_spi);
    guest::wait_for_interrupt();
    check_equal(take_and_end() & k_number, k_spi, "DDI0487 WFI",
                "ends at once with an interrupt pending, which is still there");
    set(Reg::clear_enable, k_spi);
    guest::send_event();
    asm volatile("sevl" ::: "memory");
    guest::wait_for_event();
    check(true, "DDI0487 WFE", "ends at once with the event register set");
    bool ended = true;
    for (int i = 0; i < 100; ++i) {
        guest::send_event();
        guest::wait_for_event();
        ended = ended && i < 100;
    }
    check(ended, "DDI0487 WFE", "a hundred SEV and WFE");
    // x30 as after any other instruction: nothing but pc moves.
    std::uint64_t marks[4] = {1, 2, 3, 4};
    asm volatile("ldp x10, x11, [%0]\n ldp x12, x13, [%0, #16]\n sev\n wfe\n sevl\n wfe\n"
                 "stp x10, x11, [%0]\n stp x12, x13, [%0, #16]" ::"r"(marks)
                 : "x10", "x11", "x12", "x13", "memory");
    check(marks[0] == 1 && marks[1] == 2 && marks[2] == 3 && marks[3] == 4, "DDI0487 WFE",
          "registers are as before");
    (void)at_el0(conformance_el0_svc);
    asm volatile("yield" ::: "memory");
    check(true, "DDI0487 YIELD", "goes on");
}

constinit volatile bool          waiting = false, woken = false;
constinit volatile std::uint64_t seen = 0;

void check_events_of_others()
{
    if (platform().cpus.size() == 1) {
        skip("DDI0487 SEV", "wakes another CPU", "one CPU");
        return;
    }
    waiting            = false;
    woken              = false;
    const bool started = start_on(1, [](unsigned) {
        waiting = true;
        guest::data_barrier();
        while (!woken) {
            guest::wait_for_event();
        }
    });
    const bool there   = started && wait_until(k_soon, [] { return waiting; });
    woken              = true;
    guest::data_barrier();
    guest::send_event();
    check(there && wait_for_cpu(1, true), "DDI0487 SEV", "wakes another CPU");
}

void check_identity()
{
    check_equal(GUEST_READ_SYSREG(CurrentEL) >> 2, 1, "DDI0487 CurrentEL", "EL1");
    check_equal(guest::own_mpidr(), platform().cpus[0], "DDI0487 MPIDR_EL1",
                "the affinity that the device tree names");
    check((GUEST_READ_SYSREG(mpidr_el1) >> 31 & 1) == 1, "DDI0487 MPIDR_EL1", "bit 31 is RES1");
    check_equal(GUEST_READ_SYSREG(mpidr_el1) >> 30 & 1, 0, "DDI0487 MPIDR_EL1",
                "U is 0: part of a multiprocessor system");
    const auto pfr0 = GUEST_READ_SYSREG(id_aa64pfr0_el1);
    check((pfr0 & 0xf) >= 1, "DDI0487 ID_AA64PFR0_EL1", "there is EL0 in AArch64");
    check((pfr0 >> 4 & 0xf) >= 1, "DDI0487 ID_AA64PFR0_EL1", "there is EL1 in AArch64");
    check_equal(pfr0 >> 24 & 0xf, is_v3() ? 1 : 0, "DDI0487 ID_AA64PFR0_EL1",
                "GIC agrees with the device tree");
    check((GUEST_READ_SYSREG(id_aa64dfr0_el1) & 0xf) >= 6, "DDI0487 ID_AA64DFR0_EL1",
          "the debug architecture of Armv8");
    check((GUEST_READ_SYSREG(midr_el1) >> 16 & 0xf) == 0xf, "DDI0487 MIDR_EL1",
          "the architecture is in the ID registers");
    check((GUEST_READ_SYSREG(ctr_el0) & 0xf) >= 1, "DDI0487 CTR_EL0", "cache lines have a size");
    // Reserved ID registers read as zero (D17.1.1).
    check_equal(GUEST_READ_SYSREG(s3_0_c0_c7_7), 0, "DDI0487 ID registers",
                "a reserved one reads as zero");
    if (platform().cpus.size() > 1) {
        bool right = true;
        for (unsigned cpu = 1; cpu < platform().cpus.size(); ++cpu) {
            right = run_on(cpu, [](unsigned) { seen = guest::own_mpidr(); }) &&
                    seen == platform().cpus[cpu] && right;
        }
        check(right, "DDI0487 MPIDR_EL1", "on other CPUs too");
    }
}

template <class Action>
std::uint64_t syndrome_of(Action)
{
    return guest::survive([](std::uint64_t) { Action{}(); }, 0);
}

void check_undefined()
{
    constexpr const char* k_name    = "DDI0487 undefined instructions";
    const auto            undefined = [](std::uint64_t esr) { return esr >> 25; }; // EC and IL
    check_equal(undefined(syndrome_of([] { asm volatile(".inst 0x00000000"); })), 1, k_name,
                "UDF #0: an exception of unknown reason, IL 1");
    check_equal(undefined(syndrome_of([] { (void)GUEST_READ_SYSREG(s3_0_c3_c0_0); })), 1, k_name,
                "a system register that nobody has, read");
    check_equal(undefined(syndrome_of([] { GUEST_WRITE_SYSREG(s3_0_c3_c0_0, 0); })), 1, k_name,
                "a system register that nobody has, written");
    check_equal(undefined(syndrome_of([] { (void)GUEST_READ_SYSREG(s3_4_c1_c0_0); })), 1, k_name,
                "SCTLR_EL2 at EL1");
    check_equal(undefined(syndrome_of([] { (void)GUEST_READ_SYSREG(s3_6_c1_c1_0); })), 1, k_name,
                "SCR_EL3 at EL1");
    check_equal(syndrome_of([] { asm volatile("svc #42\n nop"); }), 0x15ULL << 26 | 1 << 25 | 42,
                "DDI0487 SVC", "at EL1: the syndrome has its number");
    check_equal(syndrome_of([] { asm volatile("brk #7"); }), 0x3cULL << 26 | 1 << 25 | 7,
                "DDI0487 BRK", "the syndrome has its number");
    if (!is_v3()) {
        return;
    }
    check_equal(
        syndrome_of([] { GUEST_WRITE_SYSREG(s3_0_c12_c12_5, GUEST_READ_SYSREG(s3_0_c12_c12_5)); }),
        0, "IHI0069H ICC_SRE_EL1", "can be read and written at EL1");
}

} // namespace

void check_traps()
{
    check_identity();
    check_waiting();
    check_events_of_others();
    check_undefined();
}

} // namespace conformance
