/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs when all offenders are dead: its memory is intact, and it still talks to its friend. */
#include <microkit.h>
#include <stdint.h>

volatile uint64_t secret;

static unsigned answers;

void init(void)
{
    /* Memory outside the kernel's RAM: nobody has cleared it, so write before reading. */
    *(volatile uint64_t*)secret = 0x5ec4e7;
    microkit_dbg_puts("witness: asks its friend\n");
    microkit_notify(0);
}

void notified(microkit_channel ch)
{
    if (++answers < 3) {
        microkit_notify(ch);
        return;
    }
    microkit_dbg_puts(*(volatile uint64_t*)secret == 0x5ec4e7
                          ? "witness: all is well\n"
                          : "witness: the secret has changed\n");
}
