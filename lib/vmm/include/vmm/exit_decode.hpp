// SPDX-License-Identifier: BSD-2-Clause
// The decoders of vmm/exit.hpp, which includes this file.
#pragma once

#include "vmm/exit.hpp"

namespace vmm {
namespace exit_decode {

/// Fault status codes 0b010000 (synchronous external abort) and 0b0101xx (the same on a walk).
[[nodiscard]] constexpr bool is_external_abort(std::uint8_t dfsc)
{
    return dfsc == 0b010000 || (dfsc & 0b111100) == 0b010100;
}

/// An abort that is not simply a load or store of one general register. Has a handler of its own,
/// so that what the usual ones capture can stay in registers.
template <class Handler>
[[gnu::noinline]] auto unusual_abort(base::GuestPhysical address, base::GuestVirtual pc,
                                     arch::Esr syndrome, Handler handler)
{
    using arch::DataAbortIss;

    if (syndrome.get<arch::Esr::ec>() != arch::Ec::data_lower) {
        return handler(FetchAbort{.address = address, .pc = pc, .syndrome = syndrome});
    }
    const auto iss   = DataAbortIss{syndrome.get<arch::Esr::iss>()};
    const bool write = iss.get<DataAbortIss::wnr>();
    if (iss.get<DataAbortIss::s1ptw>() || is_external_abort(iss.get<DataAbortIss::dfsc>())) {
        return handler(
            BrokenAccess{.address = address, .pc = pc, .syndrome = syndrome, .write = write});
    }
    if (iss.get<DataAbortIss::cm>()) {
        return handler(CacheMaintenance{.address = address, .pc = pc, .syndrome = syndrome});
    }
    return handler(
        UndescribedAccess{.address = address, .pc = pc, .syndrome = syndrome, .write = write});
}

template <class Handler>
auto sysreg(arch::Esr syndrome, Handler&& handler)
{
    using Iss      = arch::SysregIss;
    const auto iss = Iss{syndrome.get<arch::Esr::iss>()};
    const auto reg = arch::SysregId{.op0 = iss.get<Iss::op0>(),
                                    .op1 = iss.get<Iss::op1>(),
                                    .crn = iss.get<Iss::crn>(),
                                    .crm = iss.get<Iss::crm>(),
                                    .op2 = iss.get<Iss::op2>()};
    if (iss.get<Iss::read>()) {
        return handler(SysregRead{.reg = reg, .target = iss.get<Iss::rt>(), .syndrome = syndrome});
    }
    return handler(SysregWrite{.reg = reg, .source = iss.get<Iss::rt>(), .syndrome = syndrome});
}

} // namespace exit_decode

template <class Handler>
auto decode_abort(base::GuestPhysical address, base::GuestVirtual pc, arch::Esr syndrome,
                  Handler&& handler)
{
    using arch::DataAbortIss;

    const auto iss = DataAbortIss{syndrome.get<arch::Esr::iss>()};
    // ISV, CM, S1PTW and the kinds of external abort tell the plain accesses from all others.
    const bool described = syndrome.get<arch::Esr::ec>() == arch::Ec::data_lower &&
                           iss.get<DataAbortIss::isv>() && !iss.get<DataAbortIss::cm>() &&
                           !iss.get<DataAbortIss::s1ptw>() &&
                           !exit_decode::is_external_abort(iss.get<DataAbortIss::dfsc>());
    if (!described) [[unlikely]] {
        return exit_decode::unusual_abort(address, pc, syndrome, handler);
    }
    const auto size = static_cast<AccessSize>(iss.get<DataAbortIss::sas>());
    const auto reg  = iss.get<DataAbortIss::srt>();
    if (iss.get<DataAbortIss::wnr>()) {
        return handler(MmioWrite{
            .address = address, .pc = pc, .syndrome = syndrome, .size = size, .source = reg});
    }
    return handler(MmioRead{.address  = address,
                            .pc       = pc,
                            .syndrome = syndrome,
                            .target   = {.reg         = reg,
                                         .size        = size,
                                         .sign_extend = iss.get<DataAbortIss::sse>(),
                                         .wide        = iss.get<DataAbortIss::sf>()}});
}

template <class Handler>
auto decode_trap(arch::Esr syndrome, Handler&& handler)
{
    switch (syndrome.get<arch::Esr::ec>()) {
    case arch::Ec::wf:
        // TI: 0 WFI, 1 WFE; 2 and 3 are their forms with a timeout, which end by themselves.
        if (arch::WfIss{syndrome.get<arch::Esr::iss>()}.get<arch::WfIss::ti>() == 0) {
            return handler(WaitForInterrupt{});
        }
        return handler(WaitForEvent{});
    case arch::Ec::smc64:
        return handler(SecureCall{});
    case arch::Ec::sysreg:
        return exit_decode::sysreg(syndrome, handler);
    default:
        return handler(UnknownExit{microkit::FaultLabel::vcpu, syndrome});
    }
}

template <class Handler>
auto decode_exit(microkit::MessageInfo message, Handler&& handler)
{
    using microkit::FaultLabel;

    const auto label = microkit::fault_label(message);
    switch (label) {
    case FaultLabel::memory: {
        using Fault = microkit::VmFault;
        return decode_abort(Fault::guest_physical(), base::GuestVirtual{Fault::ip()},
                            Fault::syndrome(), handler);
    }
    case FaultLabel::unknown_syscall:
        return handler(Hypercall{});
    case FaultLabel::capability:
        return handler(HypercallWithoutWords{});
    case FaultLabel::vcpu:
        return decode_trap(microkit::VcpuFault::syndrome(), handler);
    case FaultLabel::gic_maintenance:
        return handler(EndOfInterrupt{microkit::GicMaintenance::list_register()});
    case FaultLabel::ppi:
        return handler(PrivateInterrupt{microkit::PpiEvent::intid()});
    case FaultLabel::user_exception:
        return handler(UndefinedInstruction{base::GuestVirtual{microkit::UserException::ip()}});
    default:
        return handler(UnknownExit{label, {}});
    }
}

} // namespace vmm
