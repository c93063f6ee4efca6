// SPDX-License-Identifier: BSD-2-Clause
// Calls the server: `low` from init, `high` when it is told to. Both are this program.
#include "protocol.hpp"

#include <microkit/microkit.hpp>

namespace {

constexpr microkit::Channel k_server{0};

using microkit::MessageInfo;

void ask_for_a_sum()
{
    for (unsigned i = 0; i < 4; ++i) {
        microkit::set_message_word(i, 10 + i);
    }
    const auto reply = k_server.call(MessageInfo::create(protocol::sum, 4));
    microkit::debug_print(microkit::name(), ": label ", base::Hex{reply.label()}, ", ",
                          reply.count(), " word: ", microkit::message_word(0), '\n');
}

/// As many words as a message can have.
void ask_to_reverse()
{
    constexpr unsigned k_count = microkit::k_message_words;
    for (unsigned i = 0; i < k_count; ++i) {
        microkit::set_message_word(i, 1000 + i);
    }
    const auto reply   = k_server.call(MessageInfo::create(protocol::reverse, k_count));
    unsigned   correct = 0;
    for (unsigned i = 0; i < reply.count(); ++i) {
        correct += microkit::message_word(i) == 1000 + k_count - 1 - i ? 1U : 0U;
    }
    microkit::debug_print(microkit::name(), ": ", correct, " of ", k_count, " words reversed\n");
}

void ask_for_what_there_is_not()
{
    // The largest label there is.
    const auto reply = k_server.call(MessageInfo::create((std::uint64_t{1} << 52) - 1, 0));
    microkit::debug_print(microkit::name(), ": ",
                          reply.label() == protocol::refused ? "refused" : "not refused?", '\n');
}

} // namespace

void init()
{
    if (microkit::name() == "low") {
        ask_for_a_sum();
        ask_to_reverse();
        ask_for_what_there_is_not();
        microkit::debug_print("low: done\n");
    }
}

void notified(microkit::Channel) { ask_for_a_sum(); }
