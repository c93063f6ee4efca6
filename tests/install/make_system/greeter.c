// SPDX-License-Identifier: BSD-2-Clause
// A protection domain in C, as for any Microkit SDK.
#include <microkit.h>

void init(void) { microkit_dbg_puts("greeter: a project of its own\n"); }

void notified(microkit_channel channel) { (void)channel; }
