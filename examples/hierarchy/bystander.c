/* SPDX-License-Identifier: BSD-2-Clause */
/* The lowest priority: runs when nobody else can, and tells the supervisor. */
#include <microkit.h>

void init(void)
{
    microkit_dbg_puts("bystander: all is quiet\n");
    microkit_notify(0);
}

void notified(microkit_channel ch) { (void)ch; }
