// SPDX-License-Identifier: BSD-2-Clause
// What a program cannot do without: the value of a Result, or an end with its reason.
#pragma once

#include "base/result.hpp"
#include "microkit/debug.hpp"

#include <utility>

namespace microkit {

/// For init(): gives the value. On an error it says what is wrong and what to do about it, and
/// stops this PD.
template <class T>
T require(base::Result<T> result)
{
    if (!result) {
        const base::Error& error = result.error();
        panic(error.what, " (", base::Hex{error.value}, ")", error.hint.empty() ? "" : "; ",
              error.hint);
    }
    if constexpr (!std::is_void_v<T>) {
        return *std::move(result);
    }
}

} // namespace microkit
