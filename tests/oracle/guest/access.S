// SPDX-License-Identifier: BSD-2-Clause
// Every instruction by which operations access a device, as functions (x0: address, x1: two values),
// and tables of them: by form, then by the logarithm of the size.

    .text

    // name, then what stands between the loads of the values and the return
    .macro  load name:req, first:req
oracle_\name:
    mov     x2, x1
    mov     x3, xzr
    mov     x4, xzr
    \first
    stp     x3, x4, [x2]
    ret
    .endm
    .macro  store name:req, first:req
oracle_\name:
    ldp     x3, x4, [x1]
    \first
    ret
    .endm

    load    ldr1, "ldrb w3, [x0]"
    load    ldr2, "ldrh w3, [x0]"
    load    ldr4, "ldr w3, [x0]"
    load    ldr8, "ldr x3, [x0]"
    load    post1, "ldrb w3, [x0], #1"
    load    post2, "ldrh w3, [x0], #2"
    load    post4, "ldr w3, [x0], #4"
    load    post8, "ldr x3, [x0], #8"
    load    pair4, "ldp w3, w4, [x0]"
    load    pair8, "ldp x3, x4, [x0]"
    load    zero1, "ldrb wzr, [x0]"
    load    zero2, "ldrh wzr, [x0]"
    load    zero4, "ldr wzr, [x0]"
    load    zero8, "ldr xzr, [x0]"
    load    sign1, "ldrsb x3, [x0]"
    load    sign2, "ldrsh x3, [x0]"
    load    sign4, "ldrsw x3, [x0]"

    store   str1, "strb w3, [x0]"
    store   str2, "strh w3, [x0]"
    store   str4, "str w3, [x0]"
    store   str8, "str x3, [x0]"
    store   post1s, "strb w3, [x0], #1"
    store   post2s, "strh w3, [x0], #2"
    store   post4s, "str w3, [x0], #4"
    store   post8s, "str x3, [x0], #8"
    store   pair4s, "stp w3, w4, [x0]"
    store   pair8s, "stp x3, x4, [x0]"
    store   zero1s, "strb wzr, [x0]"
    store   zero2s, "strh wzr, [x0]"
    store   zero4s, "str wzr, [x0]"
    store   zero8s, "str xzr, [x0]"

    .section .data.oracle, "aw"     // addresses: relocated at entry
    .balign 8
    .global oracle_loads
oracle_loads:
    .quad   oracle_ldr1, oracle_ldr2, oracle_ldr4, oracle_ldr8
    .quad   oracle_post1, oracle_post2, oracle_post4, oracle_post8
    .quad   oracle_ldr1, oracle_ldr2, oracle_pair4, oracle_pair8
    .quad   oracle_zero1, oracle_zero2, oracle_zero4, oracle_zero8
    .quad   oracle_sign1, oracle_sign2, oracle_sign4, oracle_ldr8
    .global oracle_stores
oracle_stores:
    .quad   oracle_str1, oracle_str2, oracle_str4, oracle_str8
    .quad   oracle_post1s, oracle_post2s, oracle_post4s, oracle_post8s
    .quad   oracle_str1, oracle_str2, oracle_pair4s, oracle_pair8s
    .quad   oracle_zero1s, oracle_zero2s, oracle_zero4s, oracle_zero8s
    .quad   oracle_str1, oracle_str2, oracle_str4, oracle_str8
