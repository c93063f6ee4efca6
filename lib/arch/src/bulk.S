// SPDX-License-Identifier: BSD-2-Clause
// Copying, clearing and summing of normal memory at any alignment; see arch/bulk.hpp. The functions
// for large memory use SIMD registers, and are the only place outside of the kernel that touches
// them: the first use in a program costs one trap.

    .section .text.arch_copy_blocks, "ax"
    .global arch_copy_blocks
    .type   arch_copy_blocks, %function
// x0 = to, x1 = from, x2 = number of 384-byte blocks, not zero. Only caller-saved registers, of
// which there are 24; 14 instructions a block.
arch_copy_blocks:
1:  ld1     {v0.16b-v3.16b}, [x1], #64
    ld1     {v4.16b-v7.16b}, [x1], #64
    ld1     {v16.16b-v19.16b}, [x1], #64
    ld1     {v20.16b-v23.16b}, [x1], #64
    ld1     {v24.16b-v27.16b}, [x1], #64
    ld1     {v28.16b-v31.16b}, [x1], #64
    st1     {v0.16b-v3.16b}, [x0], #64
    st1     {v4.16b-v7.16b}, [x0], #64
    st1     {v16.16b-v19.16b}, [x0], #64
    st1     {v20.16b-v23.16b}, [x0], #64
    st1     {v24.16b-v27.16b}, [x0], #64
    st1     {v28.16b-v31.16b}, [x0], #64
    subs    x2, x2, #1
    b.ne    1b
    ret
    .size   arch_copy_blocks, . - arch_copy_blocks

    .section .text.arch_clear_blocks, "ax"
    .global arch_clear_blocks
    .type   arch_clear_blocks, %function
// x0 = to, x1 = number of 512-byte blocks, not zero.
arch_clear_blocks:
    movi    v0.2d, #0
    movi    v1.2d, #0
    movi    v2.2d, #0
    movi    v3.2d, #0
1:  .rept   8
    st1     {v0.16b-v3.16b}, [x0], #64
    .endr
    subs    x1, x1, #1
    b.ne    1b
    ret
    .size   arch_clear_blocks, . - arch_clear_blocks

    .section .text.arch_copy_bytes, "ax"
    .global arch_copy_bytes
    .type   arch_copy_bytes, %function
// x0 = to, x1 = from, x2 = bytes, at least 64. The last 64 are copied on their own, so that what is
// no multiple of 64 needs no loop of its own: they may overlap what came before.
arch_copy_bytes:
    sub     x2, x2, #64
    add     x3, x0, x2
    add     x4, x1, x2
    cmp     x0, x3
    b.hs    2f
1:  ldp     x5, x6, [x1], #64
    ldp     x7, x8, [x1, #-48]
    ldp     x9, x10, [x1, #-32]
    ldp     x11, x12, [x1, #-16]
    stp     x5, x6, [x0], #64
    stp     x7, x8, [x0, #-48]
    stp     x9, x10, [x0, #-32]
    stp     x11, x12, [x0, #-16]
    cmp     x0, x3
    b.lo    1b
2:  ldp     x5, x6, [x4]
    ldp     x7, x8, [x4, #16]
    ldp     x9, x10, [x4, #32]
    ldp     x11, x12, [x4, #48]
    stp     x5, x6, [x3]
    stp     x7, x8, [x3, #16]
    stp     x9, x10, [x3, #32]
    stp     x11, x12, [x3, #48]
    ret
    .size   arch_copy_bytes, . - arch_copy_bytes

    .section .text.arch_sum_blocks, "ax"
    .global arch_sum_blocks
    .type   arch_sum_blocks, %function
// x0 = from, x1 = number of 64-byte blocks, not zero. The sum of all 64-bit words, each carry out
// of the top added at the bottom. sub and cbnz leave the carry alone.
arch_sum_blocks:
    mov     x2, x0
    adds    x0, xzr, xzr
1:  ldp     x3, x4, [x2], #64
    ldp     x5, x6, [x2, #-48]
    ldp     x7, x8, [x2, #-32]
    ldp     x9, x10, [x2, #-16]
    .irp    n, 3, 4, 5, 6, 7, 8, 9, 10
    adcs    x0, x0, x\n
    .endr
    sub     x1, x1, #1
    cbnz    x1, 1b
    adcs    x0, x0, xzr
    adc     x0, x0, xzr
    ret
    .size   arch_sum_blocks, . - arch_sum_blocks

    .section .note.GNU-stack, "", %progbits
