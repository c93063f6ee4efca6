// SPDX-License-Identifier: BSD-2-Clause
// Deadlines over one sDDF timer channel.
#include "vmm/alarm_clock.hpp"

#include "microkit/message.hpp"
#include "sddf/timer.hpp"

#include <algorithm>

namespace vmm {

void AlarmClock::use(microkit::Channel timer, std::uint64_t frequency)
{
    channel_   = timer;
    frequency_ = frequency;
}

std::optional<std::uint64_t> AlarmClock::deadline(unsigned sleeper) const
{
    const auto deadline = deadlines_[slot_of(sleeper)];
    return deadline == k_never ? std::nullopt : std::optional{deadline};
}

void AlarmClock::set(unsigned sleeper, std::uint64_t deadline, std::uint64_t now)
{
    const auto slot  = slot_of(sleeper);
    deadlines_[slot] = deadline;
    used_            = std::max(used_, slot + 1);
    if (deadline < armed_) {
        arm(deadline, now);
    }
}

std::optional<unsigned> AlarmClock::next_due(std::uint64_t now)
{
    const auto end      = deadlines_.begin() + used_;
    const auto earliest = std::min_element(deadlines_.begin(), end);
    if (earliest == end || *earliest == k_never) {
        return std::nullopt;
    }
    if (*earliest > now) {
        if (*earliest < armed_) {
            arm(*earliest, now);
        }
        return std::nullopt;
    }
    *earliest = k_never;
    return sleeper_of(static_cast<unsigned>(earliest - deadlines_.begin()));
}

void AlarmClock::arm(std::uint64_t deadline, std::uint64_t now)
{
    // Far deadlines in stages, so that the conversion cannot overflow: a notification that comes
    // early is followed by the next request.
    constexpr std::uint64_t k_longest_seconds = 3600;
    const std::uint64_t     ticks =
        std::min(deadline > now ? deadline - now : 0, k_longest_seconds * frequency_);
    armed_ = now + ticks;
    microkit::set_message_word(0, sddf::timer::nanoseconds(ticks, frequency_));
    (void)channel_.call(microkit::MessageInfo::create(
        static_cast<std::uint64_t>(sddf::timer::Request::set_timeout), 1));
}

} // namespace vmm
