// SPDX-License-Identifier: BSD-2-Clause
// The end: for mistakes of our own, and of whoever made the image. Nothing a PD or guest does
// leads here.
#pragma once

#include <cstdint>
#include <source_location>
#include <string_view>

namespace kernel {

/// Prints what is wrong, where, and which thread ran; then stops the machine.
[[noreturn]] void panic(std::string_view what, std::uint64_t value = 0,
                        std::source_location place = std::source_location::current());

} // namespace kernel
