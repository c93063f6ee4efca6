// SPDX-License-Identifier: BSD-2-Clause
// The system counter and the physical timer for host tests: time passes when the test says so.
#pragma once

#include <cstdint>
#include <optional>

namespace kit {

struct FakeCounter {
    static FakeCounter& instance();

    std::uint64_t                now       = 1000;
    std::uint64_t                frequency = 62'500'000;
    std::optional<std::uint64_t> timer;    ///< compare value of the physical timer, while it is on
    std::uint64_t                step = 0; ///< how long each look at the counter takes

    [[nodiscard]] bool is_timer_due() const { return timer && *timer <= now; }
};

} // namespace kit
