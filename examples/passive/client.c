/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls the server, says whether the work took longer than it is, and notifies the server. Both
 * clients are this program. */
#include <microkit.h>

#define SERVER 1

static void say(const char* text)
{
    microkit_dbg_puts(microkit_name);
    microkit_dbg_puts(text);
}

void init(void)
{
    say(": calls\n");
    (void)microkit_ppcall(SERVER, microkit_msginfo_new(0, 0));
    /* Fifty milliseconds of work; a caller with 20 waits for its next periods in between. */
    say(microkit_mr_get(0) >= 200 ? ": that took its time\n" : ": that was quick\n");
    microkit_notify(SERVER);
    say(": done\n");
}

void notified(microkit_channel ch) { (void)ch; }
