// SPDX-License-Identifier: BSD-2-Clause
// Calls to the firmware or hypervisor: SMCCC (DEN 0028) and PSCI (DEN 0022).
#pragma once

#include "guest/platform.hpp"

#include <cstdint>

extern "C" {
std::int64_t guest_hvc(std::uint64_t x0, std::uint64_t x1, std::uint64_t x2, std::uint64_t x3);
std::int64_t guest_smc(std::uint64_t x0, std::uint64_t x1, std::uint64_t x2, std::uint64_t x3);
}

namespace guest {

/// PSCI functions, with the 64-bit variant where there is one.
enum class Psci : std::uint32_t {
    version       = 0x8400'0000,
    cpu_suspend   = 0xc400'0001,
    cpu_off       = 0x8400'0002,
    cpu_on        = 0xc400'0003,
    affinity_info = 0xc400'0004,
    system_off    = 0x8400'0008,
    system_reset  = 0x8400'0009,
    features      = 0x8400'000a,
};

/// x0 after HVC #0 or SMC #0 with the function in x0, arguments in x1 to x3 and zeros in x4 to x7.
inline std::int64_t call(Conduit conduit, Psci function, std::uint64_t x1 = 0, std::uint64_t x2 = 0,
                         std::uint64_t x3 = 0)
{
    const auto x0 = static_cast<std::uint64_t>(function);
    return conduit == Conduit::hvc ? guest_hvc(x0, x1, x2, x3) : guest_smc(x0, x1, x2, x3);
}

} // namespace guest
