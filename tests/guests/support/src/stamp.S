// SPDX-License-Identifier: BSD-2-Clause
// guest_stamp: sixteen reads of the counter one instruction apart. With one nanosecond an
// instruction and 16 a tick, the number of reads that equal the first says how far off the next
// tick was. Always takes the same number of instructions. Changes x0 to x16 only.

    .text
    .global guest_stamp
guest_stamp:
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    mrs     x\n, cntvct_el0
    .endr
    mov     x16, #1
    .irp    n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    cmp     x\n, x0
    cinc    x16, x16, eq
    .endr
    add     x0, x0, #1
    lsl     x0, x0, #4
    sub     x0, x0, x16
    sub     x0, x0, #1              // a read counts itself; the stamp is of the moment before
    ret
