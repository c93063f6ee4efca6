// SPDX-License-Identifier: BSD-2-Clause
// EL1 exception vectors: a guest::Frame on the stack, then C++.

    .equ    frame_size, 36 * 8
    .equ    frame_pc, 31 * 8
    // Instructions from a vector's first to the first of guest_stamp, so that an interrupt's time
    // is that of the vector.
    .equ    before_stamp, 20

    .macro  vector kind
    .balign 0x80
    sub     sp, sp, #frame_size
    stp     x0, x1, [sp, #16 * 0]
    stp     x2, x3, [sp, #16 * 1]
    stp     x4, x5, [sp, #16 * 2]
    stp     x6, x7, [sp, #16 * 3]
    stp     x8, x9, [sp, #16 * 4]
    stp     x10, x11, [sp, #16 * 5]
    stp     x12, x13, [sp, #16 * 6]
    stp     x14, x15, [sp, #16 * 7]
    stp     x16, x17, [sp, #16 * 8]
    stp     x18, x19, [sp, #16 * 9]
    stp     x20, x21, [sp, #16 * 10]
    stp     x22, x23, [sp, #16 * 11]
    stp     x24, x25, [sp, #16 * 12]
    stp     x26, x27, [sp, #16 * 13]
    stp     x28, x29, [sp, #16 * 14]
    str     x30, [sp, #16 * 15]
    mov     x28, #\kind
    b       common
    .endm

    .text
    .balign 0x800
    .global guest_vectors
guest_vectors:
    .altmacro
    .set    kind, 0
    .rept   16
    vector  %kind
    .set    kind, kind + 1
    .endr

common:
    bl      guest_stamp
    sub     x0, x0, #before_stamp
    mrs     x1, elr_el1
    mrs     x2, spsr_el1
    mrs     x3, esr_el1
    mrs     x4, far_el1
    stp     x1, x2, [sp, #frame_pc]
    stp     x3, x4, [sp, #frame_pc + 16]
    str     x0, [sp, #frame_pc + 32]
    mov     x0, sp
    mov     x1, x28
    bl      guest_exception
    ldp     x1, x2, [sp, #frame_pc]
    msr     elr_el1, x1
    msr     spsr_el1, x2
    ldp     x28, x29, [sp, #16 * 14]
    ldp     x26, x27, [sp, #16 * 13]
    ldp     x24, x25, [sp, #16 * 12]
    ldp     x22, x23, [sp, #16 * 11]
    ldp     x20, x21, [sp, #16 * 10]
    ldp     x18, x19, [sp, #16 * 9]
    ldp     x16, x17, [sp, #16 * 8]
    ldp     x14, x15, [sp, #16 * 7]
    ldp     x12, x13, [sp, #16 * 6]
    ldp     x10, x11, [sp, #16 * 5]
    ldp     x8, x9, [sp, #16 * 4]
    ldp     x6, x7, [sp, #16 * 3]
    ldp     x4, x5, [sp, #16 * 2]
    ldp     x2, x3, [sp, #16 * 1]
    ldp     x0, x1, [sp, #16 * 0]
    ldr     x30, [sp, #16 * 15]
    add     sp, sp, #frame_size
    eret
