// SPDX-License-Identifier: BSD-2-Clause
// From power-on to the first line of C++.
//
// Entered at EL3 or EL2, MMU on or off, at the link address or elsewhere. Until the MMU is on
// nothing is written to memory (except by moving the image), so that no stale cache line can ever
// stand before what was written.

#define CURRENT_EL_1 0x4
#define CURRENT_EL_3 0xc

#define SCTLR_EL2_RESERVED 0x30c50830
#define SCTLR_M (1 << 0)
#define SCTLR_A (1 << 1)
#define SCTLR_C (1 << 2)
#define SCTLR_SA (1 << 3)
#define SCTLR_I (1 << 12)
#define SCTLR_WXN (1 << 19)

// Inner shareable, write-back walks, 40 bits of physical address.
#define TCR_EL2_BASE 0x80823500
#define T0SZ_BOOT 25
#define T0SZ_KERNEL 24

#define SYSTEM_TABLE_IMAGE_SIZE 16
#define SYSTEM_TABLE_KERNEL_ROOT 24

.macro address register, symbol
    adrp    \register, \symbol
    add     \register, \register, :lo12:\symbol
.endm

    .section .text.boot, "ax"
    .global _start
_start:
    msr     daifset, #15
    mrs     x0, CurrentEL
    cmp     x0, #CURRENT_EL_1
    b.eq    entered_at_el1
    cmp     x0, #CURRENT_EL_3
    b.ne    at_el2

    // EL3: everything of the machine's to non-secure EL2, which is AArch64 and may use HVC and SMC.
    mov     x0, #(1 << 10 | 1 << 8 | 1 << 5 | 1 << 4 | 1 << 0) // RW, HCE, reserved, NS
    msr     scr_el3, x0
    msr     cptr_el3, xzr
    bl      picokit_boot_el3_gic
    // Unknown after a reset of EL3: EL2 starts with its MMU and caches off, without host extensions.
    ldr     x0, =SCTLR_EL2_RESERVED
    msr     sctlr_el2, x0
    mov     x0, #(1 << 31)
    msr     hcr_el2, x0
    mov     x0, #0x3c9 // EL2h, D, A, I, F masked
    msr     spsr_el3, x0
    adr     x0, at_el2
    msr     elr_el3, x0
    isb
    eret

at_el2:
    // What was written with caches on (by a boot loader with its MMU on) must be in memory before
    // they are turned off. The image is what matters to us.
    mrs     x0, sctlr_el2
    tbz     x0, #2, 1f
    adr     x0, _start
    bl      image_size
    add     x1, x0, x1
    bl      clean_range
1:
    ldr     x0, =SCTLR_EL2_RESERVED
    msr     sctlr_el2, x0
    mov     x0, #(1 << 31) // E2H and TGE off: what follows has the layout of plain EL2
    msr     hcr_el2, x0
    isb

    // Move the image to where it is linked, unless it is there.
    adr     x0, _start
    ldr     x2, =_start
    cmp     x0, x2
    b.ne    move_image
at_link_address:
    ic      iallu
    dsb     nsh
    isb

    // First map: board memory as one block after the other, to clear and copy with caches on.
    address x0, picokit_boot_map
    msr     ttbr0_el2, x0
    mov     x1, #T0SZ_BOOT
    bl      enable_mmu
    mov     x2, #(SCTLR_M | SCTLR_C | SCTLR_I)
    bl      set_sctlr
    mov     x0, #0x33ff // no FP traps: clearing and copying use vector registers
    msr     cptr_el2, x0
    isb

    address x0, __bss_start
    address x1, __bss_end
    bl      clear_range
    ldr     x0, =picokit_core_areas
    adrp    x1, picokit_stack_size
    ldr     x1, [x1, :lo12:picokit_stack_size]
    add     x0, x0, x1
    msr     tpidr_el2, x0
    mov     sp, x0
    address x0, picokit_vectors
    msr     vbar_el2, x0
    isb
    bl      picokit_prepare_memory

    // The kernel's own map. With the MMU off in between, no address is ever seen through two
    // translations of different size; until it is on again only registers are used.
    ldr     x3, picokit_system_table
    ldr     x3, [x3, #SYSTEM_TABLE_KERNEL_ROOT]
    dsb     ish
    ldr     x0, =SCTLR_EL2_RESERVED
    msr     sctlr_el2, x0
    isb
    msr     ttbr0_el2, x3
    mov     x1, #T0SZ_KERNEL
    bl      enable_mmu
    ldr     x2, =(SCTLR_M | SCTLR_C | SCTLR_I | SCTLR_SA | SCTLR_WXN)
    bl      set_sctlr

    mrs     x0, tpidr_el2
    bl      picokit_boot
    b       picokit_leave

// x1: T0SZ. Everything for translation but the switch in SCTLR_EL2.
enable_mmu:
    ldr     x0, =TCR_EL2_BASE
    orr     x0, x0, x1
    msr     tcr_el2, x0
    mov     x0, #0xff // index 0 Normal write-back, index 1 Device-nGnRnE
    msr     mair_el2, x0
    isb
    // No translation of whoever ran before: of EL2, and of all VMIDs.
    tlbi    alle2
    tlbi    alle1
    dsb     nsh
    isb
    ret

// x2: SCTLR_EL2 bits to set.
set_sctlr:
    ldr     x0, =SCTLR_EL2_RESERVED
    orr     x0, x0, x2
    msr     sctlr_el2, x0
    isb
    ret

// x1 := size of the image as it lies in memory now; clobbers x3 to x5.
image_size:
    adr     x3, _start
    ldr     x4, =_start
    sub     x3, x3, x4          // loaded minus linked
    adr     x4, picokit_system_table
    ldr     x4, [x4]
    add     x4, x4, x3
    ldr     x1, [x4, #SYSTEM_TABLE_IMAGE_SIZE]
    ret

// Cleans and invalidates [x0, x1) to the point of coherency; clobbers x4, x5.
clean_range:
    mrs     x4, ctr_el0
    ubfx    x4, x4, #16, #4
    mov     x5, #4
    lsl     x4, x5, x4
2:
    dc      civac, x0
    add     x0, x0, x4
    cmp     x0, x1
    b.lo    2b
    dsb     sy
    ret

// x0: where the image is, x2: where it belongs. Goes on there. Loaded anywhere, even unaligned: no
// ADRP until then.
move_image:
    mov     x9, x0
    mov     x10, x2
    bl      image_size
    mov     x11, x1
    // This code must survive its own move.
    adr     x3, __boot_text_end
    sub     x12, x3, x9         // its size
    subs    x4, x10, x9
    cneg    x4, x4, lo
    cmp     x4, x12
    b.lo    cannot_move
    // Old cache lines of the destination must not come back over what is written with caches off.
    mov     x0, x10
    add     x1, x10, x11
    bl      clean_range
    cmp     x10, x9
    b.hi    move_up
    // Down: from the start, and from this code's new place on once it is there, because the rest
    // may come to lie over the old one.
    mov     x0, x9
    mov     x1, x10
    add     x2, x9, x12
    ldr     x13, =move_rest
move_down:
    ldp     x3, x4, [x0], #16
    stp     x3, x4, [x1], #16
    cmp     x0, x2
    b.lo    move_down
    dsb     sy
    ic      iallu
    dsb     sy
    isb
    br      x13
move_rest:
    add     x2, x9, x11
    ldr     x13, =at_link_address
    b       move_down
move_up:
    add     x0, x9, x11         // from the end
    add     x1, x10, x11
7:
    ldp     x3, x4, [x0, #-16]!
    stp     x3, x4, [x1, #-16]!
    cmp     x0, x9
    b.hi    7b
    dsb     sy
    ldr     x0, =at_link_address
    br      x0

entered_at_el1:
    adr     x0, message_el1
    b       say_and_stop
cannot_move:
    adr     x0, message_move
say_and_stop:
    adr     x1, picokit_console
    ldr     x1, [x1]
8:
    ldrb    w2, [x0], #1
    cbz     w2, 9f
    str     w2, [x1]
    b       8b
9:
    wfi
    b       9b
message_el1:
    .asciz  "picokit: entered at EL1, but this kernel is a hypervisor (QEMU: -machine virt,virtualization=on)\r\n"
message_move:
    .asciz  "picokit: the image was loaded across its own link address\r\n"
    .balign 8
    .global picokit_system_table
    .type   picokit_system_table, %object
    .size   picokit_system_table, 8
picokit_system_table:
    .quad   0                   // patched by the tool
    .ltorg

    .section .text.memory, "ax"
// Clears [x0, x1), both multiples of 64, by the largest block that DC ZVA offers; the caches are on.
clear_range:
    subs    x1, x1, x0
    b.eq    3f
    mrs     x2, dczid_el0
    tbnz    x2, #4, use_stores
    mov     x3, #4
    and     x2, x2, #15
    lsl     x3, x3, x2          // bytes a DC ZVA
    lsl     x4, x3, #3          // eight of them a turn
    orr     x5, x0, x1
    sub     x6, x3, #1
    tst     x5, x6
    b.ne    use_stores
1:
    cmp     x1, x4
    b.lo    2f
    sub     x1, x1, x4
.rept 8
    dc      zva, x0
    add     x0, x0, x3
.endr
    b       1b
2:
    cbz     x1, 3f
    dc      zva, x0
    add     x0, x0, x3
    sub     x1, x1, x3
    b       2b
3:
    ret
use_stores:
    movi    v0.16b, #0
4:
    stp     q0, q0, [x0], #32
    stp     q0, q0, [x0], #32
    subs    x1, x1, #64
    b.ne    4b
    ret

// Clears [x0, x1), multiples of 4096, and cleans and invalidates it to the point of coherency: at once
// where a DC ZVA is one line long.
    .global clear_and_clean_range
clear_and_clean_range:
    mrs     x2, dczid_el0
    and     x2, x2, #0x1f       // DZP and BS: log2 of the words of a DC ZVA
    mrs     x3, ctr_el0
    ubfx    x3, x3, #16, #4     // DminLine: log2 of the words of a line
    cmp     x2, x3
    b.ne    6f
    mov     x4, #4
    lsl     x4, x4, x3
5:
    cmp     x0, x1
    b.hs    7f
.rept 8
    dc      zva, x0
    dc      civac, x0
    add     x0, x0, x4
.endr
    b       5b
6:
    stp     x29, x30, [sp, #-32]!
    stp     x0, x1, [sp, #16]
    bl      clear_range
    ldp     x0, x1, [sp, #16]
    ldp     x29, x30, [sp], #32
    b       clean_range
7:
    dsb     sy
    ret

// Copies x2 bytes, a multiple of 16, from x1 to x0, and cleans the copy to the point of coherency:
// it may be code, and it may be read by a guest with its caches off.
    .global copy_range
copy_range:
    mov     x5, x0
    add     x6, x0, x2
1:
    subs    x2, x2, #128
    b.lo    2f
    ldp     q0, q1, [x1]
    ldp     q2, q3, [x1, #32]
    ldp     q4, q5, [x1, #64]
    ldp     q6, q7, [x1, #96]
    stp     q0, q1, [x0]
    stp     q2, q3, [x0, #32]
    stp     q4, q5, [x0, #64]
    stp     q6, q7, [x0, #96]
    add     x1, x1, #128
    add     x0, x0, #128
    b       1b
2:
    adds    x2, x2, #128
    b.eq    4f
3:
    ldr     q0, [x1], #16
    str     q0, [x0], #16
    subs    x2, x2, #16
    b.hi    3b
4:
    mrs     x3, ctr_el0
    ubfx    x3, x3, #16, #4
    mov     x4, #4
    lsl     x3, x4, x3
    sub     x4, x3, #1
    bic     x5, x5, x4
5:
    cmp     x5, x6
    b.hs    6f
    dc      cvac, x5
    add     x5, x5, x3
    b       5b
6:
    ret

    .section .note.GNU-stack, "", %progbits
