// SPDX-License-Identifier: BSD-2-Clause
// Sizes as people write them: 256_MiB.
#pragma once

#include <cstdint>

namespace base::literals {

constexpr std::uint64_t operator""_KiB(unsigned long long n) { return n << 10; }
constexpr std::uint64_t operator""_MiB(unsigned long long n) { return n << 20; }
constexpr std::uint64_t operator""_GiB(unsigned long long n) { return n << 30; }

} // namespace base::literals
