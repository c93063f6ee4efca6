// SPDX-License-Identifier: BSD-2-Clause
// Calls of the board's firmware, for a PD that the system description gives smc="true".
#pragma once

#include "microkit/seam.h"

#include <array>
#include <cstdint>
#include <optional>

namespace microkit {

/// x0..x7 of an SMC.
using SmcWords = std::array<std::uint64_t, 8>;

/// SMC #0 by the kernel: x0..x7 afterwards; nothing if this SDK's kernel forwards none, or none for
/// this PD (smc="true" in the system description).
[[nodiscard]] inline std::optional<SmcWords> smc(const SmcWords& arguments)
{
    SmcWords results{};
    if (!seam_smc(arguments.data(), results.data())) {
        return std::nullopt;
    }
    return results;
}

} // namespace microkit
