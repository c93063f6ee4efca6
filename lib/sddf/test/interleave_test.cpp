// SPDX-License-Identifier: BSD-2-Clause
// Every interleaving of two sides that signal each other, on cores that delay stores: nobody ever
// sleeps while there is work. The views are the real ones; test/interleave has the memory.
#include "sddf/network.hpp"
#include "sddf/serial.hpp"

#include <gtest/gtest.h>

#include <ucontext.h>

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

namespace {

struct Store {
    void*         at;
    std::uint64_t value;
    unsigned      size;
};

/// One of the two protection domains.
struct Side {
    std::function<void()>       body;
    ucontext_t                  context{};
    std::vector<std::uintptr_t> stack = std::vector<std::uintptr_t>(8192);
    std::deque<Store>           buffer;
    bool                        fenced   = false;
    bool                        sleeps   = false;
    bool                        notified = false;
    bool                        done     = false;

    [[nodiscard]] bool can_run() const
    {
        return !done && (!sleeps || notified) && (!fenced || buffer.empty());
    }
};

/// Runs both sides under one schedule: a list of choices, which it completes with zeros.
class Run {
public:
    Run(std::vector<unsigned>& choices, bool has_fences)
        : choices_{choices}
        , has_fences_{has_fences}
    {
    }
    ~Run() { current = nullptr; }

    std::array<Side, 2> sides;

    void go()
    {
        current = this;
        for (auto& side : sides) {
            getcontext(&side.context);
            side.context.uc_stack = {.ss_sp    = side.stack.data(),
                                     .ss_flags = 0,
                                     .ss_size  = side.stack.size() * sizeof(std::uintptr_t)};
            side.context.uc_link  = &scheduler_;
            makecontext(&side.context, &Run::enter, 0);
        }
        while (step()) {
        }
    }

    /// Gives the schedule the chance to do something else here.
    void yield() { swapcontext(&sides[active_].context, &scheduler_); }
    void yield_until_flushed()
    {
        self().fenced = true;
        yield();
        self().fenced = false;
    }
    Side& self() { return sides[active_]; }
    Side& peer() { return sides[1 - active_]; }
    void  sleep()
    {
        self().sleeps = true;
        yield();
        self().sleeps = self().notified = false;
    }
    [[nodiscard]] bool has_fences() const { return has_fences_; }
    /// Options there were at each choice.
    std::vector<unsigned> options;

    static void flush(Side& side)
    {
        const Store store = side.buffer.front();
        side.buffer.pop_front();
        std::memcpy(store.at, &store.value, store.size);
    }

    static inline Run* current = nullptr;

private:
    /// One action that others can see: a side goes on, or one of its stores becomes visible.
    bool step()
    {
        std::array<std::function<void()>, 4> actions;
        unsigned                             count = 0;
        for (unsigned i = 0; i < 2; ++i) {
            if (sides[i].can_run()) {
                actions[count++] = [this, i] {
                    active_ = i;
                    swapcontext(&scheduler_, &sides[i].context);
                };
            }
            if (!sides[i].buffer.empty()) {
                actions[count++] = [this, i] { flush(sides[i]); };
            }
        }
        if (count == 0) {
            return false;
        }
        if (choices_.size() == options.size()) {
            choices_.push_back(0);
        }
        const unsigned choice = choices_[options.size()];
        options.push_back(count);
        actions[choice]();
        return true;
    }
    static void enter()
    {
        current->self().body();
        current->self().done = true;
    }

    std::vector<unsigned>& choices_;
    bool                   has_fences_;
    ucontext_t             scheduler_{};
    unsigned               active_ = 0;
};

} // namespace

namespace model {

std::uint64_t load(const void* at, unsigned size)
{
    if (Run::current != nullptr) {
        Run::current->yield();
        // A side sees its own stores at once.
        const auto& buffer = Run::current->self().buffer;
        for (auto store = buffer.rbegin(); store != buffer.rend(); ++store) {
            if (store->at == at) {
                return store->value;
            }
        }
    }
    std::uint64_t value = 0;
    std::memcpy(&value, at, size);
    return value;
}

void store(void* at, std::uint64_t value, unsigned size)
{
    Run::current->self().buffer.push_back({at, value, size});
}

void fence()
{
    if (Run::current->has_fences() && !Run::current->self().buffer.empty()) {
        Run::current->yield_until_flushed();
    }
}

} // namespace model

namespace {

/// A notification is a system call: the kernel orders it after what came before.
void notify()
{
    auto& run = *Run::current;
    while (!run.self().buffer.empty()) {
        Run::flush(run.self());
    }
    run.peer().notified = true;
}

/// One entry, while the other side has not asked yet: all that the race needs.
constexpr unsigned k_entries = 1;

/// What the two sides share, and how much arrived.
struct World {
    alignas(8) std::array<std::byte, sddf::network::Producer::bytes_for(2)> ring{};
    sddf::serial::Queue      queue{};
    std::array<std::byte, 1> data{};
    unsigned                 arrived  = 0;
    unsigned                 expected = k_entries;
};
/// Fills in what the two sides do; the last argument says whether the waiter looks again.
using Scenario = void (*)(World&, Run&);

struct Outcome {
    unsigned long schedules = 0;
    unsigned long hangs     = 0;
};

/// All schedules there are, one after the other, up to the first after which somebody hangs.
Outcome explore(Scenario scenario, bool has_fences)
{
    Outcome               outcome;
    std::vector<unsigned> choices;
    do {
        World world;
        Run   run{choices, has_fences};
        scenario(world, run);
        run.go();
        ++outcome.schedules;
        outcome.hangs += world.arrived == world.expected ? 0 : 1;
        // The next one: the last choice that has an option left.
        while (!choices.empty() && choices.back() + 1 == run.options[choices.size() - 1]) {
            choices.pop_back();
        }
        if (!choices.empty()) {
            ++choices.back();
        }
    } while (!choices.empty() && outcome.hangs == 0);
    return outcome;
}

sddf::network::QueueHeader& header_of(World& world)
{
    return *reinterpret_cast<sddf::network::QueueHeader*>(world.ring.data());
}

/// An end of the ring of frames, or of the queue of bytes.
template <class End>
End frame_end(World& world)
{
    End end;
    EXPECT_TRUE(end.open(world.ring, 2));
    return end;
}
template <class End>
End byte_end(World& world)
{
    End end;
    EXPECT_TRUE(end.open(std::as_writable_bytes(std::span{&world.queue, 1}), world.data));
    return end;
}

auto producer_of_frames(World& world)
{
    return [producer = frame_end<sddf::network::Producer>(world)]() mutable {
        for (unsigned i = 0; i < k_entries; ++i) {
            (void)producer.push({});
            if (producer.publish_if_asked()) {
                notify();
            }
        }
    };
}

void frames(World& world, Run& run)
{
    header_of(world).consumer_signalled = 1; // as after an earlier wait
    run.sides[0].body                   = producer_of_frames(world);
    run.sides[1].body = [&world, consumer = frame_end<sddf::network::Consumer>(world)]() mutable {
        for (;;) {
            while (consumer.pop()) {
                ++world.arrived;
            }
            consumer.release();
            if (!consumer.ask_for_more()) {
                Run::current->sleep();
            }
        }
    };
}

/// The mistake that the protocol is there to prevent.
void frames_without_a_second_look(World& world, Run& run)
{
    header_of(world).consumer_signalled = 1; // as after an earlier wait
    run.sides[0].body                   = producer_of_frames(world);
    run.sides[1].body = [&world, consumer = frame_end<sddf::network::Consumer>(world)]() mutable {
        for (;;) {
            while (consumer.pop()) {
                ++world.arrived;
            }
            consumer.release();
            (void)consumer.ask_unless([] { return false; });
            Run::current->sleep();
        }
    };
}

void bytes_through_a_full_queue(World& world, Run& run)
{
    world.expected = k_entries + 1;
    world.queue = {.tail = 1, .head = 0, .producer_signalled = 1}; // full, as after an earlier wait
    run.sides[0].body = [&world, producer = byte_end<sddf::serial::Producer>(world)]() mutable {
        for (unsigned i = 0; i < k_entries; ++i) {
            while (producer.write(world.data) == 0) {
                if (!producer.ask_for_space(1)) {
                    Run::current->sleep();
                }
            }
            if (producer.publish()) {
                notify();
            }
        }
    };
    run.sides[1].body = [&world, consumer = byte_end<sddf::serial::Consumer>(world)]() mutable {
        for (;;) {
            const auto length = static_cast<std::uint32_t>(consumer.data().size());
            world.arrived += length;
            consumer.advance(length);
            if (consumer.release()) {
                notify();
            }
            if (length == 0) {
                Run::current->sleep();
            }
        }
    };
}

TEST(EveryInterleaving, NoFrameIsLeftInARing)
{
    const auto outcome = explore(frames, true);
    EXPECT_GT(outcome.schedules, 100u);
    EXPECT_EQ(outcome.hangs, 0u) << "of " << outcome.schedules;
    RecordProperty("schedules", static_cast<int>(outcome.schedules));
}

TEST(EveryInterleaving, NoProducerOfBytesIsLeftWaiting)
{
    const auto outcome = explore(bytes_through_a_full_queue, true);
    EXPECT_GT(outcome.schedules, 100u);
    EXPECT_EQ(outcome.hangs, 0u) << "of " << outcome.schedules;
    RecordProperty("schedules", static_cast<int>(outcome.schedules));
}

// That the model finds what it is there to find.
TEST(EveryInterleaving, WithoutTheFencesAFrameIsLeft)
{
    EXPECT_GT(explore(frames, false).hangs, 0u);
}

TEST(EveryInterleaving, WithoutTheFencesAProducerIsLeft)
{
    EXPECT_GT(explore(bytes_through_a_full_queue, false).hangs, 0u);
}

TEST(EveryInterleaving, WithoutTheSecondLookAFrameIsLeft)
{
    EXPECT_GT(explore(frames_without_a_second_look, true).hangs, 0u);
}

} // namespace
