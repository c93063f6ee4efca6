// SPDX-License-Identifier: BSD-2-Clause
// Answers calls. Uses its budget up first, so that callers of different priority queue.
#include "protocol.hpp"

#include <microkit/microkit.hpp>

#include <cstdint>

namespace {

std::uint64_t counter()
{
    std::uint64_t value = 0;
    __asm__ volatile("isb\n\tmrs %0, cntpct_el0" : "=r"(value));
    return value;
}

std::uint64_t counter_frequency()
{
    std::uint64_t value = 0;
    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(value));
    return value;
}

/// Twice the budget of a period: the kernel takes the CPU away in between.
void use_budget_up()
{
    const auto end = counter() + counter_frequency() / 25;
    while (counter() < end) {
    }
}

microkit::MessageInfo sum(unsigned count)
{
    std::uint64_t total = 0;
    for (unsigned i = 0; i < count; ++i) {
        total += microkit::message_word(i);
    }
    microkit::set_message_word(0, total);
    return microkit::MessageInfo::create(protocol::done, 1);
}

microkit::MessageInfo reverse(unsigned count)
{
    for (unsigned i = 0; i < count / 2; ++i) {
        const auto first = microkit::message_word(i);
        const auto last  = microkit::message_word(count - 1 - i);
        microkit::set_message_word(i, last);
        microkit::set_message_word(count - 1 - i, first);
    }
    return microkit::MessageInfo::create(protocol::done, count);
}

} // namespace

void init()
{
    microkit::debug_print("server: ready\n");
    use_budget_up();
}

void notified(microkit::Channel) {}

microkit::MessageInfo protected_call(microkit::Channel channel, microkit::MessageInfo message)
{
    microkit::debug_print("server: channel ", channel.id(), ", label ", message.label(), ", ",
                          message.count(), " words\n");
    switch (message.label()) {
    case protocol::sum:
        return sum(message.count());
    case protocol::reverse:
        return reverse(message.count());
    default:
        return microkit::MessageInfo::create(protocol::refused, 0);
    }
}
