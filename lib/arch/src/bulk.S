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

    .section .text.arch_sum_bytes, "ax"
    .global arch_sum_bytes
    .type   arch_sum_bytes, %function
// x0 = from, x1 = bytes. The sum of all 64-bit words and of what is left, each carry out of the top
// added at the bottom. Nothing between the additions touches the carry.
arch_sum_bytes:
    mov     x2, x0
    lsr     x9, x1, #6
    adds    x0, xzr, xzr
    cbz     x9, 2f
1:  ldp     x3, x4, [x2], #64
    ldp     x5, x6, [x2, #-48]
    ldp     x7, x8, [x2, #-32]
    ldp     x10, x11, [x2, #-16]
    .irp    n, 3, 4, 5, 6, 7, 8, 10, 11
    adcs    x0, x0, x\n
    .endr
    sub     x9, x9, #1
    cbnz    x9, 1b
2:  tbz     x1, #5, 3f
    ldp     x3, x4, [x2], #32
    ldp     x5, x6, [x2, #-16]
    .irp    n, 3, 4, 5, 6
    adcs    x0, x0, x\n
    .endr
3:  tbz     x1, #4, 4f
    ldp     x3, x4, [x2], #16
    adcs    x0, x0, x3
    adcs    x0, x0, x4
4:  tbz     x1, #3, 5f
    ldr     x3, [x2], #8
    adcs    x0, x0, x3
5:  tbz     x1, #2, 6f
    ldr     w3, [x2], #4
    adcs    x0, x0, x3
6:  tbz     x1, #1, 7f
    ldrh    w3, [x2], #2
    adcs    x0, x0, x3
7:  tbz     x1, #0, 8f
    ldrb    w3, [x2]
    adcs    x0, x0, x3
8:  adcs    x0, x0, xzr
    adc     x0, x0, xzr
    ret
    .size   arch_sum_bytes, . - arch_sum_bytes

    .section .text.arch_sum_blocks, "ax"
    .global arch_sum_blocks
    .type   arch_sum_blocks, %function
// x0 = from, x1 = number of 64-byte blocks, 1 to 8192. The sum of all 16-bit words: in sixteen lanes of
// 32 bits, of which each gets two words of a block.
arch_sum_blocks:
    .irp    n, 16, 17, 18, 19
    movi    v\n\().4s, #0
    .endr
1:  ld1     {v0.8h-v3.8h}, [x0], #64
    uadalp  v16.4s, v0.8h
    uadalp  v17.4s, v1.8h
    uadalp  v18.4s, v2.8h
    uadalp  v19.4s, v3.8h
    subs    x1, x1, #1
    b.ne    1b
    add     v16.4s, v16.4s, v17.4s
    add     v18.4s, v18.4s, v19.4s
    add     v16.4s, v16.4s, v18.4s
    uaddlv  d0, v16.4s
    fmov    x0, d0
    ret
    .size   arch_sum_blocks, . - arch_sum_blocks

    .section .note.GNU-stack, "", %progbits
