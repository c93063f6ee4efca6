// SPDX-License-Identifier: BSD-2-Clause
// The word that describes a message (seL4_MessageInfo_t).
#pragma once

#include "base/reg.hpp"
#include "picokit/abi.h"

#include <cstdint>

namespace kernel {

struct MessageInfo : base::Register<MessageInfo, std::uint64_t> {
    using Register::Register;
    using length = base::Field<6, 0, std::uint64_t>;
    using caps   = base::Field<11, 7, std::uint64_t>;
    using label  = base::Field<63, 12, std::uint64_t>;

    /// A fault or reply of the kernel's own.
    [[nodiscard]] static constexpr std::uint64_t of(std::uint64_t label_value, std::uint64_t words)
    {
        return label_value << label::lsb | words;
    }
    /// Words that the message really has: the field could promise more than the buffer holds.
    [[nodiscard]] constexpr std::uint64_t words() const
    {
        const auto value = get<length>();
        return value > PICOKIT_IPC_WORDS ? PICOKIT_IPC_WORDS : value;
    }
    /// What the receiver gets to see: capabilities do not travel.
    [[nodiscard]] constexpr std::uint64_t delivered() const
    {
        return (raw() & label::mask) | words();
    }
};

/// Copies message words from one IPC buffer to another, or registers to or from one; two at a
/// time, which the compiler makes load and store pairs of.
[[gnu::always_inline]] inline void copy_words(std::uint64_t* to, const std::uint64_t* from,
                                              std::uint64_t count)
{
    const auto pair = [&](unsigned at) {
        const std::uint64_t first  = from[at];
        const std::uint64_t second = from[at + 1];
        to[at]                     = first;
        to[at + 1]                 = second;
    };
    for (; count >= 8; count -= 8) {
        pair(0);
        pair(2);
        pair(4);
        pair(6);
        to += 8;
        from += 8;
    }
    if ((count & 4) != 0) {
        pair(0);
        pair(2);
        to += 4;
        from += 4;
    }
    if ((count & 2) != 0) {
        pair(0);
        to += 2;
        from += 2;
    }
    if ((count & 1) != 0) {
        *to = *from;
    }
}

} // namespace kernel
