/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows its end of the channel only from the tool. */
#include <microkit.h>
#include <stdint.h>

volatile uint64_t child_end;

void init(void) {}

void notified(microkit_channel ch)
{
    microkit_dbg_puts(ch == child_end ? "child: notified on its end\n"
                                      : "child: notified on another\n");
}
