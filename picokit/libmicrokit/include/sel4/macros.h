/* SPDX-License-Identifier: BSD-2-Clause */
/* Attributes and small macros of libsel4 that programs use. */
#pragma once

#include <sel4/config.h>

#ifndef CONST
    #define CONST __attribute__((__const__))
#endif
#ifndef PURE
    #define PURE __attribute__((__pure__))
#endif

#define SEL4_PACKED __attribute__((packed))
#define SEL4_DEPRECATED(reason) __attribute__((deprecated(reason)))
#define SEL4_OFFSETOF(type, member) __builtin_offsetof(type, member)

#define LIBSEL4_UNUSED __attribute__((unused))
#define LIBSEL4_WEAK __attribute__((weak))
#define LIBSEL4_NOINLINE __attribute__((noinline))
#define LIBSEL4_INLINE static inline
#define LIBSEL4_INLINE_FUNC static inline
#define LIBSEL4_BIT(n) (1ul << (n))

#ifdef __cplusplus
    #define SEL4_COMPILE_ASSERT(name, condition) static_assert(condition, #name);
    #define LIBSEL4_BEGIN_DECLARATIONS extern "C" {
    #define LIBSEL4_END_DECLARATIONS }
#else
    #define SEL4_COMPILE_ASSERT(name, condition) _Static_assert(condition, #name);
    #define LIBSEL4_BEGIN_DECLARATIONS
    #define LIBSEL4_END_DECLARATIONS
#endif

/* An enum as wide as a word, whatever the compiler would choose. */
#define SEL4_FORCE_LONG_ENUM(type) _enum_pad_##type = (1ULL << 63) - 1
