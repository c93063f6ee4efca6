// SPDX-License-Identifier: BSD-2-Clause
// Time to the instruction: under QEMU's `-icount shift=0` one instruction takes one nanosecond, but
// the counter only ticks every 16. Sixteen reads in a row show where it ticked.
#pragma once

#include <cstdint>

namespace guest {

/// Nanoseconds since the virtual counter's zero, at the first instruction of the call. Exact to the
/// instruction under -icount with 16 ns a tick; otherwise as coarse as the counter is.
extern "C" std::uint64_t guest_stamp();
inline std::uint64_t     stamp() { return guest_stamp(); }

/// The same scale for a value of the counter.
inline constexpr std::uint64_t k_nanoseconds_per_tick = 16;

} // namespace guest
