// SPDX-License-Identifier: BSD-2-Clause
// The ring's own code, apart from its declaration because it must know what a thread is.
#pragma once

#include "kernel/queue.hpp"
#include "kernel/thread.hpp"

namespace kernel {

inline void Ring::link_before(Thread& thread, Thread& place)
{
    Thread& before          = *place.link.previous;
    thread.link.next        = &place;
    thread.link.previous    = &before;
    before.link.next        = &thread;
    place.link.previous     = &thread;
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

} // namespace kernel
