// SPDX-License-Identifier: BSD-2-Clause
// Secure set-up of a GICv2 (IHI 0048B, 4.3 and 4.4): every interrupt in group 1, which the
// non-secure side owns. No stack; clobbers x0 to x4.

    .section .text.boot, "ax"
    .global picokit_boot_el3_gic
picokit_boot_el3_gic:
    adrp    x0, picokit_gic_distributor
    ldr     x0, [x0, :lo12:picokit_gic_distributor]
    ldr     w1, [x0, #4]                // GICD_TYPER
    and     w1, w1, #0x1f
    add     x2, x0, #0x80               // GICD_IGROUPR
    mov     w3, #-1
1:
    str     w3, [x2], #4
    subs    w1, w1, #1
    b.ge    1b
    adrp    x0, picokit_gic_core_frame
    ldr     x0, [x0, :lo12:picokit_gic_core_frame]
    mov     w1, #0xff
    str     w1, [x0, #4]                // GICC_PMR, which the non-secure side may only lower
    ret

    .section .note.GNU-stack, "", %progbits
