/* SPDX-License-Identifier: BSD-2-Clause */
/* The smallest protection domain: prints a line and waits for ever. */
#include <microkit.h>

void init(void)
{
    microkit_dbg_puts(microkit_name);
    microkit_dbg_puts(": hello, world\n");
}

void notified(microkit_channel ch)
{
    (void)ch; /* No channel, so nobody calls this; a program must define it all the same. */
}
