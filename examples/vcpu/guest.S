/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest: one exit of each kind, numbered in x0. Runs at EL1 with stage 1 off and all interrupts
 * masked; it asks for them instead of taking them. Copied to the guest's RAM, hence no absolute
 * address. x0 = step, x1 = argument; what comes back is in x0. */

    .section .rodata.guest, "a"
    .global guest_start, guest_again, guest_end
    .balign 8

    .set    device, 0x09000000
    .set    nowhere, 0x50000000
    .set    gicc, 0x08010000

guest_start:
    mov     x19, #0x1234
    mrs     x1, mpidr_el1
    mov     x0, #1
    mov     x7, #0x1234
    hvc     #0

    add     x0, x0, #1 /* answer + 1 */
    smc     #5

    mov     x1, x0
    ldr     x2, =device
    ldr     w3, [x2, #0x18]
    add     w3, w3, #1
    strh    w3, [x2, #0x24]

    /* A number in x7 that seL4 takes for a call of its own. */
    mov     x0, #4
    mov     x7, #-1
    hvc     #0

    /* The CPU interface: system registers (x20 = 1) or a frame (x20 = 0). Everything in. */
    mrs     x20, id_aa64pfr0_el1
    ubfx    x20, x20, #24, #4
    ldr     x21, =gicc
    mov     w1, #0xff
    mov     w2, #1
    cbz     x20, 1f
    msr     S3_0_C4_C6_0, x1   /* ICC_PMR_EL1 */
    msr     S3_0_C12_C12_7, x2 /* ICC_IGRPEN1_EL1 */
    isb
    b       2f
1:  str     w1, [x21, #4]
    str     w2, [x21]
2:
    wfi
    bl      take_interrupt
    mov     x0, #5
    mov     x7, xzr
    hvc     #0
    bl      end_interrupt

    mov     x22, #2 /* times */
3:  ldr     x2, =100000
    msr     cntv_tval_el0, x2
    mov     x2, #1
    msr     cntv_ctl_el0, x2
    isb
    bl      take_interrupt
    msr     cntv_ctl_el0, xzr
    isb
    mov     x0, #6
    hvc     #0
    bl      end_interrupt
    subs    x22, x22, #1
    b.ne    3b

    ldr     x2, =nowhere
    br      x2

/* Where the VMM restarts the vCPU: only pc has changed. */
guest_again:
    mov     x0, #7
    mov     x1, x19
    hvc     #0
4:  wfi
    b       4b

/* x1 = an interrupt, waiting for it. */
take_interrupt:
    cbz     x20, 1f
    mrs     x1, S3_0_C12_C12_0 /* ICC_IAR1_EL1 */
    b       2f
1:  ldr     w1, [x21, #0xc] /* GICC_IAR */
2:  cmp     x1, #1020
    b.hs    take_interrupt
    mov     x23, x1
    ret

/* Ends what take_interrupt gave. */
end_interrupt:
    cbz     x20, 1f
    msr     S3_0_C12_C12_1, x23 /* ICC_EOIR1_EL1 */
    isb
    ret
1:  str     w23, [x21, #0x10] /* GICC_EOIR */
    dsb     sy
    ret

    .ltorg
guest_end:

    .section .note.GNU-stack, "", %progbits
