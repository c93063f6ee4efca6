// SPDX-License-Identifier: BSD-2-Clause
// A server in C++ on the C header: constructors run, and `protected` has a name that C++ allows.
#include <microkit.h>

namespace {

struct Greeting {
    Greeting() { microkit_dbg_puts("SERVER: constructed\n"); }
};
Greeting greeting;

} // namespace

void init(void) { microkit_dbg_puts("SERVER: init\n"); }

void notified(microkit_channel) {}

microkit_msginfo microkit_protected(microkit_channel ch, microkit_msginfo msginfo)
{
    microkit_mr_set(0, seL4_GetMR(0) + seL4_GetMR(1));
    return microkit_msginfo_new(microkit_msginfo_get_label(msginfo) * 10 + ch, 1);
}
