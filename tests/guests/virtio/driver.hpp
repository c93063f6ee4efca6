// SPDX-License-Identifier: BSD-2-Clause
// An honest virtIO driver that polls: brings a device up, puts requests, waits for answers.
#pragma once

#include "guest/timer.hpp"
#include "ring.hpp"
#include "window.hpp"

#include "base/fixed_vector.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace guest {

/// Waits until `done()` is true; false when that took longer than any working device takes, even
/// on a host with much else to do.
template <class Done>
[[nodiscard]] bool wait_until(Done done)
{
    constexpr std::uint64_t k_seconds = 60;
    const auto              limit     = now() + k_seconds * ticks_per_second();
    while (!done()) {
        if (now() > limit) {
            return false;
        }
    }
    return true;
}

class Driver {
public:
    Driver() = default;
    explicit Driver(const Window& window)
        : window_{window}
    {
    }

    /// Resets the device and waits until it is.
    [[nodiscard]] bool reset() const;
    /// The same where it is not yet, then up to FEATURES_OK with those of `wanted` that are
    /// offered, and VERSION_1. False: the device does not answer, or refuses.
    [[nodiscard]] bool          begin(std::uint64_t wanted);
    [[nodiscard]] std::uint64_t offered() const;

    /// Sets up a queue of at most `size` entries with its ring at `memory`. Null: the device has
    /// no such queue, or does not take it.
    Ring* add_queue(std::uint32_t index, std::uint16_t size, std::uint64_t memory);
    /// DRIVER_OK. False: the device is not content.
    [[nodiscard]] bool start() const;

    void notify(std::uint32_t queue) const { window_.write(Register::queue_notify, queue); }
    [[nodiscard]] std::uint32_t status() const { return window_.read(Register::status); }
    [[nodiscard]] bool          needs_reset() const { return (status() & k_needs_reset) != 0; }

    /// Puts a request and waits for its answer: the length that the device wrote. Nothing: none
    /// came, or the device needs a reset.
    [[nodiscard]] std::optional<std::uint32_t> request(std::uint32_t          queue,
                                                       std::span<const Piece> pieces);
    /// Puts a request and does not wait.
    void put(std::uint32_t queue, std::span<const Piece> pieces);
    /// Waits for one more used element of a queue.
    [[nodiscard]] std::optional<std::uint32_t> wait(std::uint32_t queue);

    [[nodiscard]] bool has(std::uint64_t feature) const { return (features_ & feature) != 0; }
    [[nodiscard]] std::uint64_t features() const { return features_; }
    [[nodiscard]] const Window& window() const { return window_; }
    [[nodiscard]] Ring&         ring(std::uint32_t queue) { return rings_[queue]; }

    /// Tells of a queue's three parts and its size; not yet that it is ready.
    void describe(std::uint32_t index, std::uint32_t size, std::uint64_t descriptors,
                  std::uint64_t driver_area, std::uint64_t device_area) const;

    static constexpr std::size_t k_queues = 16;

private:
    Window                     window_{};
    std::uint64_t              features_ = 0;
    std::array<Ring, k_queues> rings_{};
};

} // namespace guest
