// SPDX-License-Identifier: BSD-2-Clause
// Exceptions in words.
#include "kernel/decode.hpp"

#include "arch/esr.hpp"
#include "kernel/fault.hpp"

namespace kernel {
namespace {

using arch::Ec;

std::string_view abort_reason(std::uint8_t status)
{
    switch (status >> 2) {
    case 0b0000:
        return "the address is too large";
    case 0b0001:
        return "nothing is mapped there";
    case 0b0010:
        return "access flag";
    case 0b0011:
        return "the mapping does not permit this";
    default:
        break;
    }
    switch (status) {
    case 0b010000:
        return "external abort: no device answers there";
    case 0b100001:
        return "unaligned access to device memory";
    case 0b110000:
        return "TLB conflict";
    case 0b110101:
        return "exclusive or atomic access to device memory";
    default:
        return "see ESR_EL2";
    }
}

} // namespace

AbortText decode_abort(std::uint64_t esr)
{
    const arch::DataAbortIss iss{esr};
    const bool               fetch  = arch::Esr{esr}.get<arch::Esr::ec>() == Ec::instruction_lower;
    const auto               access = fetch                                ? "instruction fetch"
                                      : iss.get<arch::DataAbortIss::wnr>() ? "write"
                                                                           : "read";
    return {access, abort_reason(iss.get<arch::DataAbortIss::dfsc>())};
}

std::string_view exception_class(std::uint64_t esr)
{
    switch (arch::Esr{esr}.get<arch::Esr::ec>()) {
    case Ec::wf:
        return "WFI or WFE";
    case Ec::fp:
        return "FP or SIMD instruction, but fpu=\"false\"";
    case Ec::illegal_state:
        return "illegal execution state";
    case Ec::sysreg:
        return "system register that EL0 may not use";
    case Ec::pc_alignment:
        return "unaligned pc";
    case Ec::sp_alignment:
        return "unaligned stack pointer";
    case Ec::serror:
        return "SError (external abort)";
    case Ec::breakpoint_lower:
        return "hardware breakpoint";
    case Ec::step_lower:
        return "software step";
    case Ec::watchpoint_lower:
        return "watchpoint";
    case Ec::brk64:
        return "BRK instruction (a trap of the compiler, or an assertion)";
    default:
        return "see the exception class in ESR_EL2";
    }
}

std::string_view debug_reason(std::uint64_t reason)
{
    switch (reason) {
    case k_debug_watchpoint:
        return "watchpoint";
    case k_debug_breakpoint:
        return "hardware breakpoint";
    case k_debug_step:
        return "software step";
    default:
        return "BRK instruction (a trap of the compiler, or an assertion)";
    }
}

} // namespace kernel
