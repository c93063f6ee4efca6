/* SPDX-License-Identifier: BSD-2-Clause */
/* Where exception.S finds the saved registers: byte offsets into kernel::Context, which lies at
 * the start of every thread. The order is that of seL4_UserContext. */
#ifndef PICOKIT_KERNEL_CONTEXT_LAYOUT_H
#define PICOKIT_KERNEL_CONTEXT_LAYOUT_H

#define CONTEXT_PC 0
#define CONTEXT_SP 8
#define CONTEXT_SPSR_X0 16
#define CONTEXT_X1 32
#define CONTEXT_X3 48
#define CONTEXT_X5 64
#define CONTEXT_X7 80
#define CONTEXT_X16 96
#define CONTEXT_X18_X29 112
#define CONTEXT_X30_X9 128
#define CONTEXT_X10 144
#define CONTEXT_X12 160
#define CONTEXT_X14 176
#define CONTEXT_X19 192
#define CONTEXT_X21 208
#define CONTEXT_X23 224
#define CONTEXT_X25 240
#define CONTEXT_X27 256
#define CONTEXT_TPIDR 272
#define CONTEXT_WORDS 36

#endif
