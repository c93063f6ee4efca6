// SPDX-License-Identifier: BSD-2-Clause
// Exceptions given to a guest.
#include "vmm/guest_exception.hpp"

#include "arch/el1.hpp"
#include "arch/spsr.hpp"

namespace vmm {
namespace {

using arch::DataAbortIss;
using arch::Ec;
using arch::Esr;
using arch::Mode;
using arch::Spsr;
using microkit::Registers;
using microkit::SystemRegister;

arch::SyncVector vector_for(Mode mode)
{
    switch (mode) {
    case Mode::el0t:
        return arch::SyncVector::lower_aarch64;
    case Mode::el1t:
        return arch::SyncVector::current_sp_el0;
    case Mode::el1h:
        return arch::SyncVector::current_sp_elx;
    default:
        return arch::SyncVector::lower_aarch32;
    }
}

Esr syndrome_for(const GuestException& exception, bool from_el1)
{
    using Kind     = GuestException::Kind;
    const auto esr = Esr{}.with<Esr::il>(true);
    switch (exception.kind) {
    case Kind::fetch_abort:
        return esr.with<Esr::ec>(from_el1 ? Ec::instruction_same : Ec::instruction_lower)
            .with<Esr::iss>(exception.status);
    case Kind::data_abort: {
        const auto iss = DataAbortIss{}
                             .with<DataAbortIss::dfsc>(exception.status)
                             .with<DataAbortIss::wnr>(exception.write)
                             .with<DataAbortIss::fnv>(!exception.address);
        return esr.with<Esr::ec>(from_el1 ? Ec::data_same : Ec::data_lower)
            .with<Esr::iss>(static_cast<std::uint32_t>(iss.raw()));
    }
    case Kind::undefined:
        break;
    }
    return esr.with<Esr::ec>(Ec::unknown);
}

/// PSTATE at the vector (DDI 0487, AArch64.TakeException): what has no rule stays.
Spsr state_at_vector(Spsr before, arch::SctlrEl1 sctlr)
{
    const auto dit = before.get<Spsr::mode>() != Mode::user32 && before.get<Spsr::dit>();
    return Spsr{}
        .with<Spsr::mode>(Mode::el1h)
        .with<Spsr::d>(true)
        .with<Spsr::a>(true)
        .with<Spsr::i>(true)
        .with<Spsr::f>(true)
        .with<Spsr::nzcv>(before.get<Spsr::nzcv>())
        .with<Spsr::dit>(dit)
        .with<Spsr::pan>(before.get<Spsr::pan>() || !sctlr.get<arch::SctlrEl1::span>())
        .with<Spsr::ssbs>(sctlr.get<arch::SctlrEl1::dssbs>());
}

} // namespace

void take_exception(microkit::Vcpu vcpu, const GuestException& exception)
{
    constexpr std::uint64_t k_vectors_mask = ~std::uint64_t{0x7ff};

    Registers registers;
    vcpu.read(registers, Registers::k_prefix_spsr);
    const auto spsr     = Spsr{registers.spsr()};
    const auto mode     = spsr.get<Spsr::mode>();
    const bool from_el1 = mode == Mode::el1t || mode == Mode::el1h;

    vcpu.write(SystemRegister::elr_el1, registers.pc());
    vcpu.write(SystemRegister::spsr_el1, spsr.raw());
    vcpu.write(SystemRegister::esr_el1, syndrome_for(exception, from_el1).raw());
    if (exception.kind == GuestException::Kind::fetch_abort) {
        vcpu.write(SystemRegister::far_el1, registers.pc());
    } else if (exception.address) {
        vcpu.write(SystemRegister::far_el1, exception.address->raw());
    }

    registers.pc() = (vcpu.read(SystemRegister::vbar_el1) & k_vectors_mask) +
                     static_cast<std::uint64_t>(vector_for(mode));
    const auto sctlr = arch::SctlrEl1{vcpu.read(SystemRegister::sctlr_el1)};
    registers.spsr() = state_at_vector(spsr, sctlr).raw();
    vcpu.write(registers, Registers::k_prefix_spsr);
}

} // namespace vmm
