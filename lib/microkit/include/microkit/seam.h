// SPDX-License-Identifier: BSD-2-Clause
// The border between C++ and the SDK's microkit.h: what src/seam.c offers, without an SDK type in
// sight. For microkit.hpp and for fakes of it; other code uses microkit.hpp.
#ifndef MICROKIT_SEAM_H
#define MICROKIT_SEAM_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SEAM_REGISTERS 36 // words of seL4_UserContext on AArch64

// The IPC buffer of this PD: one tag word, then the 120 message words. The SDK's own variable
// under another type, so that C++ reads a message word as cheaply as C does.
extern uint64_t* seam_ipc_buffer __asm__("__sel4_ipc_buffer");

// Errors are seL4_Error numbers; 0 is success.
typedef uint32_t SeamError;

const char* seam_name(void); // up to 64 characters; ends with 0 unless all 64 are used
void        seam_debug_put_char(char c);
__attribute__((noreturn)) void seam_crash(SeamError error);

void     seam_notify(unsigned channel);
void     seam_irq_ack(unsigned channel);
void     seam_deferred_notify(unsigned channel);
void     seam_deferred_irq_ack(unsigned channel);
uint64_t seam_call(unsigned channel, uint64_t message_info);

void seam_pd_stop(unsigned child);
void seam_pd_restart(unsigned child, uint64_t entry);
void seam_pd_resume(unsigned child);

void      seam_vcpu_restart(unsigned vcpu, uint64_t entry);
void      seam_vcpu_stop(unsigned vcpu);
void      seam_vcpu_park(unsigned vcpu);
void      seam_vcpu_resume(unsigned vcpu);
void      seam_vcpu_ack_vppi(unsigned vcpu, uint64_t intid);
uint64_t  seam_vcpu_read_system(unsigned vcpu, unsigned reg);
void      seam_vcpu_write_system(unsigned vcpu, unsigned reg, uint64_t value);
SeamError seam_vcpu_inject(unsigned vcpu, uint16_t intid, uint8_t priority, uint8_t group,
                           uint8_t index);
// Up to the priority that the system description gives the vCPU.
SeamError seam_vcpu_set_priority(unsigned vcpu, unsigned priority);
// `words` always has room for SEAM_REGISTERS; at least the first `count` are valid afterwards.
void seam_vcpu_read_registers(unsigned vcpu, unsigned count, uint64_t* words);
void seam_vcpu_write_registers(unsigned vcpu, unsigned count, const uint64_t* words);

// What only some kernels have: -1 or false from one that has not.
// 0 empty, 1 pending, 2 active, 3 both; emptied if `states` has that bit.
int  seam_vcpu_list_register(unsigned vcpu, unsigned index, unsigned states);
bool seam_vcpu_inject_from(unsigned vcpu, uint16_t intid, uint8_t priority, uint8_t group,
                           uint8_t index, uint8_t source, SeamError* error);
// `parts`: 1 the processor, 2 the virtual CPU interface.
bool seam_vcpu_reset(unsigned vcpu, unsigned parts);
// Vector registers V0..V31, lower half first; false from a kernel that does not give them.
bool seam_vcpu_read_vector(unsigned vcpu, unsigned number, uint64_t value[2]);
bool seam_vcpu_write_vector(unsigned vcpu, unsigned number, const uint64_t value[2]);

// False where the SDK forwards no SMC, or the system description gives this PD none.
bool seam_smc(const uint64_t arguments[8], uint64_t results[8]);

#ifdef __cplusplus
}
#endif

#endif
