// SPDX-License-Identifier: BSD-2-Clause
// Software generated interrupts: to oneself, to others, to all others.
#include "check.hpp"
#include "controller.hpp"
#include "cpus.hpp"
#include "sections.hpp"

#include "guest/gic.hpp"

#include <array>

namespace conformance {
namespace {

const char* clause() { return is_v3() ? "IHI0069H ICC_SGI1R_EL1" : "IHI0048B GICD_SGIR"; }

void send_to_all_others(std::uint32_t sgi)
{
    if (is_v3()) {
        GUEST_WRITE_SYSREG(s3_0_c12_c11_5, 1ULL << 40 | std::uint64_t{sgi} << 24); // IRM
        guest::instruction_barrier();
    } else {
        write32(distributor() + 0xf00, 1U << 24 | sgi);
    }
}

void send_to_nobody(std::uint32_t sgi)
{
    if (is_v3()) {
        GUEST_WRITE_SYSREG(s3_0_c12_c11_5, std::uint64_t{sgi} << 24);
        guest::instruction_barrier();
    } else {
        write32(distributor() + 0xf00, sgi);
    }
}

void check_to_self()
{
    quiet();
    std::uint32_t right = 0;
    for (std::uint32_t sgi = 0; sgi < 16; ++sgi) {
        guest::gic().send_to_self(sgi);
        right += take_and_end() == sgi ? 1U : 0U;
    }
    check_equal(right, 16, clause(), "each of 16 SGIs to oneself is taken");
    interface_on(false);
    guest::gic().send_to_self(3);
    guest::gic().send_to_self(3);
    check(bit(Reg::set_pending, 3), clause(), "one that was sent is pending");
    interface_on(true);
    check_equal(take_and_end(), 3, clause(), "sent twice: taken");
    check(nothing_comes(), clause(), "sent twice before it is taken: once");
    send_to_nobody(4);
    check(nothing_comes(), clause(), "an empty list of targets: nobody gets it");
    send_to_all_others(5);
    check(nothing_comes(), clause(), "to all others: the sender gets none");

    set_priority(6, 0x20);
    interface_on(false);
    guest::gic().send_to_self(2);
    guest::gic().send_to_self(6);
    interface_on(true);
    check_equal(take_and_end(), 6, clause(), "the higher priority goes first");
    check_equal(take_and_end(), 2, clause(), "then the other");

    guest::gic().send_to_self(7);
    const auto raw = take();
    check(bit(Reg::set_active, 7), clause(), "one that is handled is active");
    guest::gic().send_to_self(7);
    check_equal(acknowledge() & k_number, k_spurious, clause(),
                "sent to a CPU that handles it, it waits");
    end(raw);
    check_equal(take_and_end(), 7, clause(), "and is taken after the end");
    // As test suites do it: no end at all, the state is cleared in the distributor.
    guest::gic().send_to_self(8);
    const auto other = take();
    set(Reg::clear_active, 8);
    check(!bit(Reg::set_active, 8),
          is_v3() ? "IHI0069H GICR_ICACTIVER0" : "IHI0048B GICD_ICACTIVER",
          "an SGI that is handled can be made inactive");
    end(other);
    guest::gic().send_to_self(8);
    check_equal(take_and_end(), 8, is_v3() ? "IHI0069H GICR_ICACTIVER0" : "IHI0048B GICD_ICACTIVER",
                "and can be sent again");
}

void check_v3_forms()
{
    quiet();
    set(Reg::clear_enable, 9);
    guest::gic().send_to_self(9);
    check(nothing_comes(), "IHI0069H GICR_ICENABLER0", "a disabled SGI does not come");
    check(bit(Reg::set_pending, 9), "IHI0069H GICR_ISPENDR0", "but is pending");
    set(Reg::set_enable, 9);
    check_equal(take_and_end(), 9, "IHI0069H GICR_ISENABLER0", "and comes when it is enabled");
    set(Reg::set_pending, 10);
    check_equal(take_and_end(), 10, "IHI0069H GICR_ISPENDR0", "makes an SGI pending");
    const auto target = guest::sgi1r(guest::own_mpidr(), 11);
    write32(address_of(Reg::group, 0), ~(1U << 11)); // 11 becomes one of group 0
    GUEST_WRITE_SYSREG(s3_0_c12_c11_7, target);      // ICC_SGI0R_EL1
    guest::instruction_barrier();
    check(bit(Reg::set_pending, 11), "IHI0069H ICC_SGI0R_EL1", "sends SGIs of group 0");
    set(Reg::clear_pending, 11);
    write32(address_of(Reg::group, 0), ~0U);
    GUEST_WRITE_SYSREG(s3_0_c12_c11_5, target | 1ULL << 48); // Aff3 1
    guest::instruction_barrier();
    check(nothing_comes(), "IHI0069H ICC_SGI1R_EL1", "an affinity that nobody has: nobody gets it");
}

constinit volatile std::uint32_t taken[16] = {};
constinit volatile unsigned      ready     = 0;

/// Waits for one SGI and notes it.
void wait_for_one(unsigned cpu)
{
    set_up_interface();
    ready      = cpu;
    taken[cpu] = take_and_end(k_patient);
}

bool start_waiting(unsigned cpu)
{
    ready      = 0;
    taken[cpu] = k_spurious;
    return start_on(cpu, wait_for_one) && wait_until(k_soon, [&] { return ready == cpu; });
}

void check_to_others()
{
    const auto cpus = static_cast<unsigned>(platform().cpus.size());
    quiet();
    bool all = true, nobody_else = true;
    for (unsigned cpu = 1; cpu < cpus; ++cpu) {
        all = start_waiting(cpu) && all;
        guest::gic().send(platform().cpus[cpu], cpu);
        all         = wait_for_cpu(cpu, true) && (taken[cpu] & k_number) == cpu && all;
        nobody_else = nothing_comes() && nobody_else;
    }
    check(all, clause(), "each other CPU gets the SGI that is sent to it");
    check(nobody_else, clause(), "and nobody else");

    all = true;
    for (unsigned cpu = 1; cpu < cpus; ++cpu) {
        all = start_waiting(cpu) && all;
    }
    send_to_all_others(12);
    for (unsigned cpu = 1; cpu < cpus; ++cpu) {
        all = wait_for_cpu(cpu, true) && (taken[cpu] & k_number) == 12 && all;
    }
    check(all, clause(), "to all others: each of them gets it");
    check(nothing_comes(), clause(), "to all others: the sender does not");

    check(run_on(1,
                 [](unsigned) {
                     set_up_interface();
                     guest::gic().send(platform().cpus[0], 13);
                 }),
          "DEN0022 CPU_ON", "a CPU does its work and switches itself off");
    const auto raw = take_and_end();
    check_equal(raw & k_number, 13, clause(), "another CPU's SGI comes here");
    if (is_v3()) {
        return;
    }
    check_equal(raw >> 10 & 7, 1, "IHI0048B GICC_IAR", "CPUID names the sender of an SGI");
    interface_on(false);
    const auto send = [](unsigned) { guest::gic().send(platform().cpus[0], 14); };
    check(run_on(1, send), clause(), "sent by another CPU");
    guest::gic().send(platform().cpus[0], 14);
    check_equal(read8(distributor() + 0xf20 + 14), 3, "IHI0048B GICD_SPENDSGIR",
                "an SGI is pending for each sender");
    interface_on(true);
    const auto first = take_and_end(), second = take_and_end();
    check((first & k_number) == 14 && (second & k_number) == 14, clause(),
          "from two CPUs: taken twice");
    check_equal(1U << (first >> 10 & 7) | 1U << (second >> 10 & 7), 3, "IHI0048B GICC_IAR",
                "once from each");
}

void check_waiting_in_wfi()
{
    quiet();
    ready              = 0;
    const bool started = start_on(1, [](unsigned cpu) {
        set_up_interface();
        ready = cpu;
        guest::wait_for_interrupt();
        taken[cpu] = take_and_end();
    });
    check(started && wait_until(k_soon, [] { return ready == 1; }), "DDI0487 WFI",
          "a CPU goes to sleep");
    (void)wait_until(2'000, [] { return false; });
    guest::gic().send(platform().cpus[1], 1);
    check(wait_for_cpu(1, true) && (taken[1] & k_number) == 1, "DDI0487 WFI",
          "another CPU's SGI wakes it");
    bool all = true;
    for (int i = 0; i < 50; ++i) {
        all = start_waiting(1) && all;
        guest::gic().send(platform().cpus[1], 1);
        all = wait_for_cpu(1, true) && (taken[1] & k_number) == 1 && all;
    }
    check(all, clause(), "fifty in a row, none is lost");
}

} // namespace

void check_gic_sgis()
{
    check_to_self();
    if (is_v3()) {
        check_v3_forms();
    }
    if (platform().cpus.size() == 1) {
        skip(clause(), "other CPUs get theirs", "one CPU");
    } else {
        check_to_others();
        check_waiting_in_wfi();
    }
    quiet();
}

} // namespace conformance
