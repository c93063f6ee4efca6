/* SPDX-License-Identifier: BSD-2-Clause */
/* Access to this thread's IPC buffer. */
#pragma once

#include <sel4/types.h>

LIBSEL4_BEGIN_DECLARATIONS

extern seL4_IPCBuffer* __sel4_ipc_buffer;

LIBSEL4_INLINE_FUNC void seL4_SetIPCBuffer(seL4_IPCBuffer* buffer) { __sel4_ipc_buffer = buffer; }

LIBSEL4_INLINE_FUNC seL4_IPCBuffer* seL4_GetIPCBuffer(void) { return __sel4_ipc_buffer; }

LIBSEL4_INLINE_FUNC seL4_Word seL4_GetMR(int i) { return __sel4_ipc_buffer->msg[i]; }

LIBSEL4_INLINE_FUNC void seL4_SetMR(int i, seL4_Word word) { __sel4_ipc_buffer->msg[i] = word; }

LIBSEL4_INLINE_FUNC seL4_Word seL4_GetUserData(void) { return __sel4_ipc_buffer->userData; }

LIBSEL4_INLINE_FUNC void seL4_SetUserData(seL4_Word data) { __sel4_ipc_buffer->userData = data; }

LIBSEL4_END_DECLARATIONS
