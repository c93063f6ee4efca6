// SPDX-License-Identifier: BSD-2-Clause
// One line for each check: "PASS clause: text", "FAIL clause: text (got 1, want 2)" or
// "SKIP clause: text (why)". Clause and text together name a check and are the same on every
// machine.
#pragma once

#include "base/print.hpp"

#include <cstdint>
#include <string_view>

namespace conformance {

/// Text in two pieces, for checks that are made of several things: check("…", {"it ends, ", what}).
struct Text {
    constexpr Text(const char* whole) // NOLINT(google-explicit-constructor): text is text
        : first{whole}
    {
    }
    constexpr Text(std::string_view one, std::string_view two)
        : first{one}
        , second{two}
    {
    }
    std::string_view first;
    std::string_view second{};
};

void check(bool holds, const char* clause, Text text);
/// Prints both numbers if they differ.
void check_equal(std::uint64_t got, std::uint64_t want, const char* clause, Text text);
void skip(const char* clause, Text text, std::string_view why);

/// "conformance: 3 checks: 1 passed, 1 failed, 1 skipped"
void print_summary();

} // namespace conformance
