// SPDX-License-Identifier: BSD-2-Clause
// Decoding of exits.
#include "vmm/exit.hpp"

namespace vmm {

using arch::DataAbortIss;
using arch::Ec;
using arch::Esr;
using base::GuestPhysical;
using base::GuestVirtual;
using microkit::FaultLabel;

namespace {

/// Fault status codes 0b010000 (synchronous external abort) and 0b0101xx (the same on a walk).
bool is_external_abort(std::uint8_t dfsc)
{
    return dfsc == 0b010000 || (dfsc & 0b111100) == 0b010100;
}

Exit decode_sysreg(Esr syndrome)
{
    using Iss      = arch::SysregIss;
    const auto iss = Iss{syndrome.get<Esr::iss>()};
    const auto reg = arch::SysregId{.op0 = iss.get<Iss::op0>(),
                                    .op1 = iss.get<Iss::op1>(),
                                    .crn = iss.get<Iss::crn>(),
                                    .crm = iss.get<Iss::crm>(),
                                    .op2 = iss.get<Iss::op2>()};
    if (iss.get<Iss::read>()) {
        return SysregRead{.reg = reg, .target = iss.get<Iss::rt>()};
    }
    return SysregWrite{.reg = reg, .source = iss.get<Iss::rt>()};
}

} // namespace

Exit decode_abort(GuestPhysical address, GuestVirtual pc, Esr syndrome)
{
    if (syndrome.get<Esr::ec>() != Ec::data_lower) {
        return FetchAbort{.address = address, .pc = pc};
    }
    const auto iss   = DataAbortIss{syndrome.get<Esr::iss>()};
    const bool write = iss.get<DataAbortIss::wnr>();
    if (iss.get<DataAbortIss::s1ptw>() || is_external_abort(iss.get<DataAbortIss::dfsc>())) {
        return BrokenAccess{.address = address, .pc = pc, .write = write};
    }
    if (iss.get<DataAbortIss::cm>()) {
        return CacheMaintenance{.address = address, .pc = pc};
    }
    if (!iss.get<DataAbortIss::isv>()) [[unlikely]] {
        return UndescribedAccess{.address = address, .pc = pc, .write = write};
    }
    const auto size = static_cast<AccessSize>(iss.get<DataAbortIss::sas>());
    const auto reg  = iss.get<DataAbortIss::srt>();
    if (write) {
        return MmioWrite{.address = address, .pc = pc, .size = size, .source = reg};
    }
    return MmioRead{.address = address,
                    .pc      = pc,
                    .target  = {.reg         = reg,
                                .size        = size,
                                .sign_extend = iss.get<DataAbortIss::sse>(),
                                .wide        = iss.get<DataAbortIss::sf>()}};
}

Exit decode_trap(Esr syndrome)
{
    switch (syndrome.get<Esr::ec>()) {
    case Ec::wf:
        // TI: 0 WFI, 1 WFE; 2 and 3 are their forms with a timeout, which end by themselves.
        if (arch::WfIss{syndrome.get<Esr::iss>()}.get<arch::WfIss::ti>() == 0) {
            return WaitForInterrupt{};
        }
        return WaitForEvent{};
    case Ec::smc64:
        return SecureCall{};
    case Ec::sysreg:
        return decode_sysreg(syndrome);
    default:
        return UnknownExit{.label = FaultLabel::vcpu, .syndrome = syndrome};
    }
}

Exit decode_exit(microkit::MessageInfo message)
{
    const auto label = microkit::fault_label(message);
    switch (label) {
    case FaultLabel::memory: {
        using Fault = microkit::VmFault;
        return decode_abort(Fault::guest_physical(), GuestVirtual{Fault::ip()}, Fault::syndrome());
    }
    case FaultLabel::unknown_syscall:
        return Hypercall{};
    case FaultLabel::capability:
        return HypercallWithoutWords{};
    case FaultLabel::vcpu:
        return decode_trap(microkit::VcpuFault::syndrome());
    case FaultLabel::gic_maintenance:
        return EndOfInterrupt{.list_register = microkit::GicMaintenance::list_register()};
    case FaultLabel::ppi:
        return PrivateInterrupt{.intid = microkit::PpiEvent::intid()};
    case FaultLabel::user_exception:
        return UndefinedInstruction{.pc = GuestVirtual{microkit::UserException::ip()}};
    default:
        return UnknownExit{.label = label, .syndrome = {}};
    }
}

arch::Esr exit_syndrome(microkit::MessageInfo message)
{
    switch (microkit::fault_label(message)) {
    case FaultLabel::memory:
        return microkit::VmFault::syndrome();
    case FaultLabel::vcpu:
        return microkit::VcpuFault::syndrome();
    case FaultLabel::user_exception:
        return microkit::UserException::syndrome();
    default:
        return {};
    }
}

} // namespace vmm
