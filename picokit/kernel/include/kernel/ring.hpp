// SPDX-License-Identifier: BSD-2-Clause
// The code of the queues, apart from their declaration because it must know what a thread is.
#pragma once

#include "kernel/queue.hpp"
#include "kernel/thread.hpp"

namespace kernel {

inline void Ring::link_before(Thread& thread, Thread& place)
{
    Thread& before       = *place.link.previous;
    thread.link.next     = &place;
    thread.link.previous = &before;
    before.link.next     = &thread;
    place.link.previous  = &thread;
}

inline void Ring::push_back(Thread& thread)
{
    if (head_ == nullptr) {
        head_       = &thread;
        thread.link = {.next = &thread, .previous = &thread};
        return;
    }
    link_before(thread, *head_);
}

inline void Ring::push_front(Thread& thread)
{
    push_back(thread);
    head_ = &thread;
}

template <class GoesAhead>
void Ring::insert(Thread& thread, GoesAhead goes_ahead)
{
    // From the end, because equals are the rule.
    Thread* place = nullptr;
    if (head_ != nullptr) {
        Thread* last = head_->link.previous;
        while (goes_ahead(thread, *last)) {
            place = last;
            if (last == head_) {
                push_front(thread);
                return;
            }
            last = last->link.previous;
        }
    }
    if (place == nullptr) {
        push_back(thread);
    } else {
        link_before(thread, *place);
    }
}

inline void Ring::remove(Thread& thread)
{
    if (thread.link.next == &thread) {
        head_ = nullptr;
        return;
    }
    if (head_ == &thread) {
        head_ = thread.link.next;
    }
    thread.link.previous->link.next = thread.link.next;
    thread.link.next->link.previous = thread.link.previous;
}

inline void ReadyQueue::mark(unsigned priority)
{
    words_[priority / 64] |= std::uint64_t{1} << priority % 64;
    summary_ |= 1u << priority / 64;
}

inline void ReadyQueue::push_back(Thread& thread)
{
    thread.queued = Queued::ready;
    rings_[thread.priority].push_back(thread);
    mark(thread.priority);
}

inline void ReadyQueue::push_front(Thread& thread)
{
    thread.queued = Queued::ready;
    rings_[thread.priority].push_front(thread);
    mark(thread.priority);
}

inline void ReadyQueue::remove(Thread& thread)
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

inline Thread* ReadyQueue::pop()
{
    if (empty()) {
        return nullptr;
    }
    Thread& thread = *rings_[highest()].head();
    remove(thread);
    return &thread;
}

} // namespace kernel
