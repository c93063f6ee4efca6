// SPDX-License-Identifier: BSD-2-Clause
// Calls on threads and virtual CPUs: effects, ranges, errors.
#include "kit/world.hpp"

#include "arch/list_register.hpp"
#include "kernel/native.hpp"

#include <gtest/gtest.h>

namespace kernel::test {
namespace {

struct Vmm : testing::Test {
    World    world;
    unsigned vmm    = world.add_pd("vmm", {.priority = 150});
    unsigned child  = world.add_pd("child", {.priority = 20, .parent = 0, .child_id = 1});
    unsigned guest  = world.add_vcpu(vmm, 0, 100);
    unsigned second = world.add_vcpu(vmm, 1, 100);

    static constexpr std::uint64_t k_tcb   = PICOKIT_CAP_BASE_VM_TCB;
    static constexpr std::uint64_t k_vcpu  = PICOKIT_CAP_BASE_VCPU;
    static constexpr std::uint64_t k_range = 4;

    void SetUp() override
    {
        world.capability(vmm, std::uint64_t{5} << 58,
                         {.type = picokit::CapType::tcb, .badge = 0, .object = 0}); // itself
        world.add_irq(vmm, 1, 40);
        machine::fake.sleep = [] { machine::fake.pending.push_back(40); };
        world.boot();
    }
    std::uint64_t inject(std::uint64_t irq, std::uint64_t priority, std::uint64_t group,
                         std::uint64_t index)
    {
        return world.ask(vmm, PICOKIT_SYS_VCPU_INJECT_IRQ, k_vcpu,
                         irq | priority << 16 | group << 24 | index << 32);
    }
    void run_guest(unsigned id)
    {
        world.syscall(vmm, PICOKIT_SYS_TCB_RESUME, k_tcb + id);
        world.receive(vmm);
        ASSERT_EQ(world.current(), &world.vcpu(id));
    }
};

TEST_F(Vmm, ReadsAPrefixOfTheRegisters)
{
    auto& words = world.vcpu(guest).context.words;
    for (std::size_t i = 0; i < words.size(); ++i) {
        words[i] = 1000 + i;
    }
    for (const unsigned count : {1U, 2U, 3U, 7U, 12U, 17U, 36U}) {
        for (unsigned i = 0; i < 120; ++i) {
            world.word(vmm, i) = 0;
        }
        ASSERT_EQ(world.ask(vmm, PICOKIT_SYS_TCB_READ_REGISTERS, k_tcb, 0, count), 0u);
        for (unsigned i = 0; i < 120; ++i) {
            ASSERT_EQ(world.word(vmm, i), i < count ? 1000 + i : 0) << count << ' ' << i;
        }
    }
}

TEST_F(Vmm, WritesAPrefixThroughTheSpsrFilter)
{
    for (unsigned i = 0; i < 36; ++i) {
        world.word(vmm, i) = 2000 + i;
    }
    world.word(vmm, 2) = 0x3c5;
    EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_TCB_WRITE_REGISTERS, k_tcb, 0, 36), 0u);
    EXPECT_EQ(world.vcpu(guest).context[Word::spsr], 0x3c5u);
    EXPECT_EQ(world.vcpu(guest).context[Word::tpidrro_el0], 2035u);
    EXPECT_EQ(world.vcpu(guest).state, State::inactive);
    EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_TCB_WRITE_REGISTERS, PICOKIT_CAP_BASE_TCB + 1, 0, 3), 0u);
    EXPECT_EQ(world.pd(child).context[Word::spsr], k_user_spsr.raw());
}

TEST_F(Vmm, RegisterCallsHaveLimits)
{
    EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_TCB_READ_REGISTERS, k_tcb, 0, 0), k_range);
    EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_TCB_READ_REGISTERS, k_tcb, 0, 37), k_range);
    EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_TCB_WRITE_REGISTERS, k_tcb, 0, 37), 7u);
    EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_TCB_READ_REGISTERS, std::uint64_t{5} << 58, 0, 1), 3u);
    EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_TCB_WRITE_REGISTERS, std::uint64_t{5} << 58, 0, 1), 3u);
    EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_TCB_READ_REGISTERS, k_vcpu, 0, 1), 2u);
    EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_TCB_READ_REGISTERS, std::uint64_t{5} << 58 | 1, 0, 1), 2u);
}

TEST_F(Vmm, ReadCanSuspendAndWriteCanResume)
{
    EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_TCB_WRITE_REGISTERS, k_tcb, 1, 0), 0u);
    EXPECT_EQ(world.vcpu(guest).state, State::ready);
    EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_TCB_READ_REGISTERS, k_tcb, 1, 1), 0u);
    EXPECT_EQ(world.vcpu(guest).state, State::inactive);
    EXPECT_EQ(world.vcpu(guest).queued, Queued::no);
}

TEST_F(Vmm, APdBlockedInACallIsShownAtTheCall)
{
    world.receive(vmm);
    const auto pc = world.pd(child).context[Word::pc];
    world.receive(child);
    ASSERT_EQ(world.current(), &world.pd(vmm));
    EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_TCB_READ_REGISTERS, PICOKIT_CAP_BASE_TCB + 1, 0, 1), 0u);
    EXPECT_EQ(world.word(vmm, 0), pc);
    // Stopped and resumed it waits again, from the same instruction.
    EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_TCB_SUSPEND, PICOKIT_CAP_BASE_TCB + 1), 0u);
    EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_TCB_RESUME, PICOKIT_CAP_BASE_TCB + 1), 0u);
    EXPECT_EQ(world.pd(child).context[Word::pc], pc);
    EXPECT_EQ(world.pd(child).state, State::ready);
}

TEST_F(Vmm, AFreshVcpuHasItsResetValues)
{
    EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_VCPU_READ_REG, k_vcpu, 0), 0u);
    EXPECT_EQ(world.x1(vmm), k_fresh_sctlr);
    for (std::uint64_t field = 1; field < 24; ++field) {
        EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_VCPU_READ_REG, k_vcpu, field), 0u);
        EXPECT_EQ(world.x1(vmm), 0u) << field;
    }
    EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_VCPU_READ_REG, k_vcpu, 24), 1u);
    EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_VCPU_WRITE_REG, k_vcpu, 24, 0), 1u);
    EXPECT_EQ(world.vcpu(guest).context[Word::spsr], k_user_spsr.raw());
}

TEST_F(Vmm, FieldsCanBeWrittenWhereverTheyAre)
{
    run_guest(0);
    world.trap(0x17u << 26); // SMC: the guest's registers stay in the hardware
    for (std::uint64_t field = 0; field < 24; ++field) {
        const std::uint64_t value = 0x1'0000'0000 + field;
        EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_VCPU_WRITE_REG, k_vcpu, field, value), 0u);
    }
    EXPECT_EQ(machine::fake[Register::ttbr0_el1], 0x1'0000'0002u);
    EXPECT_EQ(machine::fake[Register::sctlr_el1], k_native_sctlr) << "while the VMM runs";
    for (std::uint64_t field = 0; field < 24; ++field) {
        EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_VCPU_READ_REG, k_vcpu, field), 0u);
        const bool short_field = field == 7 || (field >= 9 && field <= 11);
        EXPECT_EQ(world.x1(vmm), (short_field ? 0 : 0x1'0000'0000) + field);
    }
    world.reply_and_receive(vmm);
    EXPECT_EQ(machine::fake[Register::sctlr_el1], 0x1'0000'0000u);
    EXPECT_EQ(machine::fake[Register::cntkctl_el1], 0x1'0000'0017u);
}

TEST_F(Vmm, InjectionChecksItsArgumentsInOrder)
{
    EXPECT_EQ(inject(1024, 32, 2, 4), k_range);
    EXPECT_EQ(world.word(vmm, 1), 1023u);
    EXPECT_EQ(inject(1023, 32, 2, 4), k_range);
    EXPECT_EQ(world.word(vmm, 1), 31u);
    EXPECT_EQ(inject(1023, 31, 2, 4), k_range);
    EXPECT_EQ(world.word(vmm, 1), 1u);
    EXPECT_EQ(inject(1023, 31, 1, 4), k_range);
    EXPECT_EQ(world.word(vmm, 0), 0u);
    EXPECT_EQ(world.word(vmm, 1), 3u) << "the highest index";
    EXPECT_EQ(inject(1023, 31, 1, 3), 0u);
}

TEST_F(Vmm, InjectionWritesAPendingEntryThatAsksForMaintenance)
{
    EXPECT_EQ(inject(33, 5, 1, 2), 0u);
    const arch::IchLr entry{world.vcpu(guest).interface.lr[2]};
    EXPECT_EQ(entry.get<arch::IchLr::virtual_id>(), 33u);
    EXPECT_EQ(entry.get<arch::IchLr::priority>(), 5u << 3);
    EXPECT_TRUE(entry.get<arch::IchLr::group1>());
    EXPECT_TRUE(entry.get<arch::IchLr::eoi>());
    EXPECT_FALSE(entry.get<arch::IchLr::hardware>());
    EXPECT_EQ(entry.get<arch::IchLr::state>(), arch::VirtualState::pending);
    EXPECT_EQ(machine::fake[Register::ich_lr2_el2], 0u) << "not loaded: memory only";
    EXPECT_EQ(inject(34, 5, 1, 2), 0u) << "a pending one is replaced";
    world.vcpu(guest).interface.lr[2] = std::uint64_t{2} << 62;
    EXPECT_EQ(inject(34, 5, 1, 2), 8u) << "an active one is not";
}

TEST_F(Vmm, InjectionIntoTheLoadedVcpuGoesToTheHardware)
{
    run_guest(0);
    world.trap(0x17u << 26);
    EXPECT_EQ(inject(33, 0, 1, 1), 0u);
    EXPECT_EQ(machine::fake[Register::ich_lr1_el2], world.vcpu(guest).interface.lr[1]);
    EXPECT_NE(machine::fake[Register::ich_lr1_el2], 0u);
}

TEST_F(Vmm, InjectionTakesTheSenderOfAnSgiWhereTheGicHasOne)
{
    constexpr std::uint64_t k_from_5 = std::uint64_t{5} << 48;
    EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_VCPU_INJECT_IRQ, k_vcpu, 3 | k_from_5), 0u);
    EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_VCPU_INJECT_IRQ, k_vcpu, std::uint64_t{8} << 48), k_range);
    EXPECT_EQ(world.word(vmm, 1), 7u);
}

TEST_F(Vmm, AListRegisterIsSeenAndTakenBack)
{
    const auto look = [&](std::uint64_t index, std::uint64_t states) {
        EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_VCPU_LIST_REGISTER, k_vcpu, index, states), 0u);
        return world.x1(vmm);
    };
    EXPECT_EQ(look(2, 0), 0u);
    EXPECT_EQ(inject(33, 5, 1, 2), 0u);
    EXPECT_EQ(look(2, 0), 1u);
    EXPECT_EQ(look(2, 1u << 2), 1u) << "not active";
    EXPECT_EQ(look(2, 1u << 1), 1u);
    EXPECT_EQ(look(2, 0), 0u) << "taken back";

    EXPECT_EQ(inject(33, 5, 1, 2), 0u);
    run_guest(0);
    machine::fake[Register::ich_lr2_el2] ^= std::uint64_t{3} << 62; // it takes the interrupt
    world.trap(0x17u << 26);
    EXPECT_EQ(look(2, 1u << 1), 2u) << "in the hardware";
    EXPECT_EQ(look(2, 1u << 2), 2u);
    EXPECT_EQ(machine::fake[Register::ich_lr2_el2], 0u);
    EXPECT_EQ(inject(34, 5, 1, 2), 0u) << "free for another";

    const auto ended                     = std::uint64_t{1} << 41;
    machine::fake[Register::ich_lr2_el2] = ended;
    EXPECT_EQ(look(2, 0xf), 0u);
    EXPECT_EQ(machine::fake[Register::ich_lr2_el2], ended) << "its end is to be reported yet";

    EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_VCPU_LIST_REGISTER, k_vcpu, 4), k_range);
    EXPECT_EQ(world.word(vmm, 1), 3u);
    EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_VCPU_LIST_REGISTER, k_tcb, 0), 2u);
}

TEST_F(Vmm, AResetVcpuIsAsBeforeItsFirstStart)
{
    run_guest(0);
    world.trap(0x07u << 26 | 1u << 25); // FP
    machine::fake.fp[0]                    = 111;
    machine::fake[Register::vbar_el1]      = 0x1234;
    machine::fake[Register::cntv_ctl_el0]  = 1;
    machine::fake[Register::ich_lr1_el2]   = std::uint64_t{2} << 62;
    machine::fake[Register::ich_vmcr_el2]  = 3;
    machine::fake[Register::ich_ap1r0_el2] = 1;
    world.interrupt(board::timer.virtual_timer);
    EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_VCPU_RESET, k_tcb, 3), 2u);
    EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_VCPU_RESET, k_vcpu, PICOKIT_RESET_PROCESSOR), 0u);
    EXPECT_EQ(world.vcpu(guest).interface.vmcr, 3u) << "not asked for yet";
    EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_VCPU_RESET, k_vcpu, PICOKIT_RESET_INTERFACE), 0u);
    EXPECT_EQ(machine::fake[Register::cntv_ctl_el0], 0u);
    EXPECT_EQ(machine::fake[Register::ich_hcr_el2], 0u) << "nobody's interrupts";
    EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_VCPU_READ_REG, k_vcpu, 14), 0u);
    EXPECT_EQ(world.x1(vmm), 0u);
    EXPECT_EQ(inject(34, 5, 1, 1), 0u);
    world.syscall(vmm, PICOKIT_SYS_TCB_RESUME, k_tcb);
    world.receive(vmm);
    ASSERT_EQ(world.current(), &world.vcpu(0));
    EXPECT_EQ(machine::fake[Register::vbar_el1], 0u);
    EXPECT_EQ(machine::fake[Register::sctlr_el1], k_fresh_sctlr);
    EXPECT_EQ(machine::fake[Register::ich_hcr_el2], 1u);
    EXPECT_EQ(machine::fake[Register::ich_vmcr_el2], 0u);
    EXPECT_EQ(machine::fake[Register::ich_ap1r0_el2], 0u);
    EXPECT_NE(machine::fake[Register::ich_lr1_el2], 0u);
    world.trap(0x07u << 26 | 1u << 25);
    EXPECT_EQ(machine::fake.fp[0], 0u);
    world.interrupt(board::timer.virtual_timer);
    EXPECT_EQ(world.x1(vmm), info(9, 1)) << "is not held back any more";
}

TEST_F(Vmm, APriorityGoesUpToThatOfTheDescription)
{
    const auto set = [&](std::uint64_t cap, std::uint64_t priority, std::uint64_t authority) {
        return world.ask(vmm, PICOKIT_SYS_TCB_SET_PRIORITY, cap, priority, authority);
    };
    EXPECT_EQ(set(k_tcb, 101, k_tcb), k_range);
    EXPECT_EQ(world.word(vmm, 0), 0u);
    EXPECT_EQ(world.word(vmm, 1), 100u);
    EXPECT_EQ(set(k_tcb, 50, k_vcpu), 2u);
    EXPECT_EQ(set(k_vcpu, 50, k_tcb), 2u);
    EXPECT_EQ(set(k_tcb, 50, k_tcb), 0u);
    EXPECT_EQ(set(k_tcb, 100, k_tcb), 0u) << "the maximum is not lowered with it";
    EXPECT_EQ(set(k_tcb, 50, k_tcb), 0u);
    world.syscall(vmm, PICOKIT_SYS_TCB_RESUME, k_tcb);
    world.syscall(vmm, PICOKIT_SYS_TCB_RESUME, k_tcb + 1);
    world.receive(vmm);
    EXPECT_EQ(world.current(), &world.vcpu(second)) << "the other is higher now";
}

TEST_F(Vmm, AReadyThreadMovesToItsNewPriority)
{
    world.syscall(vmm, PICOKIT_SYS_TCB_RESUME, k_tcb);
    world.syscall(vmm, PICOKIT_SYS_TCB_RESUME, k_tcb + 1);
    EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_TCB_SET_PRIORITY, k_tcb, 99, k_tcb), 0u);
    world.receive(vmm);
    EXPECT_EQ(world.current(), &world.vcpu(second));
}

TEST_F(Vmm, AckVppiChecksTheNumber)
{
    EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_VCPU_ACK_VPPI, k_vcpu, 27), 0u);
    EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_VCPU_ACK_VPPI, k_vcpu, 30), 1u);
    EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_VCPU_ACK_VPPI, k_vcpu, board::max_intid + 1), k_range);
}

TEST_F(Vmm, SmcPassesEightWords)
{
    EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_SMC, PICOKIT_CAP_SMC), 2u);
    World          with_smc;
    const unsigned pd = with_smc.add_pd("pd", {});
    with_smc.capability(pd, PICOKIT_CAP_SMC,
                        {.type = picokit::CapType::smc, .badge = 0, .object = 0});
    with_smc.boot();
    machine::fake.smc = [](std::uint64_t* words) {
        for (unsigned i = 0; i < 8; ++i) {
            words[i] *= 2;
        }
    };
    for (unsigned i = 0; i < 8; ++i) {
        with_smc.word(pd, i) = i;
    }
    EXPECT_EQ(with_smc.ask(pd, PICOKIT_SYS_SMC, PICOKIT_CAP_SMC), 0u);
    EXPECT_EQ(with_smc.word(pd, 7), 14u);
}

} // namespace
} // namespace kernel::test
