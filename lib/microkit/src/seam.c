// SPDX-License-Identifier: BSD-2-Clause
// The only file that includes the SDK's C header: its calls under names that C++ can use.
#include "microkit/seam.h"

#include <microkit.h>
#include <stddef.h>

// What the C++ side takes for granted of the SDK's header.
_Static_assert(offsetof(seL4_IPCBuffer, msg) == 8, "message words follow the tag");
_Static_assert(sizeof(((seL4_IPCBuffer*)0)->msg) == 120 * 8, "120 message words");
_Static_assert(sizeof(microkit_msginfo) == 8, "a message info is one word");
_Static_assert(seL4_Fault_CapFault == 1 && seL4_Fault_UnknownSyscall == 2 &&
                   seL4_Fault_UserException == 3 && seL4_Fault_VMFault == 6,
               "fault labels");

static __attribute__((cold, noreturn)) void fail(seL4_Error error)
{
    for (unsigned i = 0; i < sizeof(microkit_name) && microkit_name[i] != '\0'; ++i) {
        microkit_dbg_putc(microkit_name[i]); // 64 characters have no zero after them
    }
    microkit_dbg_puts(": the kernel refuses a call; see the address of the fault for the error\n");
    seam_crash((SeamError)error);
}

static inline void check(seL4_Error error)
{
    if (__builtin_expect(error != seL4_NoError, 0)) {
        fail(error);
    }
}

void seam_crash(SeamError error)
{
    // A store to the address that is the error's number, as libmicrokit does: the report of the
    // fault then shows it.
    for (;;) {
        *(volatile uint8_t*)(uintptr_t)error = 0;
    }
}

const char* seam_name(void) { return microkit_name; }

void seam_debug_put_char(char c) { microkit_dbg_putc((unsigned char)c); }

void seam_notify(unsigned channel) { microkit_notify(channel); }

void seam_irq_ack(unsigned channel) { microkit_irq_ack(channel); }

// The SDK has one slot for a deferred operation, and a second one would push out the first.
void seam_deferred_notify(unsigned channel)
{
    if (microkit_have_signal) {
        microkit_notify(channel);
    } else {
        microkit_deferred_notify(channel);
    }
}

void seam_deferred_irq_ack(unsigned channel)
{
    if (microkit_have_signal) {
        microkit_irq_ack(channel);
    } else {
        microkit_deferred_irq_ack(channel);
    }
}

uint64_t seam_call(unsigned channel, uint64_t message_info)
{
    microkit_msginfo info;
    info.words[0] = message_info;
    return microkit_ppcall(channel, info).words[0];
}

void seam_pd_stop(unsigned child) { microkit_pd_stop(child); }

void seam_pd_restart(unsigned child, uint64_t entry) { microkit_pd_restart(child, entry); }

// microkit_pd_resume is younger (2.3) than the kernel call that it makes.
void seam_pd_resume(unsigned child) { check(seL4_TCB_Resume(BASE_TCB_CAP + child)); }

bool seam_smc(const uint64_t arguments[8], uint64_t results[8])
{
#if defined(CONFIG_ALLOW_SMC_CALLS)
    seL4_ARM_SMCContext in;
    seL4_ARM_SMCContext out;
    _Static_assert(sizeof(in) == 8 * sizeof(uint64_t), "x0..x7");
    __builtin_memcpy(&in, arguments, sizeof(in));
    // Not microkit_arm_smc_call: that crashes where the description does not say smc="true", and a
    // guest can ask for the call.
    if (seL4_ARM_SMC_Call(ARM_SMC_CAP, &in, &out) != seL4_NoError) {
        return false;
    }
    __builtin_memcpy(results, &out, sizeof(out));
    return true;
#else
    (void)arguments;
    (void)results;
    return false;
#endif
}

#if defined(CONFIG_ARM_HYPERVISOR_SUPPORT)

_Static_assert(sizeof(seL4_UserContext) == SEAM_REGISTERS * 8, "registers of AArch64");
_Static_assert(offsetof(seL4_UserContext, x0) == 3 * 8 &&
                   offsetof(seL4_UserContext, x16) == 12 * 8 &&
                   offsetof(seL4_UserContext, x29) == 15 * 8 &&
                   offsetof(seL4_UserContext, x9) == 17 * 8 &&
                   offsetof(seL4_UserContext, x19) == 24 * 8 &&
                   offsetof(seL4_UserContext, tpidr_el0) == 34 * 8,
               "order of the registers");
_Static_assert(seL4_VCPUReg_SCTLR == 0 && seL4_VCPUReg_VMPIDR_EL2 == 16 &&
                   seL4_VCPUReg_CNTV_CTL == 20 && seL4_VCPUReg_CNTKCTL_EL1 == 23,
               "numbers of the vCPU registers");
_Static_assert(seL4_Fault_VGICMaintenance == 7 && seL4_Fault_VCPUFault == 8 &&
                   seL4_Fault_VPPIEvent == 9,
               "fault labels of a hypervisor");
_Static_assert(seL4_DeleteFirst == 8, "the error that inject() tells apart");

void seam_vcpu_restart(unsigned vcpu, uint64_t entry) { microkit_vcpu_restart(vcpu, entry); }

void seam_vcpu_stop(unsigned vcpu) { microkit_vcpu_stop(vcpu); }

// An unanswered fault alone leaves the vCPU inactive, without a system call. But a kernel that
// prints would remark on the reply object at every wait, in the middle of a guest's console.
void seam_vcpu_park(unsigned vcpu)
{
    #if defined(CONFIG_PRINTING)
    microkit_vcpu_stop(vcpu);
    #else
    (void)vcpu;
    #endif
}

void seam_vcpu_resume(unsigned vcpu) { check(seL4_TCB_Resume(BASE_VM_TCB_CAP + vcpu)); }

void seam_vcpu_ack_vppi(unsigned vcpu, uint64_t intid) { microkit_vcpu_arm_ack_vppi(vcpu, intid); }

uint64_t seam_vcpu_read_system(unsigned vcpu, unsigned reg)
{
    return microkit_vcpu_arm_read_reg(vcpu, reg);
}

void seam_vcpu_write_system(unsigned vcpu, unsigned reg, uint64_t value)
{
    microkit_vcpu_arm_write_reg(vcpu, reg, value);
}

// Not microkit_vcpu_arm_inject_irq, which crashes on errors that the caller can deal with.
SeamError seam_vcpu_inject(unsigned vcpu, uint16_t intid, uint8_t priority, uint8_t group,
                           uint8_t index)
{
    return (SeamError)seL4_ARM_VCPU_InjectIRQ(BASE_VCPU_CAP + vcpu, intid, priority, group, index);
}

SeamError seam_vcpu_set_priority(unsigned vcpu, unsigned priority)
{
    return (SeamError)seL4_TCB_SetPriority(BASE_VM_TCB_CAP + vcpu, BASE_VM_TCB_CAP + vcpu,
                                           priority);
}

    // Not in an official SDK, and then null: picokit/libmicrokit/include/picokit.h.
    #define OPTIONAL extern __attribute__((weak))
OPTIONAL long picokit_vcpu_list_register(seL4_Word vcpu, seL4_Word index, seL4_Word states);
OPTIONAL long picokit_vcpu_inject(seL4_Word vcpu, seL4_Word intid, seL4_Word priority,
                                  seL4_Word group, seL4_Word index, seL4_Word source);
OPTIONAL long picokit_vcpu_reset(seL4_Word vcpu, seL4_Word parts);

int seam_vcpu_list_register(unsigned vcpu, unsigned index, unsigned states)
{
    if (picokit_vcpu_list_register == NULL) {
        return -1;
    }
    const long state = picokit_vcpu_list_register(vcpu, index, states);
    check((seL4_Error)(state < 0 ? -state : 0));
    return (int)state;
}

bool seam_vcpu_inject_from(unsigned vcpu, uint16_t intid, uint8_t priority, uint8_t group,
                           uint8_t index, uint8_t source, SeamError* error)
{
    if (picokit_vcpu_inject == NULL) {
        return false;
    }
    *error = (SeamError)picokit_vcpu_inject(vcpu, intid, priority, group, index, source);
    return true;
}

bool seam_vcpu_reset(unsigned vcpu, unsigned parts)
{
    if (picokit_vcpu_reset == NULL) {
        return false;
    }
    check((seL4_Error)picokit_vcpu_reset(vcpu, parts));
    return true;
}

void seam_vcpu_read_registers(unsigned vcpu, unsigned count, uint64_t* words)
{
    check(
        seL4_TCB_ReadRegisters(BASE_VM_TCB_CAP + vcpu, false, 0, count, (seL4_UserContext*)words));
}

void seam_vcpu_write_registers(unsigned vcpu, unsigned count, const uint64_t* words)
{
    // The SDK's parameter is not const, but only read.
    check(
        seL4_TCB_WriteRegisters(BASE_VM_TCB_CAP + vcpu, false, 0, count, (seL4_UserContext*)words));
}

// In no kernel yet, and null: a guest's vector registers stay its own.
extern __attribute__((weak)) bool picokit_vcpu_read_vector(seL4_Word vcpu, seL4_Word number,
                                                           seL4_Word value[2]);
extern __attribute__((weak)) bool picokit_vcpu_write_vector(seL4_Word vcpu, seL4_Word number,
                                                            const seL4_Word value[2]);

bool seam_vcpu_read_vector(unsigned vcpu, unsigned number, uint64_t value[2])
{
    return picokit_vcpu_read_vector != NULL &&
           picokit_vcpu_read_vector(vcpu, number, (seL4_Word*)value);
}

bool seam_vcpu_write_vector(unsigned vcpu, unsigned number, const uint64_t value[2])
{
    return picokit_vcpu_write_vector != NULL &&
           picokit_vcpu_write_vector(vcpu, number, (const seL4_Word*)value);
}

#endif
