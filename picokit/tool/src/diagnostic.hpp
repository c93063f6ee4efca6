// SPDX-License-Identifier: BSD-2-Clause
// What the tool says when it refuses: a place, what is wrong there, and what to do about it.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tool {

/// A place in a text file. Line and column count from 1; line 0 means the file as a whole, an empty
/// file name the command line.
struct Location {
    std::string file;
    unsigned    line   = 0;
    unsigned    column = 0;

    bool operator==(const Location&) const = default;
};

/// "file:line:column", "file" or "" as far as known.
[[nodiscard]] std::string to_string(const Location& where);

struct Diagnostic {
    Location    where;
    std::string what; ///< a clause with the names and values that matter
    std::string hint; ///< what to do; never empty for an error
};

template <class T = void>
using Result = std::expected<T, Diagnostic>;

/// return refuse(where, "what is wrong", "what to do");
[[nodiscard]] inline std::unexpected<Diagnostic> refuse(Location where, std::string what,
                                                        std::string hint)
{
    return std::unexpected(Diagnostic{std::move(where), std::move(what), std::move(hint)});
}

/// "file:line:column: error: what" and, on a line of its own, "    hint: what to do".
[[nodiscard]] std::string format_error(const Diagnostic& diagnostic);
/// The same as a warning; the hint may be empty.
[[nodiscard]] std::string format_warning(const Diagnostic& diagnostic);

} // namespace tool
