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
using microkit::Registers;
using microkit::SystemRegister;

constexpr std::uint8_t k_external_abort  = 0b010000;
constexpr std::uint8_t k_alignment_fault = 0b100001;

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

bool is_write(GuestException exception)
{
    return exception == GuestException::write_abort || exception == GuestException::unaligned_write;
}

Esr syndrome_for(GuestException exception, bool from_el1, bool address_known)
{
    const auto esr = Esr{}.with<Esr::il>(true);
    if (exception == GuestException::undefined) {
        return esr.with<Esr::ec>(Ec::unknown);
    }
    if (exception == GuestException::fetch_abort) {
        return esr.with<Esr::ec>(from_el1 ? Ec::instruction_same : Ec::instruction_lower)
            .with<Esr::iss>(k_external_abort);
    }
    const bool unaligned =
        exception == GuestException::unaligned_read || exception == GuestException::unaligned_write;
    const auto iss = DataAbortIss{}
                         .with<DataAbortIss::dfsc>(unaligned ? k_alignment_fault : k_external_abort)
                         .with<DataAbortIss::wnr>(is_write(exception))
                         .with<DataAbortIss::fnv>(!address_known && !unaligned);
    return esr.with<Esr::ec>(from_el1 ? Ec::data_same : Ec::data_lower)
        .with<Esr::iss>(static_cast<std::uint32_t>(iss.raw()));
}

} // namespace

void take_exception(microkit::Vcpu vcpu, GuestException exception,
                    std::optional<base::GuestVirtual> address)
{
    Registers registers;
    vcpu.read(registers, Registers::k_prefix_spsr);
    const auto spsr     = arch::Spsr{registers.spsr()};
    const auto mode     = spsr.get<arch::Spsr::mode>();
    const bool from_el1 = mode == Mode::el1t || mode == Mode::el1h;
    if (exception == GuestException::fetch_abort) {
        address = base::GuestVirtual{registers.pc()};
    }

    vcpu.write(SystemRegister::elr_el1, registers.pc());
    vcpu.write(SystemRegister::spsr_el1, spsr.raw());
    vcpu.write(SystemRegister::esr_el1,
               syndrome_for(exception, from_el1, address.has_value()).raw());
    if (address) {
        vcpu.write(SystemRegister::far_el1, address->raw());
    }

    registers.pc() =
        vcpu.read(SystemRegister::vbar_el1) + static_cast<std::uint64_t>(vector_for(mode));
    registers.spsr() = arch::Spsr{}
                           .with<arch::Spsr::mode>(Mode::el1h)
                           .with<arch::Spsr::d>(true)
                           .with<arch::Spsr::a>(true)
                           .with<arch::Spsr::i>(true)
                           .with<arch::Spsr::f>(true)
                           .raw();
    vcpu.write(registers, Registers::k_prefix_spsr);
}

} // namespace vmm
