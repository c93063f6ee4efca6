// SPDX-License-Identifier: BSD-2-Clause
// The two instructions of the SMC calling convention; it may change x0 to x17.

    .macro conduit name
    .global guest_\name
guest_\name:
    mov     x4, xzr
    mov     x5, xzr
    mov     x6, xzr
    mov     x7, xzr
    \name   #0
    ret
    .endm

    .text
    conduit hvc
    conduit smc
