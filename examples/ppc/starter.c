/* SPDX-License-Identifier: BSD-2-Clause */
/* The lowest priority: runs when `low` already waits for the server, and makes `high` call too. */
#include <microkit.h>

void init(void)
{
    microkit_dbg_puts("starter: low waits; now high\n");
    microkit_notify(0);
}

void notified(microkit_channel ch) { (void)ch; }
