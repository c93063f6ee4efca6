/* SPDX-License-Identifier: BSD-2-Clause */
/* The message info word and the IPC buffer. */
#pragma once

#include <sel4/constants.h>
#include <sel4/simple_types.h>

/* Bits 6..0 length in words, 8..7 extra capabilities, 11..9 unwrapped ones, 63..12 label. */
typedef struct seL4_MessageInfo {
    seL4_Uint64 words[1];
} seL4_MessageInfo_t;

typedef struct seL4_IPCBuffer_ {
    seL4_MessageInfo_t tag;
    seL4_Word          msg[seL4_MsgMaxLength];
    seL4_Word          userData;
    seL4_Word          caps_or_badges[(1 << seL4_MsgExtraCapBits) - 1];
    seL4_CPtr          receiveCNode;
    seL4_CPtr          receiveIndex;
    seL4_Word          receiveDepth;
} seL4_IPCBuffer __attribute__((__aligned__(1024)));
SEL4_COMPILE_ASSERT(seL4_IPCBuffer_size, sizeof(seL4_IPCBuffer) == 1ul << seL4_IPCBufferSizeBits)

#define SEL4_MESSAGE_INFO_FIELD(field, low, width)                                                 \
    LIBSEL4_INLINE_FUNC seL4_Uint64 seL4_MessageInfo_get_##field(seL4_MessageInfo_t info)          \
    {                                                                                              \
        return (info.words[0] >> (low)) & (LIBSEL4_BIT(width) - 1);                                \
    }                                                                                              \
    LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_MessageInfo_set_##field(seL4_MessageInfo_t info,   \
                                                                        seL4_Uint64        value)  \
    {                                                                                              \
        info.words[0] &= ~((LIBSEL4_BIT(width) - 1) << (low));                                     \
        info.words[0] |= (value & (LIBSEL4_BIT(width) - 1)) << (low);                              \
        return info;                                                                               \
    }                                                                                              \
    LIBSEL4_INLINE_FUNC seL4_Uint64 seL4_MessageInfo_ptr_get_##field(seL4_MessageInfo_t* info)     \
    {                                                                                              \
        return seL4_MessageInfo_get_##field(*info);                                                \
    }                                                                                              \
    LIBSEL4_INLINE_FUNC void seL4_MessageInfo_ptr_set_##field(seL4_MessageInfo_t* info,            \
                                                              seL4_Uint64         value)           \
    {                                                                                              \
        *info = seL4_MessageInfo_set_##field(*info, value);                                        \
    }

SEL4_MESSAGE_INFO_FIELD(length, 0, 7)
SEL4_MESSAGE_INFO_FIELD(extraCaps, 7, 2)
SEL4_MESSAGE_INFO_FIELD(capsUnwrapped, 9, 3)
SEL4_MESSAGE_INFO_FIELD(label, 12, 52)
#undef SEL4_MESSAGE_INFO_FIELD

LIBSEL4_INLINE_FUNC CONST seL4_MessageInfo_t seL4_MessageInfo_new(seL4_Uint64 label,
                                                                  seL4_Uint64 capsUnwrapped,
                                                                  seL4_Uint64 extraCaps,
                                                                  seL4_Uint64 length)
{
    seL4_MessageInfo_t info;
    info.words[0] = label << 12 | (capsUnwrapped & 7) << 9 | (extraCaps & 3) << 7 | (length & 0x7f);
    return info;
}

LIBSEL4_INLINE_FUNC void seL4_MessageInfo_ptr_new(seL4_MessageInfo_t* info, seL4_Uint64 label,
                                                  seL4_Uint64 capsUnwrapped, seL4_Uint64 extraCaps,
                                                  seL4_Uint64 length)
{
    *info = seL4_MessageInfo_new(label, capsUnwrapped, extraCaps, length);
}
