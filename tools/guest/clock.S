// SPDX-License-Identifier: BSD-2-Clause
// /bin/clock, a Linux program without a library: prints the virtual counter and its frequency as
// "clock: count=N frequency=N". As the kernel's first program (rdinit=/bin/clock) it then powers
// the machine off: the shortest way to user space, and the end of a measurement.

    .equ sys_getpid, 172
    .equ sys_write,  64
    .equ sys_exit,   93
    .equ sys_reboot, 142
    .equ line_size,  96

    .text
    .global _start
_start:
    mrs     x19, cntvct_el0         // before anything else: this is what is measured
    mrs     x20, cntfrq_el0
    sub     sp, sp, #line_size
    mov     x21, sp                 // x21: where the next character goes
    adr     x0, count_text
    bl      append_text
    mov     x0, x19
    bl      append_number
    adr     x0, frequency_text
    bl      append_text
    mov     x0, x20
    bl      append_number
    mov     w0, #'\n'
    strb    w0, [x21], #1

    mov     x0, #1                  // standard output; the kernel opened it on the console
    mov     x1, sp
    sub     x2, x21, x1
    mov     x8, #sys_write
    svc     #0

    mov     x8, #sys_getpid
    svc     #0
    cmp     x0, #1
    b.ne    1f
    ldr     w0, =0xfee1dead         // LINUX_REBOOT_MAGIC1
    ldr     w1, =672274793          // LINUX_REBOOT_MAGIC2
    ldr     w2, =0x4321fedc         // LINUX_REBOOT_CMD_POWER_OFF
    mov     x3, #0
    mov     x8, #sys_reboot
    svc     #0
1:  mov     x0, #0
    mov     x8, #sys_exit
    svc     #0

// append_text(x0: text that ends in a zero byte)
append_text:
    ldrb    w1, [x0], #1
    cbz     w1, 1f
    strb    w1, [x21], #1
    b       append_text
1:  ret

// append_number(x0), in decimal
append_number:
    sub     sp, sp, #32
    add     x1, sp, #32             // digits, from the last to the first
    mov     x2, #10
1:  udiv    x3, x0, x2
    msub    x4, x3, x2, x0
    add     w4, w4, #'0'
    strb    w4, [x1, #-1]!
    mov     x0, x3
    cbnz    x0, 1b
    add     x5, sp, #32
2:  ldrb    w4, [x1], #1
    strb    w4, [x21], #1
    cmp     x1, x5
    b.ne    2b
    add     sp, sp, #32
    ret

    .section .rodata
    .balign 8
count_text:     .asciz "clock: count="
frequency_text: .asciz " frequency="
