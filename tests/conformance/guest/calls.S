// SPDX-License-Identifier: BSD-2-Clause
// Calls with all registers that a call might change, and a visit to EL0.

    // conformance_hvc(words): x0 to x17 of the call in words[0..17]; afterwards what they are.
    .macro  all_registers name, instruction
    .global conformance_\name
conformance_\name:
    stp     x29, x30, [sp, #-32]!
    stp     x18, x19, [sp, #16]
    mov     x19, x0
    ldp     x16, x17, [x19, #128]
    ldp     x14, x15, [x19, #112]
    ldp     x12, x13, [x19, #96]
    ldp     x10, x11, [x19, #80]
    ldp     x8, x9, [x19, #64]
    ldp     x6, x7, [x19, #48]
    ldp     x4, x5, [x19, #32]
    ldp     x2, x3, [x19, #16]
    ldp     x0, x1, [x19, #0]
    \instruction
    stp     x0, x1, [x19, #0]
    stp     x2, x3, [x19, #16]
    stp     x4, x5, [x19, #32]
    stp     x6, x7, [x19, #48]
    stp     x8, x9, [x19, #64]
    stp     x10, x11, [x19, #80]
    stp     x12, x13, [x19, #96]
    stp     x14, x15, [x19, #112]
    stp     x16, x17, [x19, #128]
    ldp     x18, x19, [sp, #16]
    ldp     x29, x30, [sp], #32
    ret
    .endm

    .text
    all_registers hvc, "hvc #0"
    all_registers smc, "smc #0"
    all_registers hvc_numbered, "hvc #0x1234"
    all_registers smc_numbered, "smc #0x1234"

    // conformance_at_el0(code): goes there at EL0; the first exception brings it back (to
    // conformance_back, by the fault handler).
    .global conformance_at_el0, conformance_back
conformance_at_el0:
    stp     x29, x30, [sp, #-96]!
    stp     x19, x20, [sp, #16]
    stp     x21, x22, [sp, #32]
    stp     x23, x24, [sp, #48]
    stp     x25, x26, [sp, #64]
    stp     x27, x28, [sp, #80]
    msr     elr_el1, x0
    mov     x1, #0x3c0              // EL0, DAIF masked
    msr     spsr_el1, x1
    isb
    eret
conformance_back:
    ldp     x19, x20, [sp, #16]
    ldp     x21, x22, [sp, #32]
    ldp     x23, x24, [sp, #48]
    ldp     x25, x26, [sp, #64]
    ldp     x27, x28, [sp, #80]
    ldp     x29, x30, [sp], #96
    ret

    // What is tried at EL0: one instruction each, then a way back.
    .macro  el0 name, instruction
    .global conformance_el0_\name
conformance_el0_\name:
    \instruction
    svc     #0
    .endm
    el0     svc, "nop"
    el0     hvc, "hvc #0"
    el0     smc, "smc #0"
    el0     vbar, "mrs x0, vbar_el1"
    el0     wfi, "wfi"
    el0     udf, ".inst 0"

    // A CPU that CPU_ON started: what it finds, into the six words at x0; then it is switched off.
    .global conformance_bare_start
conformance_bare_start:
    mrs     x1, CurrentEL
    mrs     x2, daif
    mrs     x3, sctlr_el1
    mrs     x4, mpidr_el1
    mrs     x5, spsel
    stp     x1, x2, [x0, #8]
    stp     x3, x4, [x0, #24]
    str     x5, [x0, #40]
    dsb     sy
    mov     x6, #1
    str     x6, [x0]
    ldr     x7, [x0, #48]           // the conduit: 0 HVC, else SMC
    mov     w0, #0x84000000
    orr     w0, w0, #2              // CPU_OFF
    cbnz    x7, 1f
    mov     x7, xzr
    hvc     #0
1:  mov     x7, xzr
    smc     #0
2:  wfi
    b       2b

    // conformance_suspend(function, conduit): SYSTEM_SUSPEND with an entry point that comes back
    // here with the context, 0x77; or the error.
    .global conformance_suspend, conformance_woken
conformance_suspend:
    stp     x29, x30, [sp, #-96]!
    stp     x19, x20, [sp, #16]
    stp     x21, x22, [sp, #32]
    stp     x23, x24, [sp, #48]
    stp     x25, x26, [sp, #64]
    stp     x27, x28, [sp, #80]
    adr     x3, kept
    mov     x4, sp
    mrs     x5, vbar_el1
    stp     x4, x5, [x3]
    mov     x8, x1
    adr     x1, woken
    mov     x2, #0x77
    mov     x7, xzr
    dsb     sy
    cbnz    x8, 1f
    hvc     #0
    b       back
1:  smc     #0
    b       back
woken:
    adr     x3, kept
    ldp     x4, x5, [x3]
    mov     sp, x4
    msr     vbar_el1, x5
    isb
    adrp    x4, conformance_woken
    add     x4, x4, :lo12:conformance_woken
    mrs     x5, sctlr_el1
    stp     x0, x5, [x4]
back:
    ldp     x19, x20, [sp, #16]
    ldp     x21, x22, [sp, #32]
    ldp     x23, x24, [sp, #48]
    ldp     x25, x26, [sp, #64]
    ldp     x27, x28, [sp, #80]
    ldp     x29, x30, [sp], #96
    ret

    .balign 16
kept:
    .quad   0, 0                    // in the text: the program's memory is one piece

    .bss
    .balign 16
conformance_woken:
    .skip   16
