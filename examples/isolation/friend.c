/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers. */
#include <microkit.h>

void init(void) {}

void notified(microkit_channel ch)
{
    microkit_dbg_puts("friend: here\n");
    microkit_notify(ch);
}
