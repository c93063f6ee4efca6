// SPDX-License-Identifier: BSD-2-Clause
// What a GIC with one security state does, in the plainest way: no list registers, no book-keeping.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace vmm_test {

/// State of one interrupt; private ones exist once a CPU.
struct ModelInterrupt {
    bool         enabled  = false;
    bool         group1   = false;
    bool         edge     = false;
    bool         line     = false;
    bool         latch    = false;
    bool         active   = false;
    std::uint8_t priority = 0;
    std::uint8_t senders  = 0; ///< GICv2 SGIs: one bit each; latch is whether there are any
    std::uint8_t targets  = 0; ///< SPIs: one bit a CPU

    bool pending() const { return latch || (line && !edge); }
};

struct ModelGic {
    static constexpr unsigned k_cpus  = 4;
    static constexpr unsigned k_spis  = 64;
    static constexpr unsigned k_total = 32 + k_spis;

    std::array<std::array<ModelInterrupt, 32>, k_cpus> own{};
    std::array<ModelInterrupt, k_spis>                 shared{};
    std::array<bool, 2>                                group_enabled{};
    std::array<bool, k_cpus>                           online{true, true, true, true};

    ModelInterrupt& at(unsigned cpu, std::uint32_t intid)
    {
        return intid < 32 ? own[cpu][intid] : shared[intid - 32];
    }

    /// Whether a CPU may be given this interrupt, its own running priority aside.
    bool deliverable(unsigned cpu, std::uint32_t intid)
    {
        const auto& it = at(cpu, intid);
        return online[cpu] && it.enabled && it.pending() && !it.active &&
               group_enabled[it.group1 ? 1 : 0] && (intid < 32 || (it.targets >> cpu & 1) != 0);
    }

    /// The best priority deliverable to this CPU and to no other; 0xff if none.
    std::uint8_t best(unsigned cpu)
    {
        std::uint8_t result = 0xff;
        for (std::uint32_t intid = 0; intid < k_total; ++intid) {
            if (deliverable(cpu, intid) &&
                (intid < 32 || shared[intid - 32].targets == 1U << cpu)) {
                result = std::min(result, at(cpu, intid).priority);
            }
        }
        return result;
    }
};

} // namespace vmm_test
