// SPDX-License-Identifier: BSD-2-Clause
// Accesses for which the architecture gives a hypervisor no syndrome, one function each: (address).

    .text
    .global probe_load_pair, probe_store_post, probe_zero_block
probe_load_pair:
    ldp     x1, x2, [x0]
    mov     x0, x1
    ret
probe_store_post:
    mov     w1, #0x55
    str     w1, [x0], #4            // gives the address after it
    ret
probe_zero_block:
    dc      zva, x0
    ret

    // A call to an address, whose return address is ours.
    .global probe_jump
probe_jump:
    stp     x29, x30, [sp, #-16]!
    blr     x0
    ldp     x29, x30, [sp], #16
    ret

    .global probe_undefined
probe_undefined:
    udf     #0
    ret
