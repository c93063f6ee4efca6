// SPDX-License-Identifier: BSD-2-Clause
// How a fallible function says so: a value or one Error, and TRY to pass the error on.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>
#include <utility>

namespace base {

/// A configuration error: something that whoever built or started the system must change.
/// A guest's mistake is never an Error (it has a reaction that a specification defines), and a
/// mistake of ours is a panic.
struct Error {
    std::string_view what;      ///< what is wrong, as a clause: "the kernel does not fit into RAM"
    std::string_view hint;      ///< what to do about it, as a clause; may be empty
    std::uint64_t    value = 0; ///< the offending number (an address, a size, an index), if any
};

template <class T = void, class E = Error>
using Result = std::expected<T, E>;

/// Shorthand: `return base::fail("what", "hint", value);`
[[nodiscard]] constexpr std::unexpected<Error>
fail(std::string_view what, std::string_view hint = {}, std::uint64_t value = 0)
{
    return std::unexpected(Error{what, hint, value});
}

} // namespace base

/// Evaluates a Result; yields its value, or returns its error from the enclosing function.
/// Write it as a whole initialiser or argument, not beside expressions that own memory:
/// `T{std::string{…}, TRY(f())}` would leak the string when f fails.
/// Not among the members of a braced initialiser that own memory: GCC leaks those already made
/// when a statement expression returns.
#define TRY(expression)                                                                            \
    __extension__({                                                                                \
        auto try_result_ = (expression);                                                           \
        if (!try_result_) {                                                                        \
            return std::unexpected(std::move(try_result_).error());                                \
        }                                                                                          \
        *std::move(try_result_);                                                                   \
    })
