// SPDX-License-Identifier: BSD-2-Clause
// The virtual timer, and the ways to wait. Nothing that depends on how fast the machine is gets
// into the log.
#include "state.hpp"

#include "guest/psci.hpp"
#include "guest/timer.hpp"

namespace oracle {
namespace {

constexpr std::uint64_t k_margin = 256; ///< ticks after which a due timer must have been noticed
constexpr std::uint64_t k_idle   = 0xff;

void log_timer()
{
    const auto control = GUEST_READ_SYSREG(cntv_ctl_el0);
    // ISTATUS is UNKNOWN while the timer is off (DDI 0487, D17.11.17).
    log(What::value, (control & 1) != 0 ? control : control & 3);
}

/// Whether the timer's interrupt is pending. With list registers nobody notices that the line has
/// dropped before an access to the distributor (quieted-timer).
void log_pending()
{
    constexpr std::uint64_t k_ispendr = 0x200;
    const auto              frame =
        state.v3 ? state.gicr + 0x2'0000 * self() + 0x1'0000 : state.platform->distributor;
    log(What::value, guest::read32(frame + k_ispendr) >> k_virtual_ppi & 1);
}

void set_deadline(std::uint64_t deadline)
{
    GUEST_WRITE_SYSREG(cntv_cval_el0, deadline);
    guest::instruction_barrier();
    log(What::value, GUEST_READ_SYSREG(cntv_cval_el0) == deadline);
}

void spin_until(std::uint64_t deadline)
{
    while (guest::now() < deadline) {
    }
}

/// Of an interrupt of this CPU's own: the registers by which the GIC decides whether to signal it.
struct Signal {
    std::uint32_t distributor_control;
    std::uint32_t group;
    bool          enabled, active, group_enabled;
    std::uint64_t priority, mask, running;
};

Signal signal_of(std::uint32_t intid)
{
    constexpr std::uint64_t k_igroupr = 0x80, k_isenabler = 0x100, k_isactiver = 0x300,
                            k_ipriorityr = 0x400;
    const auto frame =
        state.v3 ? state.gicr + 0x2'0000 * self() + 0x1'0000 : state.platform->distributor;
    const auto bit = [&](std::uint64_t at) {
        return (guest::read32(frame + at) >> intid & 1) != 0;
    };
    Signal signal{};
    signal.distributor_control = guest::read32(state.platform->distributor) & 3;
    signal.group               = bit(k_igroupr) ? 1 : 0;
    signal.enabled             = bit(k_isenabler);
    signal.active              = bit(k_isactiver);
    signal.priority = guest::read32(frame + k_ipriorityr + (intid & ~3U)) >> 8 * (intid & 3) & 0xf8;
    if (state.v3) {
        signal.mask          = GUEST_READ_SYSREG(s3_0_c4_c6_0);   // ICC_PMR_EL1
        signal.running       = GUEST_READ_SYSREG(s3_0_c12_c11_3); // ICC_RPR_EL1
        signal.group_enabled = ((signal.group == 0 ? GUEST_READ_SYSREG(s3_0_c12_c12_6)
                                                   : GUEST_READ_SYSREG(s3_0_c12_c12_7)) &
                                1) != 0;
    } else {
        const auto gicc      = state.platform->cpu_interface;
        signal.mask          = guest::read32(gicc + 0x04);
        signal.running       = guest::read32(gicc + 0x14);
        signal.group_enabled = (guest::read32(gicc) >> signal.group & 1) != 0;
    }
    return signal;
}

/// Whether `intid` would end a WFI. Not all cases in which it would: nothing may be running.
bool can_wake(std::uint32_t intid)
{
    const auto signal = signal_of(intid);
    return (signal.distributor_control >> signal.group & 1) != 0 && signal.enabled &&
           !signal.active && signal.group_enabled && signal.priority < (signal.mask & 0xf8) &&
           signal.running >= 0xf8;
}

std::uint64_t line() { return GUEST_READ_SYSREG(isr_el1); }

std::int64_t standby() { return firmware(static_cast<std::uint64_t>(guest::Psci::cpu_suspend)); }

void wait_pending(bool by_call)
{
    if (line() == 0) {
        log(What::skipped, 3);
    } else if (by_call) {
        log(What::result, static_cast<std::uint64_t>(standby()));
    } else {
        guest::wait_for_interrupt();
        log(What::value, line());
    }
}

void wait_timer(const Operation& operation, bool by_call)
{
    if (!can_wake(k_virtual_ppi)) {
        log(What::skipped, 4);
        return;
    }
    const auto deadline = guest::now() + operation.a;
    guest::start_timer(deadline);
    bool had_other = false;
    while ((GUEST_READ_SYSREG(cntv_ctl_el0) & 4) == 0 && !had_other) {
        had_other = line() != 0 && (GUEST_READ_SYSREG(cntv_ctl_el0) & 4) == 0;
        if (by_call) {
            (void)standby();
        } else {
            guest::wait_for_interrupt();
        }
    }
    spin_until(deadline + k_margin);
    log_timer();
}

void wait_message(const Operation& operation)
{
    const auto sgi = static_cast<std::uint32_t>(operation.a & 15);
    if (self() == 0 || !can_wake(sgi)) {
        log(What::skipped, 5);
        return;
    }
    self_state().waiting = true;
    guest::send_event();
    while (line() == 0) {
        guest::wait_for_interrupt();
    }
    while (self_state().waiting) {
        pass();
    }
    log(What::value, line());
}

} // namespace

void answer_wait()
{
    constexpr std::uint64_t k_sgir = 0xf00;
    const unsigned          cpu    = state.turn;
    if (cpu == 0 || !state.cpu[cpu].waiting) {
        return;
    }
    const auto sgi = state.current->a & 15;
    // Both know when they go: the one may be in WFI by now, or still on the way there.
    if (state.v3) {
        GUEST_WRITE_SYSREG(s3_0_c12_c11_5, sgi << 24 | 1U << cpu); // ICC_SGI1R_EL1
        guest::instruction_barrier();
    } else {
        guest::write32(state.platform->distributor + k_sgir,
                       static_cast<std::uint32_t>(1U << (16 + cpu) | sgi));
    }
    state.cpu[cpu].waiting = false;
}

void perform_timer(const Operation& operation)
{
    constexpr std::uint64_t k_seconds = 1000; // far enough from any run's end
    switch (static_cast<TimerForm>(operation.form)) {
    case TimerForm::control:
        GUEST_WRITE_SYSREG(cntv_ctl_el0, operation.a);
        guest::instruction_barrier();
        break;
    case TimerForm::past:
        set_deadline(guest::now() - operation.a);
        break;
    case TimerForm::future:
        set_deadline(guest::now() + (operation.a + k_seconds) * guest::ticks_per_second());
        break;
    case TimerForm::value:
        set_deadline(operation.a);
        break;
    case TimerForm::near: {
        const auto deadline = guest::now() + operation.a;
        set_deadline(deadline);
        spin_until(deadline + k_margin);
        break;
    }
    case TimerForm::tval: {
        const auto before = guest::now();
        GUEST_WRITE_SYSREG(cntv_tval_el0, operation.a);
        guest::instruction_barrier();
        const auto after = guest::now();
        const auto sum   = static_cast<std::uint64_t>(static_cast<std::int32_t>(operation.a));
        const auto cval  = GUEST_READ_SYSREG(cntv_cval_el0);
        log(What::value, cval - (before + sum) <= after - before);
        const auto tval = static_cast<std::int32_t>(GUEST_READ_SYSREG(cntv_tval_el0));
        log(What::value, tval < 0);
        break;
    }
    case TimerForm::check:
    case TimerForm::count_:
        break;
    }
    log_timer();
    log_pending();
}

void perform_wait(const Operation& operation)
{
    switch (static_cast<WaitForm>(operation.form)) {
    case WaitForm::wfi_pending:
        wait_pending(false);
        break;
    case WaitForm::suspend_pending:
        wait_pending(true);
        break;
    case WaitForm::wfi_timer:
        wait_timer(operation, false);
        break;
    case WaitForm::suspend_timer:
        wait_timer(operation, true);
        break;
    case WaitForm::wfi_message:
        wait_message(operation);
        break;
    case WaitForm::wfe:
        guest::send_event();
        guest::wait_for_event();
        log(What::value, 0);
        break;
    case WaitForm::yield:
        asm volatile("yield" ::: "memory");
        log(What::value, 0);
        break;
    case WaitForm::count_:
        break;
    }
}

} // namespace oracle
