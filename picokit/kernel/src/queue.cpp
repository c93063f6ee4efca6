// SPDX-License-Identifier: BSD-2-Clause
// Queues of threads.
#include "kernel/queue.hpp"

#include "kernel/ring.hpp"
#include "kernel/thread.hpp"

namespace kernel {

void ReadyQueue::mark(unsigned priority)
{
    words_[priority / 64] |= std::uint64_t{1} << priority % 64;
    summary_ |= 1u << priority / 64;
}

void ReadyQueue::push_back(Thread& thread)
{
    thread.queued = Queued::ready;
    rings_[thread.priority].push_back(thread);
    mark(thread.priority);
}

void ReadyQueue::push_front(Thread& thread)
{
    thread.queued = Queued::ready;
    rings_[thread.priority].push_front(thread);
    mark(thread.priority);
}

void ReadyQueue::remove(Thread& thread)
{
    thread.queued = Queued::no;
    Ring& ring    = rings_[thread.priority];
    ring.remove(thread);
    if (ring.empty()) {
        const unsigned word = thread.priority / 64u;
        words_[word] &= ~(std::uint64_t{1} << thread.priority % 64);
        if (words_[word] == 0) {
            summary_ &= ~(1u << word);
        }
    }
}

Thread* ReadyQueue::pop()
{
    if (empty()) {
        return nullptr;
    }
    Thread& thread = *rings_[highest()].head();
    remove(thread);
    return &thread;
}

} // namespace kernel
