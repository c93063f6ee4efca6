// SPDX-License-Identifier: BSD-2-Clause
// Capabilities: what a PD's slot numbers mean. The tables are the tool's, and read-only.
#pragma once

#include "kernel/thread.hpp"
#include "picokit/abi.h"
#include "picokit/system_table.hpp"

namespace kernel {

/// Error numbers of system calls (seL4_Error).
enum class Error : std::uint64_t {
    none               = 0,
    invalid_argument   = 1,
    invalid_capability = 2,
    illegal_operation  = 3,
    range              = 4,
    truncated_message  = 7,
    delete_first       = 8,
};

/// The entry that `cap` names in the PD's table, or one of type `none`. Slots of <cspace> are
/// addressed as slot << 58.
[[nodiscard]] inline picokit::CapEntry find_capability(const Pd& pd, std::uint64_t cap)
{
    constexpr unsigned k_user_shift = 58;
    if (cap < PICOKIT_CAP_SLOTS) {
        return pd.caps[cap];
    }
    const std::uint64_t slot = cap >> k_user_shift;
    if (pd.user_caps != nullptr && slot != 0 && slot << k_user_shift == cap) {
        return pd.user_caps[slot];
    }
    return {};
}

/// The object index of a capability of the wanted type, or -1.
[[nodiscard]] inline int find_object(const Pd& pd, std::uint64_t cap, picokit::CapType type)
{
    const picokit::CapEntry entry = find_capability(pd, cap);
    return entry.type == type ? entry.object : -1;
}

} // namespace kernel
