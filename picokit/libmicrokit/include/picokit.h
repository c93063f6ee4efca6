/* SPDX-License-Identifier: BSD-2-Clause */
/* What libmicrokit has here and an official one has not. A program that wants to run on both
 * declares these functions itself, with __attribute__((weak)), and uses them where their address is
 * not 0. */
#pragma once

#include <microkit.h>

LIBSEL4_BEGIN_DECLARATIONS

/* What a list register of a vCPU holds. */
enum picokit_list_register {
    picokit_list_register_empty   = 0, /* or ended, and VGICMaintenance still to come */
    picokit_list_register_pending = 1,
    picokit_list_register_active  = 2,
    picokit_list_register_both    = 3,
};

/* What list register `index` holds: one of the above, or -seL4_Error. It is emptied, in the same
 * step, if `states` has the bit of that number; with 0 it is only looked at. An interrupt that was
 * active stays in the guest's running priority until the guest drops that. */
long picokit_vcpu_list_register(seL4_Word vcpu, seL4_Word index, seL4_Word states);

/* seL4_ARM_VCPU_InjectIRQ with the sender (0..7) of a GICv2 SGI, for GICV_IAR. Gives seL4_Error. */
long picokit_vcpu_inject(seL4_Word vcpu, seL4_Word intid, seL4_Word priority, seL4_Word group,
                         seL4_Word index, seL4_Word source);

/* Puts parts of a stopped vCPU into the state before its first start. What seL4_TCB_WriteRegisters
 * writes stays. Gives seL4_Error. */
enum picokit_reset {
    /* System registers (VMPIDR_EL2 and CNTVOFF_EL2 too), FP and SIMD registers, timer. */
    picokit_reset_processor = PICOKIT_RESET_PROCESSOR,
    /* The virtual CPU interface: list registers, active priorities, what the guest set there. */
    picokit_reset_interface = PICOKIT_RESET_INTERFACE,
};
long picokit_vcpu_reset(seL4_Word vcpu, seL4_Word parts);

LIBSEL4_END_DECLARATIONS
