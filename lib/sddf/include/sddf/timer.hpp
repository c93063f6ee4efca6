// SPDX-License-Identifier: BSD-2-Clause
// sDDF's timer class: two protected calls to the driver, one notification back. No shared memory.
#pragma once

#include "sddf/resources.hpp"

#include <cstddef>
#include <cstdint>

namespace sddf::timer {

/// `.timer_client_config`
struct ClientConfig {
    Magic              magic;
    std::uint8_t       driver_id; ///< the channel
    [[nodiscard]] bool is_valid() const { return magic == magic_of(Class::timer); }
};
static_assert(sizeof(ClientConfig) == 6 && offsetof(ClientConfig, driver_id) == 5);

/// Labels of the calls.
enum class Request : std::uint64_t {
    get_time    = 0, ///< reply word 0: nanoseconds since the driver's start of time
    set_timeout = 1, ///< word 0: nanoseconds from now; replaces what this client had asked for
};

inline constexpr std::uint64_t k_nanoseconds = 1'000'000'000;

/// Ticks of a counter as nanoseconds, rounded up. `frequency` in Hz, 1 to 4 GHz; `ticks` up to
/// a century's worth of it.
[[nodiscard]] constexpr std::uint64_t nanoseconds(std::uint64_t ticks, std::uint64_t frequency)
{
    return ticks / frequency * k_nanoseconds +
           (ticks % frequency * k_nanoseconds + frequency - 1) / frequency;
}

/// Nanoseconds as ticks, rounded up, so that a deadline is never early; at most `most`.
[[nodiscard]] constexpr std::uint64_t ticks(std::uint64_t nanoseconds, std::uint64_t frequency,
                                            std::uint64_t most)
{
    const std::uint64_t seconds = nanoseconds / k_nanoseconds;
    if (seconds >= most / frequency) {
        return most;
    }
    return seconds * frequency +
           (nanoseconds % k_nanoseconds * frequency + k_nanoseconds - 1) / k_nanoseconds;
}

} // namespace sddf::timer
