// SPDX-License-Identifier: BSD-2-Clause
#include "calls.hpp"

#include "sections.hpp"

#include "guest/exception.hpp"
#include "guest/psci.hpp"

namespace conformance {
namespace {

constexpr std::uint64_t k_mark = 0xc0de'0000'5678'0000;

constinit std::uint64_t el0_syndrome = 0;

/// What an exception from EL0 does: back to EL1, behind the visit.
bool come_back(guest::Frame& frame, std::uint64_t kind)
{
    constexpr std::uint64_t k_synchronous_from_el0 = 8, k_el1h_masked = 0x3c5;
    if (kind != k_synchronous_from_el0) {
        return false;
    }
    el0_syndrome = frame.esr;
    frame.pc     = reinterpret_cast<std::uint64_t>(conformance_back);
    frame.pstate = k_el1h_masked;
    return true;
}

} // namespace

Words call_with_marks(guest::Conduit conduit, std::uint64_t function, std::uint64_t x1,
                      std::uint64_t x2, std::uint64_t x3)
{
    Words words{function, x1, x2, x3};
    for (unsigned i = 4; i < words.size(); ++i) {
        words[i] = k_mark + i;
    }
    conduit == guest::Conduit::hvc ? conformance_hvc(words.data()) : conformance_smc(words.data());
    return words;
}

bool keeps_marks(const Words& words, unsigned from)
{
    for (unsigned i = from; i < words.size(); ++i) {
        if (words[i] != k_mark + i) {
            return false;
        }
    }
    return true;
}

std::int64_t call(std::uint64_t function, std::uint64_t x1, std::uint64_t x2, std::uint64_t x3)
{
    return platform().conduit == guest::Conduit::hvc ? guest_hvc(function, x1, x2, x3)
                                                     : guest_smc(function, x1, x2, x3);
}

bool answers(guest::Conduit conduit)
{
    const auto syndrome = guest::survive(
        [](std::uint64_t which) {
            (void)call_with_marks(static_cast<guest::Conduit>(which), 0x8400'0000);
        },
        static_cast<std::uint64_t>(conduit));
    return syndrome == 0;
}

std::uint64_t at_el0(const void* code)
{
    guest::set_fault_handler(come_back);
    conformance_at_el0(code);
    guest::set_fault_handler(nullptr);
    return el0_syndrome;
}

} // namespace conformance
