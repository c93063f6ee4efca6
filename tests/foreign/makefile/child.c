/* SPDX-License-Identifier: BSD-2-Clause */
/* Crashes with known registers, and says what it finds if it is let go on. */
#include <microkit.h>

void init(void)
{
    unsigned long answer;
    /* Stack that a restart must not leave behind. */
    char buffer[1024];
    __asm__ volatile("" : : "r"(buffer) : "memory");
    __asm__ volatile("mov x19, #19\n\t"
                     "mov x28, #28\n\t"
                     "mov x0, #0x18\n\t"
                     "str x0, [x0]\n\t"
                     "mov %0, x0"
                     : "=r"(answer)
                     :
                     : "x0", "x19", "x28", "memory");
    microkit_dbg_puts("CHILD: the answer is ");
    microkit_dbg_put32((seL4_Uint32)answer);
    microkit_dbg_puts("\n");
}

void notified(microkit_channel ch) { (void)ch; }
