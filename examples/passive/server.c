/* SPDX-License-Identifier: BSD-2-Clause */
/* Works for whoever calls, in the caller's time: each call is 50 ms of work. */
#include <microkit.h>
#include <stdint.h>

static uint64_t counter(void)
{
    uint64_t value;
    __asm__ volatile("isb\n\tmrs %0, cntpct_el0" : "=r"(value));
    return value;
}

static uint64_t milliseconds(uint64_t n)
{
    uint64_t frequency;
    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
    return n * (frequency / 1000);
}

void init(void) { microkit_dbg_puts("server: init, in time of its own\n"); }

void notified(microkit_channel ch)
{
    microkit_dbg_puts("server: notified on ");
    microkit_dbg_put32(ch);
    microkit_dbg_puts("\n");
}

microkit_msginfo protected(microkit_channel ch, microkit_msginfo msginfo)
{
    const uint64_t start = counter();
    while (counter() - start < milliseconds(50)) {
    }
    microkit_mr_set(0, (counter() - start) / milliseconds(1));
    microkit_dbg_puts("server: worked for channel ");
    microkit_dbg_put32(ch);
    microkit_dbg_puts("\n");
    return microkit_msginfo_new(microkit_msginfo_get_label(msginfo), 1);
}
