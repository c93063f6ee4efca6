// SPDX-License-Identifier: BSD-2-Clause
// Fault messages, their replies, and where they go.
#include "kernel/fault.hpp"

#include "kernel/delivery.hpp"
#include "kernel/monitor.hpp"
#include "kernel/native.hpp"

#include <algorithm>

namespace kernel {
namespace {

constexpr std::uint64_t k_lookup_missing_capability = 2;

constexpr std::uint64_t info(FaultLabel label, std::uint64_t words)
{
    return MessageInfo::of(static_cast<std::uint64_t>(label), words);
}

std::uint64_t& word_of(Thread& thread, Word word) { return thread.context[word]; }

void write_spsr(Thread& thread, std::uint64_t value)
{
    thread.context[Word::spsr] = filter_spsr(value, thread.kind == Kind::vcpu, k_user_spsr);
}

/// Words 0 to 7 are x0 to x7, 8 the pc, 9 the stack pointer, 10 is of no effect, 11 the SPSR.
void apply_unknown_syscall(Thread& thread, std::uint64_t count, const std::uint64_t* words)
{
    copy_words(&word_of(thread, Word::x0), words, std::min<std::uint64_t>(count, 8));
    if (count > 8) {
        thread.context[Word::pc] = words[8];
    }
    if (count > 9) {
        thread.context[Word::sp] = words[9];
    }
    if (count > 11) {
        write_spsr(thread, words[11]);
    }
}

void apply_user_exception(Thread& thread, std::uint64_t count, const std::uint64_t* words)
{
    copy_words(&word_of(thread, Word::pc), words, std::min<std::uint64_t>(count, 2));
    if (count > 2) {
        write_spsr(thread, words[2]);
    }
}

std::uint64_t write_unknown_syscall(const Thread& thread, std::uint64_t* words)
{
    const Context& context = thread.context;
    copy_words(words, context.words.data() + static_cast<std::size_t>(Word::x0), 8);
    words[8]  = context[Word::pc];
    words[9]  = context[Word::sp];
    words[10] = context[Word::pc] + 4;
    words[11] = context[Word::spsr];
    words[12] = thread.fault.first;
    return info(thread.fault.label, 13);
}

} // namespace

std::uint64_t write_rare_message(const Thread& thread, std::uint64_t* words)
{
    const Context& context = thread.context;
    const Fault&   fault   = thread.fault;
    switch (fault.label) {
    case FaultLabel::unknown_syscall:
        return write_unknown_syscall(thread, words);
    case FaultLabel::user_exception:
        words[0] = context[Word::pc];
        words[1] = context[Word::sp];
        words[2] = context[Word::spsr];
        words[3] = fault.first;
        words[4] = 0;
        return info(fault.label, 5);
    case FaultLabel::debug_exception:
        words[0] = context[Word::pc];
        words[1] = fault.first;
        words[2] = fault.second;
        words[3] = 0;
        return info(fault.label, fault.first <= k_debug_breakpoint ? 4 : 2);
    case FaultLabel::capability:
        words[0] = context[Word::pc];
        words[1] = fault.first;
        words[2] = 0; // not while receiving
        words[3] = k_lookup_missing_capability;
        words[4] = 0; // no bits left
        return info(fault.label, 5);
    default:
        return info(fault.label, 0);
    }
}

bool apply_fault_reply(Thread& thread, std::uint64_t reply, const std::uint64_t* words)
{
    if (thread.fault.label > FaultLabel::debug_exception) [[likely]] {
        return true;
    }
    const MessageInfo message{reply};
    switch (thread.fault.label) {
    case FaultLabel::unknown_syscall:
        apply_unknown_syscall(thread, message.words(), words);
        break;
    case FaultLabel::user_exception:
        apply_user_exception(thread, message.words(), words);
        break;
    case FaultLabel::debug_exception:
        break;
    default:
        return true;
    }
    return message.get<MessageInfo::label>() == 0;
}

void stop_for_good(Core& core, Thread& thread)
{
    core.next     = nullptr;
    thread.state  = State::faulted;
    thread.server = nullptr;
    report_fault(thread);
}

void raise(Core& core, Thread& thread, FaultLabel label, std::uint64_t first)
{
    thread.fault = {.label = label, .first = first};
    send_fault(core, thread);
}

} // namespace kernel
