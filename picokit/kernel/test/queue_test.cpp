// SPDX-License-Identifier: BSD-2-Clause
// Queues against a model of them.
#include "kernel/ring.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <list>
#include <memory>
#include <random>
#include <vector>

namespace kernel {
namespace {

TEST(Ring, InsertsBehindEquals)
{
    std::array<Thread, 4> threads;
    const auto            goes_ahead = [](const Thread& a, const Thread& b) {
        return a.priority > b.priority;
    };
    threads[0].priority = 5;
    threads[1].priority = 7;
    threads[2].priority = 5;
    threads[3].priority = 6;
    Ring ring;
    for (Thread& thread : threads) {
        ring.insert(thread, goes_ahead);
    }
    for (const unsigned expected : {1U, 3U, 0U, 2U}) {
        ASSERT_EQ(ring.head(), &threads[expected]);
        ring.remove(threads[expected]);
    }
    EXPECT_TRUE(ring.empty());
}

TEST(ReadyQueue, BehavesLikeAListForEachPriority)
{
    const auto                          queue = std::make_unique<ReadyQueue>();
    std::vector<Thread>                 threads(60);
    std::array<std::list<Thread*>, 256> model;
    std::mt19937                        random{1};
    for (Thread& thread : threads) {
        thread.priority = static_cast<std::uint8_t>(random() % 4 * 63 + random() % 3);
    }
    for (int step = 0; step < 20'000; ++step) {
        Thread& thread = threads[random() % threads.size()];
        auto&   list   = model[thread.priority];
        if (thread.queued == Queued::ready) {
            queue->remove(thread);
            list.remove(&thread);
        } else if (random() % 2 == 0) {
            queue->push_back(thread);
            list.push_back(&thread);
        } else {
            queue->push_front(thread);
            list.push_front(&thread);
        }
        const auto highest =
            std::ranges::find_if(model.rbegin(), model.rend(), [](auto& l) { return !l.empty(); });
        ASSERT_EQ(queue->empty(), highest == model.rend());
        if (highest != model.rend()) {
            ASSERT_EQ(queue->highest(), highest->front()->priority);
            ASSERT_TRUE(queue->any_at(highest->front()->priority));
            if (random() % 3 == 0) {
                ASSERT_EQ(queue->pop(), highest->front());
                highest->pop_front();
            }
        } else {
            ASSERT_EQ(queue->pop(), nullptr);
        }
    }
}

} // namespace
} // namespace kernel
