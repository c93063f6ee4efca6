// SPDX-License-Identifier: BSD-2-Clause
// The user-visible registers of a thread, kept in the order in which TCB calls show them, so that
// those calls copy a prefix and nothing else.
#pragma once

#include "arch/spsr.hpp"
#include "kernel/context_layout.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace kernel {

/// Index of each word, as in seL4_UserContext.
enum class Word : std::uint8_t {
    pc          = 0, ///< resume address; while a fault is pending: the faulting instruction
    sp          = 1, ///< SP_EL0; of the current thread it is in the hardware instead
    spsr        = 2,
    x0          = 3,
    x1          = 4,
    x2          = 5,
    x7          = 10,
    x8          = 11,
    x16         = 12,
    x29         = 15,
    x30         = 16,
    x9          = 17,
    x19         = 24,
    tpidr_el0   = 34, ///< in the hardware for the current thread, like tpidrro_el0
    tpidrro_el0 = 35,
};
inline constexpr std::size_t k_context_words = CONTEXT_WORDS;

struct alignas(16) Context {
    std::array<std::uint64_t, k_context_words> words{};

    constexpr std::uint64_t& operator[](Word word) { return words[static_cast<std::size_t>(word)]; }
    constexpr std::uint64_t  operator[](Word word) const
    {
        return words[static_cast<std::size_t>(word)];
    }
    /// x0 to x30 by number.
    [[nodiscard]] constexpr std::uint64_t x(unsigned number) const
    {
        constexpr std::array<std::uint8_t, 31> index{3,  4,  5,  6,  7,  8,  9,  10, 11, 17, 18,
                                                     19, 20, 21, 22, 23, 12, 13, 14, 24, 25, 26,
                                                     27, 28, 29, 30, 31, 32, 33, 15, 16};
        return words[index[number]];
    }
};
static_assert(8 * static_cast<int>(Word::x9) == CONTEXT_X30_X9 + 8);
static_assert(8 * static_cast<int>(Word::x16) == CONTEXT_X16);
static_assert(8 * static_cast<int>(Word::x19) == CONTEXT_X19);
static_assert(8 * static_cast<int>(Word::tpidr_el0) == CONTEXT_TPIDR);

/// What becomes of an SPSR that a supervisor writes. A thread with a vCPU may
/// be put into EL0t, EL1t or EL1h with all its other bits; of everything else, and for every PD,
/// only the condition flags are taken.
[[nodiscard]] constexpr std::uint64_t filter_spsr(std::uint64_t value, bool has_vcpu,
                                                  arch::Spsr user_default)
{
    const arch::Spsr spsr{value};
    if (has_vcpu) {
        switch (spsr.get<arch::Spsr::mode>()) {
        case arch::Mode::el0t:
        case arch::Mode::el1t:
        case arch::Mode::el1h:
            return value;
        default:
            break;
        }
    }
    return user_default.with<arch::Spsr::nzcv>(spsr.get<arch::Spsr::nzcv>()).raw();
}

} // namespace kernel
