// SPDX-License-Identifier: BSD-2-Clause
// Output to the kernel's console (configuration debug only), and giving up.
#pragma once

#include "base/print.hpp"
#include "microkit/seam.h"

#include <string_view>

namespace microkit {

/// The name of this PD in the system description, at most 64 characters.
[[nodiscard]] inline std::string_view name()
{
    constexpr std::size_t k_longest = 64;
    const char*           text      = seam_name();
    std::size_t           length    = 0;
    while (length < k_longest && text[length] != '\0') {
        ++length;
    }
    return {text, length};
}

/// A character to the debug console; nothing in the configurations release and benchmark.
inline void debug_sink(char c) { seam_debug_put_char(c); }

/// debug_print("count ", n, '\n'): pieces as base::print takes them.
template <class... Pieces>
void debug_print(const Pieces&... pieces)
{
    base::print(debug_sink, pieces...);
}

/// A mistake of ours: says so and stops this PD for good; its parent or the monitor reports it.
template <class... Pieces>
[[noreturn]] void panic(const Pieces&... pieces)
{
    debug_print(name(), ": ", pieces..., '\n');
    seam_crash(0);
}

} // namespace microkit
