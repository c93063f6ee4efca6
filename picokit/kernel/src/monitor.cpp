// SPDX-License-Identifier: BSD-2-Clause
// The monitor's reports.
#include "kernel/monitor.hpp"

#include "base/print.hpp"
#include "kernel/console.hpp"
#include "kernel/decode.hpp"
#include "kernel/native.hpp"

#include <optional>
#include <string_view>

namespace kernel {
namespace {

using base::Hex;

constexpr unsigned k_word_digits = 16;

template <class... Pieces>
void say(const Pieces&... pieces)
{
    if constexpr (k_config.debug) {
        base::print(put_char, pieces..., '\n');
    }
}

template <class... Pieces>
void error(const Pieces&... pieces)
{
    say("MON|ERROR: ", pieces...);
}

void report_abort(const Thread& thread)
{
    const Fault&    fault = thread.fault;
    const AbortText text  = decode_abort(fault.second);
    error("VMFault: ", text.access, " of ", Hex{fault.first}, ": ", text.reason);
    if (thread.kind != Kind::pd) {
        return;
    }
    const auto&             pd           = static_cast<const Pd&>(thread);
    constexpr std::uint64_t k_near_stack = 0x1000;
    if (fault.first < pd.stack_bottom && pd.stack_bottom - fault.first <= k_near_stack) {
        error("this is just below the stack, which ends at ", Hex{pd.stack_bottom},
              ": stack overflow? (attribute stack_size)");
    }
}

void report_details(const Thread& thread)
{
    const Fault& fault = thread.fault;
    switch (fault.label) {
    case FaultLabel::vm_fault:
        report_abort(thread);
        break;
    case FaultLabel::capability:
        error("CapFault: there is no endpoint in slot ", Hex{fault.first});
        break;
    case FaultLabel::unknown_syscall:
        error("UnknownSyscall: number ", Hex{fault.first});
        break;
    case FaultLabel::user_exception:
        error("UserException: undefined instruction, or one that EL0 may not use");
        break;
    case FaultLabel::debug_exception:
        error("DebugException: ", debug_reason(fault.first));
        break;
    default:
        error("VCPUFault: ", exception_class(fault.first));
        break;
    }
}

/// ESR_EL2 at the exception, for faults whose message has it.
std::optional<std::uint64_t> esr_of(const Fault& fault)
{
    switch (fault.label) {
    case FaultLabel::vm_fault:
        return fault.second;
    case FaultLabel::user_exception:
    case FaultLabel::vcpu:
        return fault.first;
    default:
        return std::nullopt;
    }
}

void print_pair(std::string_view left, std::uint64_t a, std::string_view right, std::uint64_t b)
{
    base::print(put_char, "  ", left, " ", Hex{a, k_word_digits}, "  ", right, " ",
                Hex{b, k_word_digits}, '\n');
}

void print_x(unsigned number, std::uint64_t value)
{
    base::print(put_char, number < 10 ? "  x" : " x", number, "   ", Hex{value, k_word_digits});
}

} // namespace

void print_registers(const Context& context)
{
    print_pair("pc   ", context[Word::pc], "sp   ", context[Word::sp]);
    print_pair("spsr ", context[Word::spsr], "tpidr", context[Word::tpidr_el0]);
    for (unsigned number = 0; number <= 30; ++number) {
        print_x(number, context.x(number));
        base::print(put_char, number % 2 == 0 && number != 30 ? ' ' : '\n');
    }
}

void report_start() { say("MON|INFO: Microkit Monitor started! (picokit)"); }

void report_fault(const Thread& thread)
{
    error("faulting PD: ", thread.name());
    report_details(thread);
    constexpr std::string_view rest = "it is stopped, the others go on; registers:";
    if (const auto esr = esr_of(thread.fault)) {
        error("esr ", Hex{*esr}, "; ", rest);
    } else {
        error(rest);
    }
    if constexpr (k_config.debug) {
        print_registers(thread.context);
    }
}

void report_passive(const Pd& pd) { say("MON|INFO: PD '", pd.name(), "' is now passive!"); }

void report_serror(const Thread& thread, std::uint64_t esr)
{
    error("SError ", Hex{esr}, " (external abort), most likely of '", thread.name(), "'");
}

} // namespace kernel
