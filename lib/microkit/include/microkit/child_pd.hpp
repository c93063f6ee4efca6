// SPDX-License-Identifier: BSD-2-Clause
// A protection domain that is a child of this one.
#pragma once

#include "microkit/seam.h"

#include <cstdint>

namespace microkit {

/// Where the programs of a Microkit system begin (the SDK's linker script).
inline constexpr std::uint64_t k_program_entry = 0x20'0000;

/// A child PD by the id of the system description; a wrong one crashes the caller.
class ChildPd {
public:
    constexpr explicit ChildPd(unsigned id)
        : id_{id}
    {
    }

    [[nodiscard]] constexpr unsigned id() const { return id_; }

    /// Suspends the child. A fault that waits for an answer is cancelled.
    void stop() const { seam_pd_stop(id_); }

    /// Continues a stopped child where it was. (Also with SDKs before 2.3.)
    void resume() const { seam_pd_resume(id_); }

    /// Starts the child at `entry`: only pc changes, memory and other registers stay.
    void restart(std::uint64_t entry = k_program_entry) const { seam_pd_restart(id_, entry); }

private:
    unsigned id_;
};

} // namespace microkit
