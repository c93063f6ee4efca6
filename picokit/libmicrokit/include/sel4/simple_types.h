/* SPDX-License-Identifier: BSD-2-Clause */
/* Integers of fixed width, words and booleans. */
#pragma once

#include <sel4/macros.h>

typedef signed char    seL4_Int8;
typedef short          seL4_Int16;
typedef int            seL4_Int32;
typedef long           seL4_Int64;
typedef unsigned char  seL4_Uint8;
typedef unsigned short seL4_Uint16;
typedef unsigned int   seL4_Uint32;
typedef unsigned long  seL4_Uint64;

typedef seL4_Uint64 seL4_Word;
typedef seL4_Word   seL4_CPtr;
typedef seL4_Int8   seL4_Bool;

#define seL4_True 1
#define seL4_False 0

#ifdef __cplusplus
    #define seL4_Null 0L
#else
    #define seL4_Null ((void*)0)
#endif

#define SEL4_WORD_IS_UINT64
#define SEL4_PRI_word "lu"
#define SEL4_PRIu_word "lu"
#define SEL4_PRIx_word "lx"
#define SEL4_PRId_word "ld"
