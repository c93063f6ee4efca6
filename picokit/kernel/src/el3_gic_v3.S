// SPDX-License-Identifier: BSD-2-Clause
// Secure set-up of a GICv3 (IHI 0069H, 12.9 to 12.11): system registers for the lower levels, and
// every interrupt in non-secure group 1. No stack; clobbers x0 to x4.

    .section .text.boot, "ax"
    .global picokit_boot_el3_gic
picokit_boot_el3_gic:
    mov     x0, #0xf                    // Enable, DIB, DFB, SRE
    msr     icc_sre_el3, x0
    isb
    adrp    x0, picokit_gic_distributor
    ldr     x0, [x0, :lo12:picokit_gic_distributor]
    mov     w1, #0x30                   // ARE_NS, ARE_S
    str     w1, [x0]
1:
    ldr     w1, [x0]
    tbnz    w1, #31, 1b                 // RWP
    ldr     w1, [x0, #4]                // GICD_TYPER
    and     w1, w1, #0x1f
    add     x2, x0, #0x84               // GICD_IGROUPR1
    mov     w3, #-1
2:
    cbz     w1, 3f
    str     w3, [x2], #4
    sub     w1, w1, #1
    b       2b
3:
    // The boot core's redistributor, the first one: its SGI frame's IGROUPR0.
    adrp    x0, picokit_gic_core_frame
    ldr     x0, [x0, :lo12:picokit_gic_core_frame]
    add     x0, x0, #0x10, lsl #12
    str     w3, [x0, #0x80]
    ret

    .section .note.GNU-stack, "", %progbits
