/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls on kernel objects: threads, vCPUs, the firmware, address spaces. */
#pragma once

#include <sel4/syscalls.h>

/* Four registers at a time, two instructions each way; both ends hold a multiple of four. */
LIBSEL4_INLINE_FUNC void picokit_copy_registers(seL4_Word* to, const seL4_Word* from,
                                                seL4_Word count)
{
    const seL4_Word* const end = from + count;
    for (; from < end; from += 4, to += 4) {
        const seL4_Word a = from[0];
        const seL4_Word b = from[1];
        const seL4_Word c = from[2];
        const seL4_Word d = from[3];
        to[0]             = a;
        to[1]             = b;
        to[2]             = c;
        to[3]             = d;
    }
}

/* The first `count` registers (1..36) are valid afterwards. */
LIBSEL4_INLINE seL4_Error seL4_TCB_ReadRegisters(seL4_TCB service, seL4_Bool suspend_source,
                                                 seL4_Uint8 arch_flags, seL4_Word count,
                                                 seL4_UserContext* regs)
{
    const seL4_Error error = (seL4_Error)picokit_svc(PICOKIT_SYS_TCB_READ_REGISTERS, service,
                                                     (seL4_Word)(suspend_source != 0), count)
                                 .x0;
    (void)arch_flags;
    if (error == seL4_NoError) {
        picokit_copy_registers((seL4_Word*)regs, __sel4_ipc_buffer->msg, count);
    }
    return error;
}

LIBSEL4_INLINE seL4_Error seL4_TCB_WriteRegisters(seL4_TCB service, seL4_Bool resume_target,
                                                  seL4_Uint8 arch_flags, seL4_Word count,
                                                  seL4_UserContext* regs)
{
    (void)arch_flags;
    if (count > sizeof(*regs) / sizeof(seL4_Word)) {
        return seL4_TruncatedMessage;
    }
    picokit_copy_registers(__sel4_ipc_buffer->msg, (const seL4_Word*)regs, count);
    return (seL4_Error)picokit_svc(PICOKIT_SYS_TCB_WRITE_REGISTERS, service,
                                   (seL4_Word)(resume_target != 0), count)
        .x0;
}

LIBSEL4_INLINE seL4_Error seL4_TCB_Suspend(seL4_TCB service)
{
    return (seL4_Error)picokit_svc1(PICOKIT_SYS_TCB_SUSPEND, service);
}

LIBSEL4_INLINE seL4_Error seL4_TCB_Resume(seL4_TCB service)
{
    return (seL4_Error)picokit_svc1(PICOKIT_SYS_TCB_RESUME, service);
}

/* Up to the priority of `authority` in the system description. */
LIBSEL4_INLINE seL4_Error seL4_TCB_SetPriority(seL4_TCB service, seL4_TCB authority,
                                               seL4_Word priority)
{
    return (seL4_Error)picokit_svc(PICOKIT_SYS_TCB_SET_PRIORITY, service, priority, authority).x0;
}

LIBSEL4_INLINE seL4_ARM_VCPU_ReadRegs_t seL4_ARM_VCPU_ReadRegs(seL4_ARM_VCPU service,
                                                               seL4_Word     field)
{
    const struct picokit_result answer = picokit_svc2(PICOKIT_SYS_VCPU_READ_REG, service, field);
    seL4_ARM_VCPU_ReadRegs_t    result;
    result.error = (int)answer.x0;
    result.value = answer.x1;
    return result;
}

LIBSEL4_INLINE seL4_Error seL4_ARM_VCPU_WriteRegs(seL4_ARM_VCPU service, seL4_Word field,
                                                  seL4_Word value)
{
    return (seL4_Error)picokit_svc(PICOKIT_SYS_VCPU_WRITE_REG, service, field, value).x0;
}

LIBSEL4_INLINE seL4_Error seL4_ARM_VCPU_InjectIRQ(seL4_ARM_VCPU service, seL4_Uint16 virq,
                                                  seL4_Uint8 priority, seL4_Uint8 group,
                                                  seL4_Uint8 index)
{
    const seL4_Word packed = (seL4_Word)virq | (seL4_Word)priority << 16 | (seL4_Word)group << 24 |
                             (seL4_Word)index << 32;
    return (seL4_Error)picokit_svc2(PICOKIT_SYS_VCPU_INJECT_IRQ, service, packed).x0;
}

LIBSEL4_INLINE seL4_Error seL4_ARM_VCPU_AckVPPI(seL4_ARM_VCPU service, seL4_Word irq)
{
    return (seL4_Error)picokit_svc2(PICOKIT_SYS_VCPU_ACK_VPPI, service, irq).x0;
}

#ifdef CONFIG_ALLOW_SMC_CALLS
LIBSEL4_INLINE seL4_Error seL4_ARM_SMC_Call(seL4_ARM_SMC service, seL4_ARM_SMCContext* smc_args,
                                            seL4_ARM_SMCContext* smc_response)
{
    const seL4_Word* in  = &smc_args->x0;
    seL4_Word*       out = &smc_response->x0;
    seL4_Error       error;
    for (int i = 0; i < 8; i++) {
        seL4_SetMR(i, in[i]);
    }
    error = (seL4_Error)picokit_svc1(PICOKIT_SYS_SMC, service);
    for (int i = 0; i < 8 && error == seL4_NoError; i++) {
        out[i] = seL4_GetMR(i);
    }
    return error;
}
#endif

/* Cache maintenance by address, [start, end) of this PD's own memory: done here, because EL0 may
 * clean. There is no plain invalidate at EL0; it is made of clean and invalidate, as the
 * architecture allows a stage 2 to make it anyway. */
#define PICOKIT_CACHE_LINE LIBSEL4_BIT(CONFIG_L1_CACHE_LINE_SIZE_BITS)

LIBSEL4_INLINE seL4_Error seL4_ARM_VSpace_Clean_Data(seL4_ARM_VSpace service, seL4_Word start,
                                                     seL4_Word end)
{
    (void)service;
    for (seL4_Word line = start & ~(PICOKIT_CACHE_LINE - 1); line < end;
         line += PICOKIT_CACHE_LINE) {
        __asm__ volatile("dc cvac, %0" : : "r"(line) : "memory");
    }
    __asm__ volatile("dsb sy" : : : "memory");
    return seL4_NoError;
}

LIBSEL4_INLINE seL4_Error seL4_ARM_VSpace_CleanInvalidate_Data(seL4_ARM_VSpace service,
                                                               seL4_Word start, seL4_Word end)
{
    (void)service;
    for (seL4_Word line = start & ~(PICOKIT_CACHE_LINE - 1); line < end;
         line += PICOKIT_CACHE_LINE) {
        __asm__ volatile("dc civac, %0" : : "r"(line) : "memory");
    }
    __asm__ volatile("dsb sy" : : : "memory");
    return seL4_NoError;
}

LIBSEL4_INLINE seL4_Error seL4_ARM_VSpace_Invalidate_Data(seL4_ARM_VSpace service, seL4_Word start,
                                                          seL4_Word end)
{
    return seL4_ARM_VSpace_CleanInvalidate_Data(service, start, end);
}

LIBSEL4_INLINE seL4_Error seL4_ARM_VSpace_Unify_Instruction(seL4_ARM_VSpace service,
                                                            seL4_Word start, seL4_Word end)
{
    (void)service;
    for (seL4_Word line = start & ~(PICOKIT_CACHE_LINE - 1); line < end;
         line += PICOKIT_CACHE_LINE) {
        __asm__ volatile("dc cvau, %0" : : "r"(line) : "memory");
    }
    __asm__ volatile("dsb ish" : : : "memory");
    for (seL4_Word line = start & ~(PICOKIT_CACHE_LINE - 1); line < end;
         line += PICOKIT_CACHE_LINE) {
        __asm__ volatile("ic ivau, %0" : : "r"(line) : "memory");
    }
    __asm__ volatile("dsb ish\n\tisb" : : : "memory");
    return seL4_NoError;
}
