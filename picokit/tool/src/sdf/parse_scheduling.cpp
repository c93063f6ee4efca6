// SPDX-License-Identifier: BSD-2-Clause
// The attributes that say when and where a thread runs.
#include "sdf/parse.hpp"

#include <fmt/format.h>

namespace tool {

Result<Scheduling> parse_scheduling(const Attributes& attributes, const Board& board)
{
    // The kernel turns microseconds into timer ticks in 64 bits.
    const auto longest = ~std::uint64_t{0} / board.timer_hz;
    Scheduling scheduling;
    scheduling.priority = TRY(attributes.optional_number(
                                  "priority", {0, k_max_priority, "255 belongs to the monitor"}))
                              .value_or(0);
    scheduling.budget_us = TRY(attributes.optional_number("budget", {1, longest, "microseconds"}))
                               .value_or(k_default_budget_us);
    scheduling.period_us = TRY(attributes.optional_number("period", {1, longest, "microseconds"}))
                               .value_or(scheduling.budget_us);
    if (scheduling.budget_us > scheduling.period_us) {
        return refuse(attributes.where(),
                      fmt::format("budget {} us is greater than period {} us", scheduling.budget_us,
                                  scheduling.period_us),
                      attributes.has("budget")
                          ? "make the budget at most the period"
                          : fmt::format("write a 'budget' of at most the period: without one it is "
                                        "{} us",
                                        k_default_budget_us));
    }
    return scheduling;
}

Result<std::optional<std::uint64_t>> parse_cpu(const Attributes& attributes, const Board& board)
{
    const auto note = fmt::format("board '{}' has {} core{} in this configuration", board.name,
                                  board.cores, board.cores == 1 ? "" : "s");
    return attributes.optional_number("cpu", {0, board.cores - 1, note});
}

} // namespace tool
