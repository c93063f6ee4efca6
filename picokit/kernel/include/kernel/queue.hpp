// SPDX-License-Identifier: BSD-2-Clause
// Queues of threads, linked through the threads themselves: a thread is in one queue at most.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace kernel {

struct Thread;

/// Where a thread waits in line; tells which queue to take it out of.
enum class Queued : std::uint8_t {
    no,
    ready,    ///< of its domain, by priority
    release,  ///< for budget, by time
    endpoint, ///< of `server`, to be received
};

/// The part of a thread that queues use.
struct Link {
    Thread* next     = nullptr;
    Thread* previous = nullptr;
};

/// A ring of threads; `head` is the first, and the one before it the last.
class Ring {
public:
    [[nodiscard]] bool    empty() const { return head_ == nullptr; }
    [[nodiscard]] Thread* head() const { return head_; }
    void                  push_back(Thread& thread);
    void                  push_front(Thread& thread);
    /// Before the first thread that `thread` goes ahead of; behind all its equals.
    template <class GoesAhead>
    void insert(Thread& thread, GoesAhead goes_ahead);
    void remove(Thread& thread);

private:
    void    link_before(Thread& thread, Thread& place);
    Thread* head_ = nullptr;
};

/// The threads of one domain that could run: a ring for each priority, and bitmaps that find the
/// highest in constant time.
class ReadyQueue {
public:
    [[nodiscard]] bool empty() const { return summary_ == 0; }
    /// The highest priority of all; only when not empty.
    [[nodiscard]] unsigned highest() const
    {
        const unsigned word = std::bit_width(summary_) - 1u;
        return 64 * word + static_cast<unsigned>(std::bit_width(words_[word])) - 1u;
    }
    [[nodiscard]] bool any_at(unsigned priority) const { return !rings_[priority].empty(); }
    void               push_back(Thread& thread);
    void               push_front(Thread& thread);
    void               remove(Thread& thread);
    /// Takes the first of the highest priority out; nullptr when empty.
    [[nodiscard]] Thread* pop();

private:
    void mark(unsigned priority);

    std::array<Ring, 256>        rings_{};
    std::array<std::uint64_t, 4> words_{};
    std::uint32_t                summary_ = 0;
};

} // namespace kernel
