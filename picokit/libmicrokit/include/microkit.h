/* SPDX-License-Identifier: BSD-2-Clause */
/* Microkit's interface for protection domains, for C and C++. */
#pragma once

#include <sel4/sel4.h>

typedef unsigned int       microkit_channel;
typedef unsigned int       microkit_child;
typedef unsigned int       microkit_ioport;
typedef seL4_MessageInfo_t microkit_msginfo;

/* Slots of this PD's capabilities. */
#define MONITOR_EP 5
#define TCB_CAP 6     /* configuration benchmark only */
#define ARM_SMC_CAP 7 /* with smc="true" only */
#define BASE_OUTPUT_NOTIFICATION_CAP 10
#define BASE_ENDPOINT_CAP 74
#define BASE_IRQ_CAP 138
#define BASE_TCB_CAP 202
#define BASE_VM_TCB_CAP 266
#define BASE_VCPU_CAP 330
#define BASE_IOPORT_CAP 394
#define BASE_USER_CAPS 458

#define PD_ROOT_CAP_BITS 6
#define PD_ROOT_CAP_SIZE 64

#define MICROKIT_MAX_CHANNELS 62
#define MICROKIT_MAX_CHANNEL_ID (MICROKIT_MAX_CHANNELS - 1)
#define MICROKIT_MAX_IOPORT_ID MICROKIT_MAX_CHANNELS
#define MICROKIT_PD_NAME_LENGTH 64
#define MICROKIT_MAX_USER_CAPS 128

LIBSEL4_BEGIN_DECLARATIONS

/* Entry points: the program defines them. In C++ the third is called microkit_protected, because
 * `protected` is a keyword; its link name is the same. */
void init(void);
void notified(microkit_channel ch);
#ifdef __cplusplus
microkit_msginfo microkit_protected(microkit_channel ch,
                                    microkit_msginfo msginfo) __asm__("protected");
#else
microkit_msginfo protected(microkit_channel ch, microkit_msginfo msginfo);
#endif
seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo* reply_msginfo);

/* Written by the image tool. In the three words bit n stands for channel n. */
extern char      microkit_name[MICROKIT_PD_NAME_LENGTH];
extern seL4_Word microkit_irqs;
extern seL4_Word microkit_notifications;
extern seL4_Word microkit_pps;
extern seL4_Word microkit_ioports;

/* The one deferred operation that waits for the end of the entry point. */
extern seL4_Bool          microkit_have_signal;
extern seL4_CPtr          microkit_signal_cap;
extern seL4_MessageInfo_t microkit_signal_msg;

/* To the debug console; nothing in configurations that do not print. Numbers in decimal. */
void microkit_dbg_putc(int c);
void microkit_dbg_puts(const char* s);
void microkit_dbg_put8(seL4_Uint8 x);
void microkit_dbg_put32(seL4_Uint32 x);

/* Stores to the address that is the error's number: the report of the fault shows it. */
LIBSEL4_INLINE_FUNC void microkit_internal_crash(seL4_Error err)
{
    *(volatile int*)(seL4_Word)err = 0;
}

/* Not for programs: what the calls below do when they cannot do their work. `call` is their name.
 * Out of line, so that each call is as small as its good case. */
void picokit_wrong_channel(const char* call, microkit_channel ch) __attribute__((cold));
void picokit_call_failed(const char* call, seL4_Error err) __attribute__((cold));

LIBSEL4_INLINE_FUNC seL4_Bool picokit_has_channel(seL4_Word granted, microkit_channel ch)
{
    return ch <= MICROKIT_MAX_CHANNEL_ID && (granted >> ch & 1) != 0;
}

LIBSEL4_INLINE_FUNC void picokit_check(const char* call, seL4_Error err)
{
    if (__builtin_expect(err != seL4_NoError, 0)) {
        picokit_call_failed(call, err);
    }
}

LIBSEL4_INLINE_FUNC void microkit_notify(microkit_channel ch)
{
    if (picokit_has_channel(microkit_notifications, ch)) {
        seL4_Signal(BASE_OUTPUT_NOTIFICATION_CAP + ch);
    } else {
        picokit_wrong_channel("microkit_notify", ch);
    }
}

LIBSEL4_INLINE_FUNC void microkit_irq_ack(microkit_channel ch)
{
    if (picokit_has_channel(microkit_irqs, ch)) {
        (void)seL4_IRQHandler_Ack(BASE_IRQ_CAP + ch);
    } else {
        picokit_wrong_channel("microkit_irq_ack", ch);
    }
}

LIBSEL4_INLINE_FUNC void microkit_deferred_notify(microkit_channel ch)
{
    if (picokit_has_channel(microkit_notifications, ch)) {
        microkit_have_signal = seL4_True;
        microkit_signal_msg  = seL4_MessageInfo_new(0, 0, 0, 0);
        microkit_signal_cap  = BASE_OUTPUT_NOTIFICATION_CAP + ch;
    } else {
        picokit_wrong_channel("microkit_deferred_notify", ch);
    }
}

LIBSEL4_INLINE_FUNC void microkit_deferred_irq_ack(microkit_channel ch)
{
    if (picokit_has_channel(microkit_irqs, ch)) {
        microkit_have_signal = seL4_True;
        microkit_signal_msg  = seL4_MessageInfo_new(IRQAckIRQ, 0, 0, 0);
        microkit_signal_cap  = BASE_IRQ_CAP + ch;
    } else {
        picokit_wrong_channel("microkit_deferred_irq_ack", ch);
    }
}

LIBSEL4_INLINE_FUNC microkit_msginfo microkit_ppcall(microkit_channel ch, microkit_msginfo msginfo)
{
    if (picokit_has_channel(microkit_pps, ch)) {
        return seL4_Call(BASE_ENDPOINT_CAP + ch, msginfo);
    }
    picokit_wrong_channel("microkit_ppcall", ch);
    return seL4_MessageInfo_new(0, 0, 0, 0);
}

LIBSEL4_INLINE_FUNC microkit_msginfo microkit_msginfo_new(seL4_Word label, seL4_Uint16 count)
{
    return seL4_MessageInfo_new(label, 0, 0, count);
}

LIBSEL4_INLINE_FUNC seL4_Word microkit_msginfo_get_label(microkit_msginfo msginfo)
{
    return seL4_MessageInfo_get_label(msginfo);
}

LIBSEL4_INLINE_FUNC seL4_Word microkit_msginfo_get_count(microkit_msginfo msginfo)
{
    return seL4_MessageInfo_get_length(msginfo);
}

LIBSEL4_INLINE_FUNC void microkit_mr_set(seL4_Uint8 mr, seL4_Word value) { seL4_SetMR(mr, value); }

LIBSEL4_INLINE_FUNC seL4_Word microkit_mr_get(seL4_Uint8 mr) { return seL4_GetMR(mr); }

/* Children. Only pc changes on a restart; a wrong id is an error of the kernel call. */

LIBSEL4_INLINE_FUNC seL4_Error picokit_start_at(seL4_TCB thread, seL4_Word entry_point)
{
    seL4_SetMR(0, entry_point);
    return (seL4_Error)picokit_svc(PICOKIT_SYS_TCB_WRITE_REGISTERS, thread, 1, 1).x0;
}

LIBSEL4_INLINE_FUNC void microkit_pd_restart(microkit_child pd, seL4_Word entry_point)
{
    picokit_check("microkit_pd_restart", picokit_start_at(BASE_TCB_CAP + pd, entry_point));
}

LIBSEL4_INLINE_FUNC void microkit_pd_stop(microkit_child pd)
{
    picokit_check("microkit_pd_stop", seL4_TCB_Suspend(BASE_TCB_CAP + pd));
}

LIBSEL4_INLINE_FUNC void microkit_pd_resume(microkit_child pd)
{
    picokit_check("microkit_pd_resume", seL4_TCB_Resume(BASE_TCB_CAP + pd));
}

/* The capability of a <cspace> slot, or 0 where there can be none. */
LIBSEL4_INLINE_FUNC seL4_CPtr microkit_cspace_root_slot_to_cptr(seL4_Word slot)
{
    return slot < PD_ROOT_CAP_SIZE ? slot << (seL4_WordBits - PD_ROOT_CAP_BITS) : seL4_CapNull;
}

#ifdef CONFIG_ARM_HYPERVISOR_SUPPORT
LIBSEL4_INLINE_FUNC void microkit_vcpu_restart(microkit_child vcpu, seL4_Word entry_point)
{
    picokit_check("microkit_vcpu_restart", picokit_start_at(BASE_VM_TCB_CAP + vcpu, entry_point));
}

LIBSEL4_INLINE_FUNC void microkit_vcpu_stop(microkit_child vcpu)
{
    picokit_check("microkit_vcpu_stop", seL4_TCB_Suspend(BASE_VM_TCB_CAP + vcpu));
}

LIBSEL4_INLINE_FUNC void microkit_vcpu_arm_inject_irq(microkit_child vcpu, seL4_Uint16 irq,
                                                      seL4_Uint8 priority, seL4_Uint8 group,
                                                      seL4_Uint8 index)
{
    picokit_check("microkit_vcpu_arm_inject_irq",
                  seL4_ARM_VCPU_InjectIRQ(BASE_VCPU_CAP + vcpu, irq, priority, group, index));
}

LIBSEL4_INLINE_FUNC void microkit_vcpu_arm_ack_vppi(microkit_child vcpu, seL4_Word irq)
{
    picokit_check("microkit_vcpu_arm_ack_vppi", seL4_ARM_VCPU_AckVPPI(BASE_VCPU_CAP + vcpu, irq));
}

LIBSEL4_INLINE_FUNC seL4_Word microkit_vcpu_arm_read_reg(microkit_child vcpu, seL4_Word reg)
{
    const seL4_ARM_VCPU_ReadRegs_t result = seL4_ARM_VCPU_ReadRegs(BASE_VCPU_CAP + vcpu, reg);
    picokit_check("microkit_vcpu_arm_read_reg", (seL4_Error)result.error);
    return result.value;
}

LIBSEL4_INLINE_FUNC void microkit_vcpu_arm_write_reg(microkit_child vcpu, seL4_Word reg,
                                                     seL4_Word value)
{
    picokit_check("microkit_vcpu_arm_write_reg",
                  seL4_ARM_VCPU_WriteRegs(BASE_VCPU_CAP + vcpu, reg, value));
}
#endif

#ifdef CONFIG_ALLOW_SMC_CALLS
LIBSEL4_INLINE_FUNC void microkit_arm_smc_call(seL4_ARM_SMCContext* args,
                                               seL4_ARM_SMCContext* response)
{
    picokit_check("microkit_arm_smc_call", seL4_ARM_SMC_Call(ARM_SMC_CAP, args, response));
}
#endif

LIBSEL4_END_DECLARATIONS
