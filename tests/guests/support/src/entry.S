// SPDX-License-Identifier: BSD-2-Clause
// From whatever loaded us to C++ at EL1: an arm64 Image header (Linux, Documentation/arch/arm64/
// booting.rst), relocation to where we were put, and the way down from EL2 where there is one.
// The MMU stays off: instructions are counted here, and those are the same with caches.

    .equ    stack_size, 0x2000      // a CPU; sixteen CPUs

    .section .entry, "ax"
    .global guest_start
guest_start:
    mrs     x20, cntpct_el0         // the first instruction says when it ran
    b       primary
    .quad   0                       // text_offset: from a 2 MiB boundary
    .quad   guest_image_size
    .quad   0xa                     // flags: little-endian, 4 KiB pages, anywhere in memory
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .word   0

primary:
    mrs     x21, cntvct_el0
    mov     x19, x0                 // device tree
    mrs     x22, CurrentEL
    lsr     x22, x22, #2

    adrp    x0, guest_bss
    add     x0, x0, :lo12:guest_bss
    adrp    x1, guest_image_end
    add     x1, x1, :lo12:guest_image_end
1:  stp     xzr, xzr, [x0], #16
    cmp     x0, x1
    b.lo    1b

    // The relocations are {where, type, linked address}. Elsewhere than linked, all that is
    // R_AARCH64_RELATIVE moves by the same distance; the linker leaves no other kind but NONE.
    adr     x0, guest_start
    ldr     x1, linked_at
    sub     x1, x0, x1
    adrp    x2, guest_relocations
    add     x2, x2, :lo12:guest_relocations
    adrp    x3, guest_relocations_end
    add     x3, x3, :lo12:guest_relocations_end
2:  cmp     x2, x3
    b.hs    3f
    ldp     x4, x6, [x2], #16
    ldr     x5, [x2], #8
    cmp     w6, #1027
    b.ne    2b
    add     x5, x5, x1
    str     x5, [x4, x1]
    b       2b

3:  bl      to_el1
    mov     x0, xzr
    bl      set_up_cpu
    mov     x0, x19
    mov     x1, x20
    mov     x2, x21
    mov     x3, x22
    bl      guest_primary           // does not return

    .balign 8
linked_at:
    .quad   guest_linked_at

// PSCI CPU_ON comes here with the CPU's index in x0.
    .global guest_secondary_start
guest_secondary_start:
    mov     x19, x0
    bl      to_el1
    mov     x0, x19
    bl      set_up_cpu
    mov     x0, x19
    bl      guest_secondary         // does not return

// Stack and vectors of the CPU with the index x0.
set_up_cpu:
    adrp    x1, guest_stacks
    add     x1, x1, :lo12:guest_stacks
    add     x0, x0, #1
    mov     x2, #stack_size
    madd    x0, x0, x2, x1
    mov     sp, x0
    adrp    x1, guest_vectors
    add     x1, x1, :lo12:guest_vectors
    msr     vbar_el1, x1
    isb
    ret

// Returns at EL1 with interrupts masked, MMU and caches off.
to_el1:
    ldr     x1, =0x30d00800         // SCTLR_EL1: only bits that are RES1
    mrs     x0, CurrentEL
    cmp     x0, #8
    b.eq    1f
    msr     sctlr_el1, x1
    isb
    ret
1:  msr     sctlr_el1, x1
    ldr     x1, =0xa0000000         // HCR_EL2: RW, EL1 is AArch64; HCD, nobody answers an HVC
    msr     hcr_el2, x1
    mrs     x1, cnthctl_el2
    orr     x1, x1, #3              // EL1 may read the physical counter and timer
    msr     cnthctl_el2, x1
    msr     cntvoff_el2, xzr
    mov     x1, #0x33ff             // CPTR_EL2: RES1
    msr     cptr_el2, x1
    msr     hstr_el2, xzr
    mrs     x1, midr_el1
    msr     vpidr_el2, x1
    mrs     x1, mpidr_el1
    msr     vmpidr_el2, x1
    mrs     x1, id_aa64pfr0_el1
    ubfx    x1, x1, #24, #4         // GIC: system registers of a GICv3
    cbz     x1, 2f
    mov     x1, #0xf
    msr     s3_4_c12_c9_5, x1       // ICC_SRE_EL2: enable, and let EL1 enable
    isb
    msr     s3_4_c12_c11_0, xzr     // ICH_HCR_EL2
2:  mov     x1, #0x3c5              // EL1 with its own stack pointer, DAIF masked
    msr     spsr_el2, x1
    msr     elr_el2, x30
    eret

    .bss
    .balign 16
guest_stacks:
    .skip   16 * stack_size
