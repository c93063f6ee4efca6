// SPDX-License-Identifier: BSD-2-Clause
// What clocks a UART, which sDDF's device resources do not say.
#pragma once

#include <cstdint>

namespace uart {

/// Hz of the UART at this physical address; 0: not known.
[[nodiscard]] std::uint64_t clock_of(std::uint64_t physical);

} // namespace uart
