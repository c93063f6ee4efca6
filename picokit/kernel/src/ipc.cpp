// SPDX-License-Identifier: BSD-2-Clause
// Events between threads.
#include "kernel/ipc.hpp"

#include "kernel/delivery.hpp"
#include "kernel/irq.hpp"

namespace kernel {
namespace {

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

void queue_caller(Pd& server, Thread& thread)
{
    thread.queued = Queued::endpoint;
    server.callers.insert(thread,
                          [](const Thread& a, const Thread& b) { return a.priority > b.priority; });
}

void signal(Core& core, Pd& pd, std::uint64_t bits)
{
    pd.pending |= bits;
    if (pd.state == State::receiving) {
        take_notification(pd);
        wake(core, pd);
    }
}

void call(Core& core, Pd& caller, Pd& server, std::uint8_t channel, std::uint64_t info)
{
    core.next        = nullptr;
    caller.server    = &server;
    caller.channel   = channel;
    caller.call_info = info;
    if (server.state == State::receiving) [[likely]] {
        deliver_call(server, caller);
        wake(core, server);
    } else {
        caller.state = State::calling;
        queue_caller(server, caller);
    }
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
        if (caller.state == State::calling) {
            deliver_call(pd, static_cast<Pd&>(caller));
        } else {
            deliver_fault(pd, caller);
        }
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
    case State::inactive:
        return;
    case State::ready:
        unready(core, thread);
        break;
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
        if (thread.kind == Kind::vcpu) {
            take_event_back(core, static_cast<Vcpu&>(thread));
        }
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

void set_priority(Core& core, Thread& thread, std::uint8_t priority)
{
    if (thread.state == State::ready) {
        unready(core, thread);
        thread.priority = priority;
        wake(core, thread);
    } else if (thread.queued == Queued::endpoint) {
        thread.server->callers.remove(thread);
        thread.priority = priority;
        queue_caller(*thread.server, thread);
    } else {
        thread.priority = priority;
    }
}

} // namespace kernel
