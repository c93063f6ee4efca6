/* SPDX-License-Identifier: BSD-2-Clause */
/* Sizes and limits of messages, memory and priorities. */
#pragma once

#include <sel4/macros.h>

enum {
    seL4_MsgLengthBits   = 7,
    seL4_MsgExtraCapBits = 2,
    seL4_MsgMaxLength    = 120,
};
#define seL4_MsgMaxExtraCaps (LIBSEL4_BIT(seL4_MsgExtraCapBits) - 1)

enum {
    seL4_MinPrio = 0,
    seL4_MaxPrio = CONFIG_NUM_PRIORITIES - 1,
};

#define seL4_WordBits 64
#define seL4_WordSizeBits 3
#define seL4_PageBits 12
#define seL4_LargePageBits 21
#define seL4_IPCBufferSizeBits 10

/* The last address of a protection domain, and of a virtual machine's physical memory. */
#define seL4_UserTop (LIBSEL4_BIT(CONFIG_ARM_PA_SIZE_BITS) - 1)
