/* SPDX-License-Identifier: BSD-2-Clause */
/* picokit's own calls: see picokit.h. */
#include <picokit.h>

long picokit_vcpu_list_register(seL4_Word vcpu, seL4_Word index, seL4_Word states)
{
    const struct picokit_result answer =
        picokit_svc(PICOKIT_SYS_VCPU_LIST_REGISTER, BASE_VCPU_CAP + vcpu, index, states);
    return answer.x0 == seL4_NoError ? (long)answer.x1 : -(long)answer.x0;
}

long picokit_vcpu_inject(seL4_Word vcpu, seL4_Word intid, seL4_Word priority, seL4_Word group,
                         seL4_Word index, seL4_Word source)
{
    const seL4_Word packed = intid | priority << 16 | group << 24 | index << 32 | source << 48;
    return (long)picokit_svc2(PICOKIT_SYS_VCPU_INJECT_IRQ, BASE_VCPU_CAP + vcpu, packed).x0;
}

long picokit_vcpu_reset(seL4_Word vcpu, seL4_Word parts)
{
    return (long)picokit_svc2(PICOKIT_SYS_VCPU_RESET, BASE_VCPU_CAP + vcpu, parts).x0;
}
