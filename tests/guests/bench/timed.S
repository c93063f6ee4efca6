// SPDX-License-Identifier: BSD-2-Clause
// The operations that are counted: one instruction each between two stamps, both of which are
// returned. The function without an operation gives the cost of the measuring.
//     struct { uint64_t first, second; } bench_NAME(x0, x1)
// Between the operation and the second stamp there is one instruction, the call.

    .macro  begin name
    .text
    .global bench_\name
    .balign 64
bench_\name:
    stp     x29, x30, [sp, #-48]!
    stp     x19, x20, [sp, #16]
    str     x21, [sp, #32]
    mov     x19, x0
    mov     x21, x1
    bl      guest_stamp
    mov     x20, x0
    mov     x0, x19
    mov     x1, x21
    mov     x7, xzr                 // seL4 looks at x7 of an HVC first
    .endm

    .macro  finish
    bl      guest_stamp
    mov     x1, x0
    mov     x0, x20
    ldr     x21, [sp, #32]
    ldp     x19, x20, [sp, #16]
    ldp     x29, x30, [sp], #48
    ret
    .endm

    begin   nothing
    finish

    begin   hvc
    hvc     #0
    finish

    begin   smc
    smc     #0
    finish

    begin   read32
    ldr     w0, [x0]
    finish

    begin   write32
    str     w1, [x0]
    finish

    begin   sgi1r
    msr     s3_0_c12_c11_5, x1      // ICC_SGI1R_EL1
    finish

    begin   wfi
    wfi
    finish
