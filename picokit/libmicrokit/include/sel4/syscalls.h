/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel calls that programs make directly, on top of picokit's system calls. */
#pragma once

#include <picokit/abi.h>
#include <sel4/functions.h>
#include <sel4/invocation.h>
#include <sel4/types.h>

/* The kernel reads and writes the IPC buffer, hence the memory clobber; it keeps all registers but
 * x0 and x1. */
struct picokit_result {
    seL4_Word x0;
    seL4_Word x1;
};

LIBSEL4_INLINE_FUNC struct picokit_result picokit_svc(seL4_Word number, seL4_Word a, seL4_Word b,
                                                      seL4_Word c)
{
    register seL4_Word    x0 __asm__("x0") = a;
    register seL4_Word    x1 __asm__("x1") = b;
    register seL4_Word    x2 __asm__("x2") = c;
    register seL4_Word    x7 __asm__("x7") = number;
    struct picokit_result result;
    __asm__ volatile("svc #0" : "+r"(x0), "+r"(x1) : "r"(x2), "r"(x7) : "memory");
    result.x0 = x0;
    result.x1 = x1;
    return result;
}

LIBSEL4_INLINE_FUNC seL4_Word picokit_svc1(seL4_Word number, seL4_Word a)
{
    register seL4_Word x0 __asm__("x0") = a;
    register seL4_Word x1 __asm__("x1");
    register seL4_Word x7 __asm__("x7") = number;
    __asm__ volatile("svc #0" : "+r"(x0), "=r"(x1) : "r"(x7) : "memory");
    return x0;
}

LIBSEL4_INLINE_FUNC struct picokit_result picokit_svc2(seL4_Word number, seL4_Word a, seL4_Word b)
{
    register seL4_Word    x0 __asm__("x0") = a;
    register seL4_Word    x1 __asm__("x1") = b;
    register seL4_Word    x7 __asm__("x7") = number;
    struct picokit_result result;
    __asm__ volatile("svc #0" : "+r"(x0), "+r"(x1) : "r"(x7) : "memory");
    result.x0 = x0;
    result.x1 = x1;
    return result;
}

/* `dest` names a notification. */
LIBSEL4_INLINE_FUNC void seL4_Signal(seL4_CPtr dest)
{
    (void)picokit_svc1(PICOKIT_SYS_SIGNAL, dest);
}

LIBSEL4_INLINE_FUNC seL4_Error seL4_IRQHandler_Ack(seL4_IRQHandler service)
{
    return (seL4_Error)picokit_svc1(PICOKIT_SYS_IRQ_ACK, service);
}

/* To a notification or, with the label IRQAckIRQ, to an interrupt handler: what a program that
 * flushes a deferred operation by itself sends. picokit has no one-way messages. */
LIBSEL4_INLINE_FUNC void seL4_Send(seL4_CPtr dest, seL4_MessageInfo_t info)
{
    if (seL4_MessageInfo_get_label(info) == IRQAckIRQ) {
        (void)seL4_IRQHandler_Ack(dest);
    } else {
        seL4_Signal(dest);
    }
}

LIBSEL4_INLINE_FUNC void seL4_NBSend(seL4_CPtr dest, seL4_MessageInfo_t info)
{
    seL4_Send(dest, info);
}

LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_Call(seL4_CPtr dest, seL4_MessageInfo_t info)
{
    info.words[0] = picokit_svc2(PICOKIT_SYS_CALL, dest, info.words[0]).x1;
    return info;
}

/* As seL4_Call with the first four words passed by reference; a null pointer stands for a word that
 * does not matter. */
LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_CallWithMRs(seL4_CPtr dest, seL4_MessageInfo_t info,
                                                        seL4_Word* mr0, seL4_Word* mr1,
                                                        seL4_Word* mr2, seL4_Word* mr3)
{
    seL4_Word* const words[4] = {mr0, mr1, mr2, mr3};
    for (int i = 0; i < 4; i++) {
        if (words[i] && (seL4_Word)i < seL4_MessageInfo_get_length(info)) {
            seL4_SetMR(i, *words[i]);
        }
    }
    info = seL4_Call(dest, info);
    for (int i = 0; i < 4; i++) {
        if (words[i]) {
            *words[i] = seL4_GetMR(i);
        }
    }
    return info;
}

LIBSEL4_INLINE_FUNC void seL4_Yield(void) { (void)picokit_svc1(PICOKIT_SYS_YIELD, 0); }

#ifdef CONFIG_PRINTING
LIBSEL4_INLINE_FUNC void seL4_DebugPutChar(char c)
{
    (void)picokit_svc1(PICOKIT_SYS_DEBUG_PUT_CHAR, (unsigned char)c);
}

LIBSEL4_INLINE_FUNC void seL4_DebugPutString(char* text)
{
    while (*text != '\0') {
        seL4_DebugPutChar(*text++);
    }
}
#endif
