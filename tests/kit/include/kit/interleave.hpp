// SPDX-License-Identifier: BSD-2-Clause
// Every interleaving of two sides that share memory, on cores that delay stores. The code under
// test is compiled with a header that sends its shared loads, stores and fences to `model`.
#pragma once

#include <ucontext.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <vector>

namespace model {

std::uint64_t load(const void* at, unsigned size);
void          store(void* at, std::uint64_t value, unsigned size);
void          fence();

} // namespace model

namespace kit::interleave {

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

/// A notification is a system call: the kernel orders it after what came before.
void notify();

struct Outcome {
    unsigned long schedules = 0;
    unsigned long hangs     = 0;
};

/// All schedules there are, one after the other, up to the first after which somebody hangs: not as
/// much arrived in the world as was expected. The scenario fills in what the two sides do.
template <class World>
Outcome explore(void (*scenario)(World&, Run&), bool has_fences)
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

} // namespace kit::interleave
