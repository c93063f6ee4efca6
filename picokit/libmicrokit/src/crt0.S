/* SPDX-License-Identifier: BSD-2-Clause */
/* The first instruction of every program. */

    .section .text.start, "ax"
    .global _start
    .type _start, %function
_start:
    /* The kernel starts a PD with this very stack pointer; set it again for a PD that its parent
     * restarts, which keeps the register of the moment it was stopped. */
    ldr     x0, =(PICOKIT_IPC_BUFFER - 0x1000)
    mov     sp, x0
    mov     x29, xzr
    mov     x30, xzr
    b       main
    .size _start, . - _start

    .section .note.GNU-stack, "", %progbits
