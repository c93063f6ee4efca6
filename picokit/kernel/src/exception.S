// SPDX-License-Identifier: BSD-2-Clause
// Ways into the kernel and out of it.
//
// While a thread runs, SP_EL2 points to its context, where an exception stores its registers at
// once. TPIDR_EL2 points to the core's data, below which its stack begins.
// System calls save and restore only what C++ code may change: not x19 to x29, which it preserves,
// nor x14 to x18, which it is compiled not to use (CMakeLists.txt). Those move only if another thread
// goes on. Everything else saves all.

#include "kernel/context_layout.h"
#include "picokit/abi.h"

#define EC_SVC64 0x15
#define SYSCALL_COUNT PICOKIT_SYS_COUNT

    .section .text.exception, "ax"

// x0-x13, x30, pc and SPSR of the thread to its context. Leaves all but x9, x10 as they were.
.macro save_scratch
    stp     x1, x2, [sp, #CONTEXT_X1]
    stp     x3, x4, [sp, #CONTEXT_X3]
    stp     x5, x6, [sp, #CONTEXT_X5]
    stp     x7, x8, [sp, #CONTEXT_X7]
    stp     x30, x9, [sp, #CONTEXT_X30_X9]
    stp     x10, x11, [sp, #CONTEXT_X10]
    stp     x12, x13, [sp, #CONTEXT_X12]
    mrs     x9, elr_el2
    mrs     x10, spsr_el2
    str     x9, [sp, #CONTEXT_PC]
    stp     x10, x0, [sp, #CONTEXT_SPSR_X0]
.endm

.macro save_others context
    stp     x14, x15, [\context, #CONTEXT_X14]
    stp     x16, x17, [\context, #CONTEXT_X16]
    stp     x18, x29, [\context, #CONTEXT_X18_X29]
    stp     x19, x20, [\context, #CONTEXT_X19]
    stp     x21, x22, [\context, #CONTEXT_X21]
    stp     x23, x24, [\context, #CONTEXT_X23]
    stp     x25, x26, [\context, #CONTEXT_X25]
    stp     x27, x28, [\context, #CONTEXT_X27]
.endm

// SP is the context from here on.
.macro load_others
    ldp     x14, x15, [sp, #CONTEXT_X14]
    ldp     x16, x17, [sp, #CONTEXT_X16]
    ldp     x18, x29, [sp, #CONTEXT_X18_X29]
    ldp     x19, x20, [sp, #CONTEXT_X19]
    ldp     x21, x22, [sp, #CONTEXT_X21]
    ldp     x23, x24, [sp, #CONTEXT_X23]
    ldp     x25, x26, [sp, #CONTEXT_X25]
    ldp     x27, x28, [sp, #CONTEXT_X27]
.endm

.macro load_scratch_and_leave
    ldr     x9, [sp, #CONTEXT_PC]
    ldp     x10, x0, [sp, #CONTEXT_SPSR_X0]
    msr     elr_el2, x9
    msr     spsr_el2, x10
    ldp     x1, x2, [sp, #CONTEXT_X1]
    ldp     x3, x4, [sp, #CONTEXT_X3]
    ldp     x5, x6, [sp, #CONTEXT_X5]
    ldp     x7, x8, [sp, #CONTEXT_X7]
    ldp     x30, x9, [sp, #CONTEXT_X30_X9]
    ldp     x10, x11, [sp, #CONTEXT_X10]
    ldp     x12, x13, [sp, #CONTEXT_X12]
    eret
    // Nothing behind an exception return may be executed speculatively.
    dsb     nsh
    isb
.endm

// Onto the kernel's stack, with x0 = thread and x1 = core.
.macro enter_kernel
    mov     x0, sp
    mrs     x1, tpidr_el2
    mov     sp, x1
.endm

.macro vector name
    .balign 0x80
\name:
.endm

    .balign 0x800
    .global picokit_vectors
picokit_vectors:

// From EL2 with SP_EL0: never used.
.rept 4
    .balign 0x80
    b       kernel_exception
.endr

// From EL2 itself: a mistake of the kernel's, or its SMC on a machine without EL3.
.rept 4
    .balign 0x80
    b       kernel_exception
.endr

// From threads in AArch64.
vector synchronous
    save_scratch
    mrs     x11, esr_el2
    lsr     w12, w11, #26
    cmp     w12, #EC_SVC64
    b.ne    trap
    mov     x3, sp
    mrs     x4, tpidr_el2
    mov     sp, x4
    cmp     x7, #SYSCALL_COUNT
    b.hs    syscall_without_handler
    adrp    x9, k_picokit_syscalls
    add     x9, x9, :lo12:k_picokit_syscalls
    ldr     x9, [x9, x7, lsl #3]
    str     x3, [sp, #-16]!
    adr     x30, syscall_done
    br      x9
vector interrupt
    save_scratch
    save_others sp
    enter_kernel
    bl      picokit_interrupt
    b       leave_with_all
vector fast_interrupt
    // The GIC does not send FIQs; what does is acknowledged like an interrupt, and masked.
    b       interrupt
vector system_error
    save_scratch
    save_others sp
    enter_kernel
    mrs     x2, esr_el2
    bl      picokit_serror
    b       leave_with_all

// From guests in AArch32 at EL0: the same; the registers of AArch32 are in x0 to x30.
    .balign 0x80
    b       synchronous
    .balign 0x80
    b       interrupt
    .balign 0x80
    b       interrupt
    .balign 0x80
    b       system_error

    .balign 0x80
trap:
    save_others sp
    enter_kernel
    mov     x2, x11
    bl      picokit_trap
    mov     sp, x0
    load_others
    load_scratch_and_leave

syscall_without_handler:
    mov     x0, #0
    str     x3, [sp, #-16]!
syscall_done:
    // x0: who goes on; on the stack: who called.
    ldr     x1, [sp], #16
    cmp     x0, x1
    b.ne    syscall_switches
    mov     sp, x0
    load_scratch_and_leave

syscall_switches:
    // The rest of the caller's registers is still there.
    save_others x1
    cbz     x0, syscall_faults
    // fall through

// x0: the thread to go on with.
    .global picokit_leave
picokit_leave:
leave_with_all:
    mov     sp, x0
    load_others
    load_scratch_and_leave

syscall_faults:
    mov     x0, x1
    mrs     x1, tpidr_el2
    bl      picokit_syscall_fault
    b       leave_with_all

kernel_exception:
    // The SMC of picokit_smc is undefined without EL3: then it answers "not supported".
    mrs     x9, elr_el2
    adr     x10, smc_instruction
    cmp     x9, x10
    b.ne    1f
    add     x9, x9, #4
    msr     elr_el2, x9
    mov     x0, #-1
    eret
1:
    // The stack may be what is wrong.
    adrp    x0, panic_stack_end
    add     x0, x0, :lo12:panic_stack_end
    mov     sp, x0
    mrs     x0, esr_el2
    mrs     x1, elr_el2
    mrs     x2, far_el2
    b       picokit_kernel_exception

    .section .text.smc, "ax"
    .global picokit_smc
picokit_smc:
    // EL3 may change x0 to x17 (SMCCC 2.6), of which x14 to x17 are the caller's for us.
    stp     x29, x30, [sp, #-64]!
    stp     x14, x15, [sp, #32]
    stp     x16, x17, [sp, #48]
    str     x0, [sp, #16]
    ldp     x2, x3, [x0, #16]
    ldp     x4, x5, [x0, #32]
    ldp     x6, x7, [x0, #48]
    ldp     x0, x1, [x0]
smc_instruction:
    smc     #0
    ldr     x9, [sp, #16]
    stp     x0, x1, [x9]
    stp     x2, x3, [x9, #16]
    stp     x4, x5, [x9, #32]
    stp     x6, x7, [x9, #48]
    ldp     x14, x15, [sp, #32]
    ldp     x16, x17, [sp, #48]
    ldp     x29, x30, [sp], #64
    ret

    .section .text.fp, "ax"
.macro for_vectors instruction
    \instruction q0, q1, [x0, #0]
    \instruction q2, q3, [x0, #32]
    \instruction q4, q5, [x0, #64]
    \instruction q6, q7, [x0, #96]
    \instruction q8, q9, [x0, #128]
    \instruction q10, q11, [x0, #160]
    \instruction q12, q13, [x0, #192]
    \instruction q14, q15, [x0, #224]
    \instruction q16, q17, [x0, #256]
    \instruction q18, q19, [x0, #288]
    \instruction q20, q21, [x0, #320]
    \instruction q22, q23, [x0, #352]
    \instruction q24, q25, [x0, #384]
    \instruction q26, q27, [x0, #416]
    \instruction q28, q29, [x0, #448]
    \instruction q30, q31, [x0, #480]
.endm
    .global picokit_fp_save
picokit_fp_save:
    for_vectors stp
    mrs     x1, fpsr
    mrs     x2, fpcr
    add     x0, x0, #512
    stp     x1, x2, [x0]
    ret
    .global picokit_fp_load
picokit_fp_load:
    for_vectors ldp
    ldr     x1, [x0, #512]
    ldr     x2, [x0, #520]
    msr     fpsr, x1
    msr     fpcr, x2
    ret

    .section .bss.panic_stack, "aw", %nobits
    .balign 16
    .skip   0x1000
panic_stack_end:

    .section .note.GNU-stack, "", %progbits
