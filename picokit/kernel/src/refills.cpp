// SPDX-License-Identifier: BSD-2-Clause
// Budget and period.
#include "kernel/refills.hpp"

#include "base/checked.hpp"

#include <algorithm>

namespace kernel {

Ticks ticks_of(std::uint64_t microseconds, std::uint64_t hertz)
{
    constexpr std::uint64_t k_million = 1'000'000;
    // Whole seconds and the rest apart, so that only absurd durations overflow.
    const auto seconds = base::checked_multiply(microseconds / k_million, hertz);
    const auto rest    = (microseconds % k_million * hertz + k_million - 1) / k_million;
    const auto sum     = seconds ? base::checked_add(*seconds, rest) : std::nullopt;
    // Far from the end of the counter, so that adding the present time cannot wrap.
    return std::min(sum.value_or(k_never), k_never / 4);
}

void SchedContext::configure(Ticks budget, Ticks period)
{
    budget_     = std::max<Ticks>(budget, 1);
    period_     = std::max(period, budget_);
    sporadic_   = budget_ != period_;
    turn_       = budget_;
    first_      = 0;
    count_      = 1;
    refills_[0] = {.time = 0, .amount = budget_};
}

void SchedContext::pop()
{
    first_ = static_cast<std::uint8_t>((first_ + 1) % k_capacity);
    --count_;
}

void SchedContext::append(Refill refill)
{
    if (count_ != 0) {
        Refill& last = at(count_ - 1u);
        if (last.time + last.amount >= refill.time || count_ == k_capacity) {
            // Contiguous, or no room: one refill, ready when the later one is whole.
            last.time = std::max(last.time, refill.time - std::min(refill.time, last.amount));
            last.amount += refill.amount;
            return;
        }
    }
    at(count_) = refill;
    ++count_;
}

void SchedContext::unblock(Ticks now)
{
    if (!sporadic_ || head().time > now) {
        return;
    }
    head().time = now;
    while (count_ > 1 && at(1).time <= now + head().amount) {
        const Ticks amount = head().amount;
        pop();
        head().amount += amount;
        head().time = now;
    }
}

bool SchedContext::charge(Ticks used)
{
    if (!sporadic_) {
        if (used < turn_) {
            turn_ -= used;
            return false;
        }
        turn_         = budget_;
        turn_is_over_ = true;
        return true;
    }
    bool exhausted = false;
    // An overrun (the timer came late) is paid from the refills that follow.
    while (used != 0 && used >= head().amount) {
        const Refill spent = head();
        pop();
        append({.time = spent.time + period_, .amount = spent.amount});
        used -= spent.amount;
        exhausted = true;
    }
    if (used != 0) {
        const Ticks begun = head().time;
        head().time += used;
        head().amount -= used;
        append({.time = begun + period_, .amount = used});
        if (head().amount < k_least && count_ > 1) {
            const Ticks amount = head().amount;
            pop();
            head().amount += amount;
            exhausted = true;
        }
    }
    turn_is_over_ = turn_is_over_ || exhausted;
    return exhausted;
}

} // namespace kernel
