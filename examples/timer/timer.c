/* SPDX-License-Identifier: BSD-2-Clause */
/* Ticks five times with the generic timer's physical timer, which the kernel leaves to EL0. */
#include <microkit.h>
#include <stdint.h>

#define TIMER_IRQ 5
#define TICKS 5
#define TICKS_A_SECOND 20

static uint64_t period;
static uint64_t deadline;
static unsigned ticks;

static uint64_t counter(void)
{
    uint64_t value;
    __asm__ volatile("isb\n\tmrs %0, cntpct_el0" : "=r"(value));
    return value;
}

static void set_deadline(uint64_t when)
{
    deadline = when;
    __asm__ volatile("msr cntp_cval_el0, %0\n\tmsr cntp_ctl_el0, %1\n\tisb"
                     :
                     : "r"(when), "r"(1ul));
}

static void switch_off(void) { __asm__ volatile("msr cntp_ctl_el0, xzr\n\tisb"); }

void init(void)
{
    uint64_t frequency;
    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
    period = frequency / TICKS_A_SECOND;
    microkit_dbg_puts("timer: the counter runs at ");
    microkit_dbg_put32((seL4_Uint32)frequency);
    microkit_dbg_puts(" Hz\n");
    set_deadline(counter() + period);
}

void notified(microkit_channel ch)
{
    if (ch != TIMER_IRQ) {
        return;
    }
    if (counter() < deadline) {
        microkit_dbg_puts("timer: an interrupt before its time\n");
    }
    microkit_dbg_puts("timer: tick ");
    microkit_dbg_put32(++ticks);
    microkit_dbg_puts("\n");

    /* The interrupt is a level: end its cause before the acknowledgement lets it come again. */
    if (ticks < TICKS) {
        set_deadline(deadline + period);
    } else {
        switch_off();
        microkit_dbg_puts("timer: done\n");
    }
    microkit_deferred_irq_ack(ch);
}
