// SPDX-License-Identifier: BSD-2-Clause
// Events between threads.
#include "kernel/ipc.hpp"

#include "kernel/message_info.hpp"
#include "kernel/ring.hpp"
#include "kernel/scheduler.hpp"

namespace kernel {
namespace {

constexpr std::uint64_t k_call_badge  = std::uint64_t{1} << PICOKIT_BADGE_CALL_BIT;
constexpr std::uint64_t k_fault_badge = std::uint64_t{1} << PICOKIT_BADGE_FAULT_BIT;

void set_event(Pd& pd, std::uint64_t badge, std::uint64_t info)
{
    pd.context[Word::x0] = badge;
    pd.context[Word::x1] = info;
}

void take_notification(Pd& pd)
{
    set_event(pd, pd.pending, 0);
    pd.pending = 0;
}

/// Gives a passive PD's borrowed budget back.
void return_budget(Pd& pd)
{
    if (Thread* donor = pd.donor; donor != nullptr) {
        donor->budget = pd.budget;
        pd.budget     = nullptr;
        pd.donor      = nullptr;
    }
}

/// `thread` calls or faults, and `pd` receives that now.
void accept(Pd& pd, Thread& thread)
{
    pd.client = &thread;
    if (pd.budget == nullptr) { // passive
        pd.budget     = thread.budget;
        thread.budget = nullptr;
        pd.donor      = &thread;
    }
    if (thread.state == State::calling) {
        thread.state = State::called;
        const MessageInfo info{thread.call_info};
        copy_words(pd.message, static_cast<Pd&>(thread).message, info.words());
        set_event(pd, k_call_badge | thread.channel, info.delivered());
    } else {
        thread.state = State::faulted;
        set_event(pd, k_fault_badge | thread.child_id, write_fault_message(thread, pd.message));
    }
}

/// Passes the answer on. True if the client goes on.
bool answer(Pd& pd, Thread& client, std::uint64_t reply)
{
    const MessageInfo info{reply};
    if (client.state == State::called) {
        copy_words(static_cast<Pd&>(client).message, pd.message, info.words());
        client.context[Word::x1] = info.delivered();
        return true;
    }
    return apply_fault_reply(client, reply, pd.message);
}

constexpr std::uint64_t k_instruction = 4;

/// The thread blocks in a system call that is to happen again when it is resumed.
void rewind(Thread& thread) { thread.context[Word::pc] -= k_instruction; }

/// `thread` no longer waits for the answer of its server; the budget that it gave away comes back
/// from whoever runs on it now, at the end of the chain of calls. That PD goes on, on the budget
/// of the first passive PD of the chain, which that one will find again in turn.
void withdraw(Core& core, Thread& thread)
{
    Pd& server    = *thread.server;
    server.client = nullptr;
    if (server.donor != &thread) {
        return;
    }
    server.donor   = nullptr;
    Thread* holder = &server;
    while (holder->budget == nullptr) {
        holder = holder->server;
    }
    thread.budget  = holder->budget;
    holder->budget = &server.own_budget;
    budget_changed(core, *holder);
}

} // namespace

void signal(Core& core, Pd& pd, std::uint64_t bits)
{
    pd.pending |= bits;
    if (pd.state == State::receiving) {
        take_notification(pd);
        wake(core, pd);
    }
}

void send(Core& core, Thread& thread, Pd& server)
{
    thread.server = &server;
    if (server.state == State::receiving) {
        accept(server, thread);
        wake(core, server);
        return;
    }
    thread.queued = Queued::endpoint;
    server.callers.insert(
        thread, [](const Thread& a, const Thread& b) { return a.priority > b.priority; });
}

void receive(Core& core, Pd& pd, bool reply, std::uint64_t info)
{
    Thread* resumed = nullptr;
    if (Thread* client = pd.client; client != nullptr) {
        pd.client = nullptr;
        if (reply && answer(pd, *client, info)) {
            resumed = client;
        } else {
            if (client->state == State::called) {
                rewind(*client);
            }
            client->state = State::inactive;
        }
    }
    if (pd.passive) {
        return_budget(pd);
        pd.budget = nullptr;
    }
    if (pd.pending != 0) {
        take_notification(pd);
        if (pd.budget == nullptr) {
            pd.budget = &pd.own_budget;
        }
    } else if (!pd.callers.empty()) {
        Thread& caller = *pd.callers.head();
        pd.callers.remove(caller);
        caller.queued = Queued::no;
        accept(pd, caller);
    } else {
        pd.state = State::receiving;
        // Not always `core.next`: a deferred signal may have made another one that.
        unready(core, pd);
    }
    // Last, so that a client of the highest priority left need not be queued.
    if (resumed != nullptr) {
        wake(core, *resumed);
    }
}

void cancel(Core& core, Thread& thread)
{
    switch (thread.state) {
    case State::inactive: return;
    case State::ready: unready(core, thread); break;
    case State::receiving:
        // Its deferred operation and reply are done; only the wait is to happen again.
        rewind(thread);
        thread.context[Word::x0] = 0;
        thread.context[Word::x2] = 0;
        break;
    case State::calling:
    case State::faulting:
        thread.server->callers.remove(thread);
        thread.queued = Queued::no;
        break;
    case State::called:
    case State::faulted:
        if (thread.server != nullptr) {
            withdraw(core, thread);
        }
        break;
    }
    if (thread.state == State::calling || thread.state == State::called) {
        rewind(thread);
    }
    thread.state = State::inactive;
}

void restart(Core& core, Thread& thread)
{
    cancel(core, thread);
    wake(core, thread);
}

} // namespace kernel
