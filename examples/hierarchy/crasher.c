/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds another way to crash each time it is started. */
#include <microkit.h>

/* A restart changes pc only, memory stays as it was. */
static unsigned starts = 0;

static void store_to_nowhere(void)
{
    volatile unsigned* volatile nowhere = (volatile unsigned*)0x10;
    *nowhere                            = 1;
}

static void jump_to_nowhere(void) { ((void (*)(void))0xdead0000)(); }

static void execute_what_is_no_instruction(void) { __asm__ volatile("udf #0"); }

/* With a number that no kernel knows. */
static unsigned long system_call(unsigned long argument)
{
    register unsigned long x0 __asm__("x0") = argument;
    register unsigned long x7 __asm__("x7") = 1000;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x7) : "memory");
    return x0;
}

void init(void)
{
    unsigned long twice;

    microkit_dbg_puts("crasher: start ");
    microkit_dbg_put32(++starts);
    microkit_dbg_puts("\n");

    switch (starts) {
    case 1:
        store_to_nowhere();
        break;
    case 2:
        jump_to_nowhere();
        break;
    case 3:
        execute_what_is_no_instruction();
        break;
    default:
        twice = system_call(21);
        microkit_dbg_puts("crasher: twice 21 is ");
        microkit_dbg_put32((seL4_Uint32)twice);
        microkit_dbg_puts("\n");
        __asm__ volatile("brk #1");
        break;
    }
    microkit_dbg_puts("crasher: still alive?\n");
}

void notified(microkit_channel ch) { (void)ch; }
