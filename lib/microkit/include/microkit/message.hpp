// SPDX-License-Identifier: BSD-2-Clause
// Messages: the info word that travels in a register and the words that travel in the IPC buffer.
#pragma once

#include "base/reg.hpp"
#include "microkit/seam.h"

#include <cstdint>

namespace microkit {

/// How many words a message can have.
inline constexpr unsigned k_message_words = 120;

/// seL4's message info word.
struct MessageInfo : base::Register<MessageInfo, std::uint64_t> {
    using Register::Register;
    using count_field = base::Field<6, 0, unsigned>;
    using label_field = base::Field<63, 12>;

    /// `label` below 2^52, `count` up to k_message_words.
    [[nodiscard]] static constexpr MessageInfo create(std::uint64_t label, unsigned count)
    {
        return MessageInfo{}.with<label_field>(label).with<count_field>(count);
    }

    [[nodiscard]] constexpr std::uint64_t label() const { return get<label_field>(); }
    [[nodiscard]] constexpr unsigned      count() const { return get<count_field>(); }
};

/// Word `index` (below k_message_words) of the message last received. Any call that reaches the
/// kernel may overwrite it: read what you need first.
[[nodiscard]] inline std::uint64_t message_word(unsigned index)
{
    return seam_ipc_buffer[1 + index];
}

/// The words themselves, for who moves many of them; there are k_message_words.
[[nodiscard]] inline std::uint64_t* message_words() { return seam_ipc_buffer + 1; }

/// Sets a word of the next message to send. Set words last: see message_word().
inline void set_message_word(unsigned index, std::uint64_t value)
{
    seam_ipc_buffer[1 + index] = value;
}

} // namespace microkit
