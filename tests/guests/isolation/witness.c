/* SPDX-License-Identifier: BSD-2-Clause */
/* Has nothing to do with the guest, and must not notice what that does. */
#include <microkit.h>
#include <stdint.h>

enum { words = 1024, pattern = 0x5ec4e7 };

static volatile uint32_t memory[words];

void init(void)
{
    for (unsigned i = 0; i < words; i++) {
        memory[i] = pattern;
    }
}

void notified(microkit_channel ch)
{
    unsigned changed = 0;
    for (unsigned i = 0; i < words; i++) {
        changed += memory[i] != pattern;
    }
    microkit_dbg_puts(changed == 0 ? "witness: all is well\n"
                                   : "witness: its memory has changed\n");
    microkit_notify(ch);
}
