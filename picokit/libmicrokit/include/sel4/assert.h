/* SPDX-License-Identifier: BSD-2-Clause */
/* Assertions: reported on the debug console, then the program crashes. */
#pragma once

#include <sel4/macros.h>

LIBSEL4_BEGIN_DECLARATIONS

void __assert_fail(const char* expression, const char* file, int line, const char* function);

LIBSEL4_END_DECLARATIONS

#define seL4_Fail(text) __assert_fail(text, __FILE__, __LINE__, __func__)

#define seL4_Assert(expression)                                                                    \
    do {                                                                                           \
        if (!(expression)) {                                                                       \
            __assert_fail(#expression, __FILE__, __LINE__, __func__);                              \
        }                                                                                          \
    } while (0)

#ifdef CONFIG_DEBUG_BUILD
    #define seL4_DebugAssert(expression) seL4_Assert(expression)
#else
    #define seL4_DebugAssert(expression) ((void)0)
#endif
