/* SPDX-License-Identifier: BSD-2-Clause */
/* What runs around a program's entry points: the symbols that the tool fills in, the start, the
 * event loop. */
#include <microkit.h>

/* The tool looks them up by name in every program: one section, so that a linker that drops unused
 * sections keeps all or none, and the loop below needs the first. */
#define PATCHED __attribute__((section(".data.microkit"), used))

PATCHED seL4_Bool microkit_passive                       = seL4_False;
PATCHED char      microkit_name[MICROKIT_PD_NAME_LENGTH] = "";
PATCHED seL4_Word microkit_irqs                          = 0;
PATCHED seL4_Word microkit_notifications                 = 0;
PATCHED seL4_Word microkit_pps                           = 0;
PATCHED seL4_Word microkit_ioports                       = 0;

seL4_IPCBuffer* __sel4_ipc_buffer = (seL4_IPCBuffer*)PICOKIT_IPC_BUFFER;

seL4_Bool          microkit_have_signal = seL4_False;
seL4_CPtr          microkit_signal_cap;
seL4_MessageInfo_t microkit_signal_msg;

typedef void (*constructor)(void);
extern const constructor __init_array_start[];
extern const constructor __init_array_end[];

void picokit_put_name(void); /* dbg.c */

__attribute__((weak)) microkit_msginfo protected(microkit_channel ch, microkit_msginfo msginfo)
{
    (void)ch;
    (void)msginfo;
    picokit_put_name();
    microkit_dbg_puts(" has no function 'protected', but was called\n");
    microkit_internal_crash(seL4_NoError);
    return seL4_MessageInfo_new(0, 0, 0, 0);
}

__attribute__((weak)) seL4_Bool fault(microkit_child child, microkit_msginfo msginfo,
                                      microkit_msginfo* reply_msginfo)
{
    (void)child;
    (void)msginfo;
    (void)reply_msginfo;
    picokit_put_name();
    microkit_dbg_puts(" has no function 'fault', but a child has faulted\n");
    microkit_internal_crash(seL4_NoError);
    return seL4_False;
}

/* The deferred operation, the reply and the wait for the next event are one system call. */
static __attribute__((noreturn)) void event_loop(void)
{
    microkit_msginfo reply        = seL4_MessageInfo_new(0, 0, 0, 0);
    seL4_Word        reply_is_due = 0;

    for (;;) {
        seL4_CPtr deferred = 0;
        if (microkit_have_signal) {
            deferred             = microkit_signal_cap;
            microkit_have_signal = seL4_False;
        }

        const struct picokit_result event =
            picokit_svc(PICOKIT_SYS_RECEIVE, deferred, reply.words[0], reply_is_due);
        seL4_Word        badge = event.x0;
        microkit_msginfo message;
        message.words[0] = event.x1;

        if (badge >> PICOKIT_BADGE_FAULT_BIT & 1) {
            reply_is_due = (seL4_Word)(fault((microkit_child)(badge & 0xff), message, &reply) != 0);
        } else if (badge >> PICOKIT_BADGE_CALL_BIT & 1) {
            reply        = protected((microkit_channel)(badge & 0x3f), message);
            reply_is_due = 1;
        } else {
            for (; badge != 0; badge &= badge - 1) {
                notified((microkit_channel)__builtin_ctzl(badge));
            }
            reply_is_due = 0;
        }
    }
}

__attribute__((noreturn)) void main(void)
{
    for (const constructor* each = __init_array_start; each != __init_array_end; each++) {
        (*each)();
    }

    init();

    if (microkit_passive) {
        /* As on seL4, where the request travels as the deferred operation and pushes out another.
         */
        microkit_have_signal = seL4_False;
    }
    for (seL4_Word irqs = microkit_irqs; irqs != 0; irqs &= irqs - 1) {
        (void)seL4_IRQHandler_Ack(BASE_IRQ_CAP + (seL4_Word)__builtin_ctzl(irqs));
    }
    if (microkit_passive) {
        (void)picokit_svc1(PICOKIT_SYS_BECOME_PASSIVE, 0);
    }

    event_loop();
}
