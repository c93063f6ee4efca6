// SPDX-License-Identifier: BSD-2-Clause
// Entry points of a protection domain that is nothing but a VMM. Linked only into programs that do
// not define `notified` themselves; those that do define both.
#include "microkit/microkit.hpp"
#include "vmm/dispatcher.hpp"

void notified(microkit::Channel channel)
{
    if (!vmm::dispatcher.notified(channel)) {
        microkit::debug_print("vmm: nobody asked for notifications on channel ", channel.id(),
                              '\n');
    }
}

bool fault(unsigned child, microkit::MessageInfo message, microkit::MessageInfo* reply)
{
    return vmm::dispatcher.fault(child, message, *reply);
}
