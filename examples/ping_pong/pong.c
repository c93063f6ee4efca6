/* SPDX-License-Identifier: BSD-2-Clause */
/* Sends each notification back. */
#include <microkit.h>

#define BALL 61
#define SECOND 7
#define ONE_WAY 2

void init(void) { microkit_dbg_puts("pong: ready\n"); }

void notified(microkit_channel ch)
{
    microkit_dbg_puts("pong: notified on ");
    microkit_dbg_put32(ch);
    microkit_dbg_puts("\n");
    if (ch == SECOND) {
        /* Three times, which arrives once; and on a second channel. */
        microkit_notify(ONE_WAY);
        microkit_notify(SECOND);
        microkit_notify(SECOND);
        microkit_notify(SECOND);
    } else if (ch == BALL) {
        static int volleys;
        if (++volleys <= 3) {
            microkit_deferred_notify(BALL);
        } else {
            microkit_dbg_puts("pong: game over\n");
        }
    }
}
