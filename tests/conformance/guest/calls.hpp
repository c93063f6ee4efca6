// SPDX-License-Identifier: BSD-2-Clause
// Calls of the firmware with every register in view; code at EL0.
#pragma once

#include "guest/platform.hpp"

#include <array>
#include <cstdint>

extern "C" {
void              conformance_hvc(std::uint64_t* words);
void              conformance_smc(std::uint64_t* words);
void              conformance_hvc_numbered(std::uint64_t* words);
void              conformance_smc_numbered(std::uint64_t* words);
void              conformance_at_el0(const void* code);
extern const char conformance_back[];
extern const char conformance_el0_svc[], conformance_el0_hvc[], conformance_el0_smc[];
extern const char conformance_el0_vbar[], conformance_el0_wfi[], conformance_el0_udf[];
void              conformance_bare_start();
}

namespace conformance {

/// x0 to x17 of a call.
using Words = std::array<std::uint64_t, 18>;

/// Makes the call by a conduit with x1 to x3 as given and x4 to x17 full of marks.
Words call_with_marks(guest::Conduit conduit, std::uint64_t function, std::uint64_t x1 = 0,
                      std::uint64_t x2 = 0, std::uint64_t x3 = 0);
/// Whether registers `from` to 17 are what they were before such a call.
[[nodiscard]] bool keeps_marks(const Words& words, unsigned from = 4);

/// By the conduit of the device tree.
std::int64_t call(std::uint64_t function, std::uint64_t x1 = 0, std::uint64_t x2 = 0,
                  std::uint64_t x3 = 0);

/// Whether calls by a conduit are answered at all.
[[nodiscard]] bool answers(guest::Conduit conduit);

/// Runs code of calls.S at EL0; the syndrome of the exception that ended it.
std::uint64_t at_el0(const void* code);

} // namespace conformance
