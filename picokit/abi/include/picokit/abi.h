/* SPDX-License-Identifier: BSD-2-Clause */
/* The system calls between libmicrokit and the picokit kernel. Private to the two: programs use
 * microkit.h and sel4/sel4.h. Usable from C, C++ and assembler.
 *
 * Entry by SVC #0 with the number in x7. Calls return in x0 (and x1 where said); every other
 * register is preserved. Message words travel in the IPC buffer of the calling PD, which the
 * kernel reads and writes itself: an array of 120 words that begins 8 bytes into the page.
 * A `cap` is a slot number: a Microkit slot (BASE_OUTPUT_NOTIFICATION_CAP + ch, …), or, for the
 * slots of <cspace>, slot << 58. An unsuitable cap gives error 2 (seL4_InvalidCapability). */
#ifndef PICOKIT_ABI_H
#define PICOKIT_ABI_H

/* Wait for the next event, after an optional deferred operation and an optional reply.
 *   in:  x0 = deferred cap (a notification or an IRQ handler; 0: none), x1 = message info of the
 *        reply, x2 = 1 if a reply is due. Words of the reply in the IPC buffer.
 *   out: x0 = badge, x1 = message info; its words in the IPC buffer.
 * Order: deferred operation, reply, wait. A caller that got no reply before its callee waits
 * again becomes inactive. */
#define PICOKIT_SYS_RECEIVE 1
/* Protected call. in: x0 = endpoint cap, x1 = message info. out: x1 = message info of the reply. */
#define PICOKIT_SYS_CALL 2
/* in: x0 = notification cap. out: x0 = error. */
#define PICOKIT_SYS_SIGNAL 3
/* in: x0 = IRQ handler cap. out: x0 = error. */
#define PICOKIT_SYS_IRQ_ACK 4
/* in: x0 = TCB cap, x1 = suspend source (0, 1), x2 = count (1..36).
 * out: x0 = error; words 0..count-1 of the IPC buffer: a prefix of seL4_UserContext. */
#define PICOKIT_SYS_TCB_READ_REGISTERS 5
/* in: x0 = TCB cap, x1 = resume target (0, 1), x2 = count (0..36), words in the IPC buffer.
 * out: x0 = error. */
#define PICOKIT_SYS_TCB_WRITE_REGISTERS 6
/* in: x0 = TCB cap. out: x0 = error. */
#define PICOKIT_SYS_TCB_SUSPEND 7
#define PICOKIT_SYS_TCB_RESUME 8
/* in: x0 = vCPU cap, x1 = field (0..23). out: x0 = error, x1 = value. */
#define PICOKIT_SYS_VCPU_READ_REG 9
/* in: x0 = vCPU cap, x1 = field, x2 = value. out: x0 = error. */
#define PICOKIT_SYS_VCPU_WRITE_REG 10
/* in: x0 = vCPU cap, x1 = virq | priority << 16 | group << 24 | index << 32 | source << 48. out:
 * x0 = error; for RangeError words 0 and 1 of the IPC buffer are the smallest and largest allowed
 * value. `source` (0..7) is the sender of a GICv2 SGI, for other interrupts 0. */
#define PICOKIT_SYS_VCPU_INJECT_IRQ 11
/* in: x0 = vCPU cap, x1 = interrupt number. out: x0 = error. */
#define PICOKIT_SYS_VCPU_ACK_VPPI 12
/* in: x0 = SMC cap, words 0..7 of the IPC buffer = x0..x7. out: x0 = error, words 0..7. */
#define PICOKIT_SYS_SMC 13
/* The calling PD has run init() and is passive from now on. out: x0 = error. */
#define PICOKIT_SYS_BECOME_PASSIVE 14
#define PICOKIT_SYS_YIELD 15
/* in: x0 = character. Nothing happens unless the kernel prints (configuration debug). */
#define PICOKIT_SYS_DEBUG_PUT_CHAR 16
/* What list register x1 of a vCPU holds; it is emptied if that is one of the states that x2 names.
 *   in: x0 = vCPU cap, x1 = index, x2 = a bit for each state. out: x0 = error, x1 = the state
 *   before: 0 empty, 1 pending, 2 active, 3 both. An empty one is left alone: the end of its
 *   interrupt may have to be reported yet. */
#define PICOKIT_SYS_VCPU_LIST_REGISTER 17
/* Puts parts of a vCPU, which must not be running, into the state before its first start; what its
 * TCB has stays. in: x0 = vCPU cap, x1 = parts. out: x0 = error. */
#define PICOKIT_SYS_VCPU_RESET 18
#define PICOKIT_RESET_PROCESSOR 1 /* system registers, FP and SIMD, timer */
#define PICOKIT_RESET_INTERFACE 2 /* virtual CPU interface: list registers, controls */
/* in: x0 = TCB cap, x1 = priority, x2 = TCB cap of the authority, whose maximum is the priority of
 * its system description. out: x0 = error; RangeError as above. */
#define PICOKIT_SYS_TCB_SET_PRIORITY 19
#define PICOKIT_SYS_COUNT 20

/* The IPC buffer, as seL4_IPCBuffer lays it out. */
#define PICOKIT_IPC_WORDS_OFFSET 8
#define PICOKIT_IPC_WORDS 120

/* Badges: bits 0..61 are a notification word unless one of these is set. */
#define PICOKIT_BADGE_FAULT_BIT 62
#define PICOKIT_BADGE_CALL_BIT 63

/* Capability slots, the same numbers as seL4's Microkit uses. */
#define PICOKIT_CAP_MONITOR_ENDPOINT 5
#define PICOKIT_CAP_TCB 6
#define PICOKIT_CAP_SMC 7
#define PICOKIT_CAP_BASE_NOTIFICATION 10
#define PICOKIT_CAP_BASE_ENDPOINT 74
#define PICOKIT_CAP_BASE_IRQ 138
#define PICOKIT_CAP_BASE_TCB 202
#define PICOKIT_CAP_BASE_VM_TCB 266
#define PICOKIT_CAP_BASE_VCPU 330
#define PICOKIT_CAP_SLOTS 458
#define PICOKIT_CAP_USER_SLOTS 128

#endif
