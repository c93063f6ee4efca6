// SPDX-License-Identifier: BSD-2-Clause
// Wake-ups for parked vCPUs: any number of deadlines over one channel to an sDDF timer driver.
//
// The driver knows one relative timeout for each of its clients, a new one replaces the old, and
// there is no cancel. So this keeps the list, asks for the earliest, and checks the time whenever
// the driver speaks: early and stale notifications do no harm. A deadline that turns out not to be
// needed costs at most one such notification, a call to withdraw it would cost more.
#pragma once

#include "microkit/channel.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace vmm {

/// Deadlines are values of the physical counter (CNTPCT_EL0), one for each vCPU and a few others.
class AlarmClock {
public:
    static constexpr unsigned k_watch    = 62; ///< no vCPU: who looks after machines that hang
    static constexpr unsigned k_devices  = 63; ///< from here on: AlarmListeners
    static constexpr unsigned k_sleepers = k_devices + 4;

    /// `frequency` of the counter in Hz, not zero.
    void use(microkit::Channel timer, std::uint64_t frequency);

    [[nodiscard]] bool              is_usable() const { return frequency_ != 0; }
    [[nodiscard]] microkit::Channel channel() const { return channel_; }

    /// Wakes `sleeper` at `deadline` or soon after; replaces its earlier one.
    void set(unsigned sleeper, std::uint64_t deadline, std::uint64_t now);

    /// `sleeper` needs no wake-up any more.
    void clear(unsigned sleeper) { deadlines_[slot_of(sleeper)] = k_never; }

    [[nodiscard]] std::optional<std::uint64_t> deadline(unsigned sleeper) const;

    /// The driver has notified: takes one sleeper whose time has come off the list. Call it until
    /// it gives none; then the driver knows of the next deadline.
    [[nodiscard]] std::optional<unsigned> next_due(std::uint64_t now);

    /// Call once for each notification, before next_due().
    void notified() { armed_ = k_never; }

private:
    static constexpr std::uint64_t k_never = ~std::uint64_t{0};

    /// Those that are no vCPU come first, so that a VMM with one vCPU searches few deadlines.
    static constexpr unsigned slot_of(unsigned sleeper)
    {
        return sleeper < k_watch ? sleeper + (k_sleepers - k_watch) : sleeper - k_watch;
    }
    static constexpr unsigned sleeper_of(unsigned slot)
    {
        return slot < k_sleepers - k_watch ? slot + k_watch : slot - (k_sleepers - k_watch);
    }

    void arm(std::uint64_t deadline, std::uint64_t now);

    static constexpr std::array<std::uint64_t, k_sleepers> none()
    {
        std::array<std::uint64_t, k_sleepers> deadlines{};
        deadlines.fill(k_never);
        return deadlines;
    }

    std::array<std::uint64_t, k_sleepers> deadlines_ = none();  ///< by slot
    std::uint64_t                         armed_     = k_never; ///< when the driver will notify
    std::uint64_t                         frequency_ = 0;
    unsigned                              used_      = 0; ///< slots from here on were never used
    microkit::Channel                     channel_{};
};

} // namespace vmm
