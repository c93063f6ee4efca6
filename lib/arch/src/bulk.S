// SPDX-License-Identifier: BSD-2-Clause
// Copying and clearing of large memory with SIMD registers; see arch/bulk.hpp. The only place
// outside of the kernel that touches them: the first use in a program costs one trap.

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

    .section .note.GNU-stack, "", %progbits
