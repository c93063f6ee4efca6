/* SPDX-License-Identifier: BSD-2-Clause */
/* What a kernel call can answer. */
#pragma once

#include <sel4/macros.h>

typedef enum {
    seL4_NoError           = 0,
    seL4_InvalidArgument   = 1,
    seL4_InvalidCapability = 2,
    seL4_IllegalOperation  = 3,
    seL4_RangeError        = 4,
    seL4_AlignmentError    = 5,
    seL4_FailedLookup      = 6,
    seL4_TruncatedMessage  = 7,
    seL4_DeleteFirst       = 8,
    seL4_RevokeFirst       = 9,
    seL4_NotEnoughMemory   = 10,

    seL4_NumErrors
} seL4_Error;

/* How the lookup of a capability failed: word 3 of a capability fault. */
typedef enum {
    seL4_NoFailure         = 0,
    seL4_InvalidRoot       = 1,
    seL4_MissingCapability = 2,
    seL4_DepthMismatch     = 3,
    seL4_GuardMismatch     = 4,
    SEL4_FORCE_LONG_ENUM(seL4_LookupFailureType),
} seL4_LookupFailureType;
