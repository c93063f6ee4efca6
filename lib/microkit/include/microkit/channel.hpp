// SPDX-License-Identifier: BSD-2-Clause
// A channel of this protection domain: another PD's end, or an interrupt.
#pragma once

#include "microkit/message.hpp"
#include "microkit/seam.h"

namespace microkit {

inline constexpr unsigned k_max_channels = 62;

/// An id of the system description's <end> or <irq>. One that the description does not grant does
/// nothing but a debug message.
class Channel {
public:
    constexpr Channel() = default;
    constexpr explicit Channel(unsigned id)
        : id_{id}
    {
    }

    [[nodiscard]] constexpr unsigned id() const { return id_; }
    constexpr bool                   operator==(const Channel&) const = default;

    /// Signals the other end; never blocks.
    void notify() const { seam_notify(id_); }

    /// Allows the next delivery of this interrupt.
    void acknowledge() const { seam_irq_ack(id_); }

    /// As notify() and acknowledge(), but together with the end of the entry point: it saves a
    /// system call. One can wait at a time; a further one in the same entry point is done at once.
    void notify_at_end() const { seam_deferred_notify(id_); }
    void acknowledge_at_end() const { seam_deferred_irq_ack(id_); }

    /// Calls the other end's protected procedure with the message words 0..count-1 and waits; the
    /// reply's words are then in their place.
    [[nodiscard]] MessageInfo call(MessageInfo message) const
    {
        return MessageInfo{seam_call(id_, message.raw())};
    }

private:
    unsigned id_ = ~0U;
};

} // namespace microkit
