// SPDX-License-Identifier: BSD-2-Clause
// What the generator says when it refuses: a line of the layout, what is wrong there, what to do.
#pragma once

#include "base/result.hpp"

#include <string>
#include <utility>

namespace sysgen {

struct Refusal {
    unsigned    line = 0; ///< counts from 1; 0: the file as a whole
    std::string what;     ///< a clause with the names and values that matter
    std::string hint;     ///< what to do about it
};

template <class T = void>
using Result = base::Result<T, Refusal>;

/// return refuse(line, "what is wrong", "what to do");
[[nodiscard]] inline std::unexpected<Refusal> refuse(unsigned line, std::string what,
                                                     std::string hint)
{
    return std::unexpected(Refusal{line, std::move(what), std::move(hint)});
}

} // namespace sysgen
