/* SPDX-License-Identifier: BSD-2-Clause */
/* Says so when it is notified. */
#include <microkit.h>

void init(void) { microkit_dbg_puts("worker: ready\n"); }

void notified(microkit_channel ch)
{
    microkit_dbg_puts("worker: notified on ");
    microkit_dbg_put32(ch);
    microkit_dbg_puts("\n");
}
