// SPDX-License-Identifier: BSD-2-Clause
// Scheduling contexts: how much processor time a thread may use, and when. Pure arithmetic on
// timer ticks; who runs is the scheduler's business.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace kernel {

/// Ticks of the system counter (CNTPCT_EL0), or a number of them.
using Ticks = std::uint64_t;

inline constexpr Ticks k_never = ~Ticks{0};

/// Microseconds as ticks of a counter of `hertz`, rounded up; saturates below k_never.
[[nodiscard]] Ticks ticks_of(std::uint64_t microseconds, std::uint64_t hertz);

/// A budget in every period.
///
/// Where the two are equal the thread is round robin: it may always run, and the budget is its
/// turn among threads of its priority. Otherwise it is a sporadic server: what is used comes back
/// one period after it began to be used, so that no window of one period sees more than the
/// budget. Used time is a queue of refills; where it would grow beyond its capacity, refills are
/// joined at the later time, which never gives more than the budget.
class SchedContext {
public:
    /// `budget` ≤ `period`, both at least 1.
    void configure(Ticks budget, Ticks period);

    [[nodiscard]] bool sporadic() const { return sporadic_; }
    /// From when on the context has budget; 0 for round robin.
    [[nodiscard]] Ticks release_time() const { return sporadic_ ? head().time : 0; }
    /// Ticks that it may use without a break, if it runs now.
    [[nodiscard]] Ticks available() const { return sporadic_ ? head().amount : turn_; }
    [[nodiscard]] bool  ready(Ticks now) const { return !sporadic_ || head().time <= now; }

    /// The owner begins or goes on to run: budget of the past counts from now on.
    void unblock(Ticks now);
    /// `used` ticks were run. True if the turn or the refill is used up.
    bool charge(Ticks used);
    /// Gives up what is left of the turn or refill.
    void give_up()
    {
        charge(available());
        turn_is_over_ = false;
    }
    /// Whether a turn has ended since the last call: then its owner's equals come first.
    bool take_end_of_turn()
    {
        const bool over = turn_is_over_;
        turn_is_over_   = false;
        return over;
    }

private:
    struct Refill {
        Ticks time;
        Ticks amount;
    };
    static constexpr std::size_t k_capacity = 8;
    /// Smaller remainders are not worth a context switch; 2^9 ticks are 8 µs at 62.5 MHz.
    static constexpr Ticks k_least = 512;

    [[nodiscard]] Refill&       head() { return refills_[first_]; }
    [[nodiscard]] const Refill& head() const { return refills_[first_]; }
    [[nodiscard]] Refill&       at(std::size_t n) { return refills_[(first_ + n) % k_capacity]; }
    void                        pop();
    void                        append(Refill refill);

    std::array<Refill, k_capacity> refills_{};
    std::uint8_t                   first_        = 0;
    std::uint8_t                   count_        = 0;
    bool                           sporadic_     = false;
    bool                           turn_is_over_ = false;
    Ticks                          budget_       = 0;
    Ticks                          period_       = 0;
    Ticks                          turn_         = 0; ///< what is left of it; round robin only
};

} // namespace kernel
