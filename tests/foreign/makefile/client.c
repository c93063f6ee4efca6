/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls a server that is written in C++. */
#include <microkit.h>
#include <sel4/sel4.h>
#include <stdint.h>

#define SERVER 1

void init(void)
{
    microkit_mr_set(0, 20);
    seL4_SetMR(1, 22);
    microkit_msginfo reply = microkit_ppcall(SERVER, microkit_msginfo_new(7, 2));
    microkit_dbg_puts("CLIENT: label ");
    microkit_dbg_put8((seL4_Uint8)microkit_msginfo_get_label(reply));
    microkit_dbg_puts(", words ");
    microkit_dbg_put8((seL4_Uint8)seL4_MessageInfo_get_length(reply));
    microkit_dbg_puts(", sum ");
    microkit_dbg_put32((seL4_Uint32)microkit_mr_get(0));
    microkit_dbg_puts("\n");

    /* What does not exist: a line on the console, no effect, an empty answer. */
    microkit_notify(62);
    microkit_irq_ack(3);
    reply = microkit_ppcall(5, microkit_msginfo_new(1, 0));
    microkit_dbg_puts(reply.words[0] == 0 ? "CLIENT: nothing\n" : "CLIENT: something?\n");
}

void notified(microkit_channel ch) { (void)ch; }
