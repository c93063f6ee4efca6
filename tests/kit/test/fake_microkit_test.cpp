// SPDX-License-Identifier: BSD-2-Clause
// microkit.hpp over the fake Microkit: each call arrives with the right numbers.
#include "kit/fake_microkit.hpp"
#include "microkit/microkit.hpp"

#include <gtest/gtest.h>

namespace {

using kit::FakeMicrokit;

class MicrokitFace : public testing::Test {
protected:
    void SetUp() override { fake.reset(); }

    FakeMicrokit& fake = FakeMicrokit::instance();
};

TEST_F(MicrokitFace, channels_reach_their_numbers)
{
    microkit::Channel{3}.notify();
    microkit::Channel{5}.acknowledge();
    EXPECT_EQ(fake.notifications, std::vector{3U});
    EXPECT_EQ(fake.acknowledgements, std::vector{5U});
}

TEST_F(MicrokitFace, a_second_deferred_operation_is_not_lost)
{
    microkit::Channel{1}.acknowledge_at_end();
    microkit::Channel{2}.notify_at_end();
    EXPECT_TRUE(fake.acknowledgements.empty());
    EXPECT_EQ(fake.notifications, std::vector{2U});
    fake.end_of_entry_point();
    EXPECT_EQ(fake.acknowledgements, std::vector{1U});
}

TEST_F(MicrokitFace, message_info_has_sel4s_layout)
{
    const auto info = microkit::MessageInfo::create(0x123, 4);
    EXPECT_EQ(info.raw(), 0x123004U);
    EXPECT_EQ(info.label(), 0x123U);
    EXPECT_EQ(info.count(), 4U);
}

TEST_F(MicrokitFace, calls_carry_words_both_ways)
{
    fake.on_call = [](unsigned channel, microkit::MessageInfo message) {
        microkit::set_message_word(0, microkit::message_word(0) + channel);
        return microkit::MessageInfo::create(message.label() + 1, 1);
    };
    microkit::set_message_word(0, 40);
    const auto reply = microkit::Channel{2}.call(microkit::MessageInfo::create(7, 1));
    EXPECT_EQ(reply.label(), 8U);
    EXPECT_EQ(microkit::message_word(0), 42U);
}

TEST_F(MicrokitFace, general_registers_follow_the_kernels_order)
{
    // The order of seL4_UserContext on AArch64, by index.
    auto& vcpu = fake.add_vcpu(0);
    for (unsigned i = 0; i < SEAM_REGISTERS; ++i) {
        vcpu.registers[i] = 1000 + i;
    }
    microkit::Registers registers;
    microkit::Vcpu{0}.read(registers, microkit::Registers::k_count);
    EXPECT_EQ(registers.pc(), 1000U);
    EXPECT_EQ(registers.sp_el0(), 1001U);
    EXPECT_EQ(registers.spsr(), 1002U);
    const std::array<unsigned, 31> index_of = {3,  4,  5,  6,  7,  8,  9,  10, 11, 17, 18,
                                               19, 20, 21, 22, 23, 12, 13, 14, 24, 25, 26,
                                               27, 28, 29, 30, 31, 32, 33, 15, 16};
    for (unsigned n = 0; n < 31; ++n) {
        EXPECT_EQ(registers.x(n), 1000 + index_of[n]) << "x" << n;
        EXPECT_EQ(microkit::Registers::prefix_of_x(n), index_of[n] + 1) << "x" << n;
    }
    EXPECT_EQ(registers.tpidr_el0(), 1034U);
    EXPECT_EQ(registers.tpidrro_el0(), 1035U);
}

TEST_F(MicrokitFace, xzr_reads_zero_and_keeps_nothing)
{
    microkit::Registers registers;
    std::ranges::fill(registers.words(), 1);
    registers.set_x(31, 77);
    EXPECT_EQ(registers.x(31), 0U);
    EXPECT_EQ(std::ranges::count(registers.words(), 1U), 36);
}

TEST_F(MicrokitFace, a_prefix_write_leaves_the_rest)
{
    auto& vcpu = fake.add_vcpu(1);
    vcpu.set_x(9, 99);
    microkit::Registers registers;
    microkit::Vcpu{1}.read(registers, microkit::Registers::k_prefix_x8);
    registers.pc() += 4;
    registers.set_x(8, 88);
    microkit::Vcpu{1}.write(registers, microkit::Registers::k_prefix_x8);
    EXPECT_EQ(vcpu.pc(), 4U);
    EXPECT_EQ(vcpu.x(8), 88U);
    EXPECT_EQ(vcpu.x(9), 99U);
    EXPECT_EQ(fake.total_system_calls(), 2U);
}

TEST_F(MicrokitFace, injection_errors_are_told_apart)
{
    auto&                            vcpu = fake.add_vcpu(0);
    const microkit::Vcpu             face{0};
    const microkit::VirtualInterrupt timer{27, 0, 1};
    EXPECT_EQ(face.list_registers(), 4U);
    EXPECT_EQ(face.inject(timer, 3), microkit::InjectError::none);
    EXPECT_EQ(face.inject(timer, 4), microkit::InjectError::out_of_range);
    vcpu.list_registers[3].active = true;
    EXPECT_EQ(face.inject(timer, 3), microkit::InjectError::active);
    EXPECT_EQ(fake.injections.size(), 1U);
}

TEST_F(MicrokitFace, fault_words_have_names)
{
    const auto info =
        fake.fault(microkit::FaultLabel::memory, {0x4000, 0x0900'0018, 0, 0x9380'0007});
    EXPECT_EQ(microkit::fault_label(info), microkit::FaultLabel::memory);
    EXPECT_EQ(microkit::VmFault::ip(), 0x4000U);
    EXPECT_EQ(microkit::VmFault::guest_physical(), base::GuestPhysical{0x0900'0018});
    EXPECT_FALSE(microkit::VmFault::is_instruction_fetch());
    EXPECT_EQ(microkit::VmFault::syndrome().get<arch::Esr::ec>(), arch::Ec::data_lower);
}

TEST_F(MicrokitFace, wrong_vcpu_crashes_with_the_kernels_error)
{
    try {
        microkit::Vcpu{9}.stop();
        FAIL();
    } catch (const kit::Crash& crash) {
        EXPECT_EQ(crash.error, 2U);
    }
}

TEST_F(MicrokitFace, smc_is_absent_or_answered)
{
    EXPECT_FALSE(microkit::smc({}).has_value());
    fake.on_smc = [](const microkit::SmcWords& in) { return microkit::SmcWords{in[0] + 1}; };
    EXPECT_EQ(microkit::smc({41})->front(), 42U);
}

TEST_F(MicrokitFace, children_are_stopped_restarted_and_resumed)
{
    using What = kit::ChildCall::What;
    const microkit::ChildPd child{4};
    child.stop();
    child.restart();
    child.resume();
    const std::vector<kit::ChildCall> expected = {
        {What::stop, 4, 0}, {What::restart, 4, 0x200000}, {What::resume, 4, 0}};
    EXPECT_EQ(fake.child_calls, expected);
}

TEST_F(MicrokitFace, panic_names_the_pd_and_crashes)
{
    EXPECT_THROW(microkit::panic("no ", 3), kit::Crash);
    EXPECT_EQ(fake.debug_output, "test_pd: no 3\n");
}

} // namespace
