// SPDX-License-Identifier: BSD-2-Clause
// What a machine remembers to see whether its guest is well: of this life only.
#pragma once

#include "vmm/early_log.hpp"
#include "vmm/kernel_notes.hpp"
#include "vmm/types.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace vmm {

struct Watch {
    static constexpr std::uint64_t k_never = ~std::uint64_t{0};

    std::uint64_t                          look_at = k_never; ///< counter value of the next look
    std::array<bool, k_max_vcpus>          quiet{};           ///< no exit since the last on_watch()
    std::array<std::uint64_t, k_max_vcpus> silent_since{};    ///< counter values of on_watch()
    std::uint64_t                          exits_before = 0;  ///< of former lives
    KernelNotesSearch                      search{};
    std::optional<base::GuestPhysical>     notes{};              ///< where the kernel has its own
    std::uint64_t                          seen_message = 0;     ///< the newest of its log, then
    bool                                   reported     = false; ///< its end
    EarlyLog                               early{};              ///< while there are no notes
    std::uint64_t first_look_in = k_never; ///< ticks to wait for its timer; k_never: it has one
};

} // namespace vmm
