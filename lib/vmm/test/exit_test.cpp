// SPDX-License-Identifier: BSD-2-Clause
// Exits decoded from fault messages.
#include "vmm/exit.hpp"

#include "kit/fake_microkit.hpp"

#include <gtest/gtest.h>

namespace {

using arch::DataAbortIss;
using arch::Ec;
using arch::Esr;
using base::GuestPhysical;
using base::GuestVirtual;
using microkit::FaultLabel;

vmm::Exit decode_abort(GuestPhysical address, GuestVirtual pc, Esr syndrome)
{
    return vmm::decode_abort(address, pc, syndrome, vmm::AsVariant{});
}
vmm::Exit decode_trap(Esr syndrome) { return vmm::decode_trap(syndrome, vmm::AsVariant{}); }
vmm::Exit decode_exit(microkit::MessageInfo message)
{
    return vmm::decode_exit(message, vmm::AsVariant{});
}

constexpr GuestPhysical k_address{0x0900'0018};
constexpr GuestVirtual  k_pc{0xffff'8000'0801'0000};

Esr data_abort(DataAbortIss iss)
{
    return Esr{}
        .with<Esr::ec>(Ec::data_lower)
        .with<Esr::il>(true)
        .with<Esr::iss>(static_cast<std::uint32_t>(iss.raw()));
}

DataAbortIss translation_fault()
{
    return DataAbortIss{}.with<DataAbortIss::dfsc>(0x07).with<DataAbortIss::isv>(true);
}

template <class T>
T decoded(const vmm::Exit& exit)
{
    const T* alternative = std::get_if<T>(&exit);
    EXPECT_NE(alternative, nullptr) << "alternative " << exit.index();
    return alternative != nullptr ? *alternative : T{};
}

TEST(Exit, LoadsOfEverySizeAndSign)
{
    for (std::uint8_t size = 0; size < 4; ++size) {
        for (const bool sign : {false, true}) {
            const auto read = decoded<vmm::MmioRead>(
                decode_abort(k_address, k_pc,
                             data_abort(translation_fault()
                                            .with<DataAbortIss::sas>(size)
                                            .with<DataAbortIss::srt>(17)
                                            .with<DataAbortIss::sse>(sign)
                                            .with<DataAbortIss::sf>(size == 3))));
            EXPECT_EQ(read.address, k_address);
            EXPECT_EQ(read.pc, k_pc);
            EXPECT_EQ(read.target.reg, 17);
            EXPECT_EQ(vmm::bytes(read.target.size), 1u << size);
            EXPECT_EQ(read.target.sign_extend, sign);
        }
    }
}

TEST(Exit, ValuesAreExtendedAsTheInstructionSays)
{
    using vmm::AccessSize;
    const auto extend = [](AccessSize size, bool sign, bool wide, std::uint64_t value) {
        return vmm::LoadTarget{.reg = 0, .size = size, .sign_extend = sign, .wide = wide}.extend(
            value);
    };
    EXPECT_EQ(extend(AccessSize::byte, false, false, 0xabcdef80), 0x80u);
    EXPECT_EQ(extend(AccessSize::byte, true, false, 0x80), 0xffff'ff80u);
    EXPECT_EQ(extend(AccessSize::byte, true, true, 0x80), 0xffff'ffff'ffff'ff80u);
    EXPECT_EQ(extend(AccessSize::half, true, true, 0x1'7fff), 0x7fffu);
    EXPECT_EQ(extend(AccessSize::word, true, true, 0x8000'0000), 0xffff'ffff'8000'0000u);
    EXPECT_EQ(extend(AccessSize::word, false, true, 0xff'8000'0000), 0x8000'0000u);
    EXPECT_EQ(extend(AccessSize::double_word, false, true, ~0ULL), ~0ULL);
}

TEST(Exit, Stores)
{
    const auto write =
        decoded<vmm::MmioWrite>(decode_abort(k_address, k_pc,
                                             data_abort(translation_fault()
                                                            .with<DataAbortIss::wnr>(true)
                                                            .with<DataAbortIss::sas>(2)
                                                            .with<DataAbortIss::srt>(31))));
    EXPECT_EQ(write.source, 31);
    EXPECT_EQ(write.size, vmm::AccessSize::word);
}

TEST(Exit, AbortsWithoutDescription)
{
    const auto no_syndrome = translation_fault().with<DataAbortIss::isv>(false);
    EXPECT_TRUE(
        decoded<vmm::UndescribedAccess>(
            decode_abort(k_address, k_pc, data_abort(no_syndrome.with<DataAbortIss::wnr>(true))))
            .write);
    decoded<vmm::CacheMaintenance>(
        decode_abort(k_address, k_pc, data_abort(no_syndrome.with<DataAbortIss::cm>(true))));
    decoded<vmm::BrokenAccess>(
        decode_abort(k_address, k_pc, data_abort(no_syndrome.with<DataAbortIss::s1ptw>(true))));
    decoded<vmm::BrokenAccess>(
        decode_abort(k_address, k_pc, data_abort(no_syndrome.with<DataAbortIss::dfsc>(0x10))));
    decoded<vmm::FetchAbort>(
        decode_abort(k_address, k_pc, Esr{}.with<Esr::ec>(Ec::instruction_lower)));
}

TEST(Exit, Traps)
{
    decoded<vmm::WaitForInterrupt>(decode_trap(Esr{}.with<Esr::ec>(Ec::wf)));
    decoded<vmm::WaitForEvent>(decode_trap(Esr{}.with<Esr::ec>(Ec::wf).with<Esr::iss>(1)));
    decoded<vmm::SecureCall>(decode_trap(Esr{}.with<Esr::ec>(Ec::smc64)));
    // MSR ICC_SGI1R_EL1, X5
    const auto write = decoded<vmm::SysregWrite>(decode_trap(
        Esr{}
            .with<Esr::ec>(Ec::sysreg)
            .with<Esr::iss>(3U << 20 | 5U << 17 | 0U << 14 | 12U << 10 | 5U << 5 | 11U << 1)));
    EXPECT_EQ(write.reg, arch::sysreg::k_icc_sgi1r_el1);
    EXPECT_EQ(write.source, 5);
    // MRS X31, OSLSR_EL1
    const auto read = decoded<vmm::SysregRead>(decode_trap(
        Esr{}
            .with<Esr::ec>(Ec::sysreg)
            .with<Esr::iss>(2U << 20 | 4U << 17 | 0U << 14 | 1U << 10 | 31U << 5 | 1U << 1 | 1U)));
    EXPECT_EQ(read.reg, arch::sysreg::k_oslsr_el1);
    EXPECT_EQ(read.target, 31);
    decoded<vmm::UnknownExit>(decode_trap(Esr{}.with<Esr::ec>(Ec::brk64)));
}

TEST(Exit, EveryLabelHasAMeaning)
{
    auto& fake = kit::FakeMicrokit::instance();
    fake.reset();
    decoded<vmm::MmioRead>(
        decode_exit(fake.fault(FaultLabel::memory, {k_pc.raw(), k_address.raw(), 0,
                                                    data_abort(translation_fault()).raw()})));
    decoded<vmm::Hypercall>(decode_exit(fake.fault(FaultLabel::unknown_syscall, {})));
    decoded<vmm::HypercallWithoutWords>(decode_exit(fake.fault(FaultLabel::capability, {})));
    EXPECT_EQ(
        decoded<vmm::EndOfInterrupt>(decode_exit(fake.fault(FaultLabel::gic_maintenance, {~0ULL})))
            .list_register,
        ~0ULL);
    EXPECT_EQ(decoded<vmm::PrivateInterrupt>(decode_exit(fake.fault(FaultLabel::ppi, {27}))).intid,
              27u);
    EXPECT_EQ(decoded<vmm::UndefinedInstruction>(
                  decode_exit(fake.fault(FaultLabel::user_exception, {k_pc.raw()})))
                  .pc,
              k_pc);
    for (std::uint64_t label = 0; label < 64; ++label) {
        (void)decode_exit(fake.fault(static_cast<FaultLabel>(label), {1, 2, 3, 4}));
    }
}

} // namespace
