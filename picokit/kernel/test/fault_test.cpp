// SPDX-License-Identifier: BSD-2-Clause
// Fault messages word for word, replies, and supervisors.
#include "kit/world.hpp"

#include "kernel/delivery.hpp"

#include <gtest/gtest.h>

namespace kernel::test {
namespace {

constexpr std::uint64_t k_fault = std::uint64_t{1} << 62;

constexpr std::uint64_t esr(std::uint64_t ec, std::uint64_t iss = 0)
{
    return ec << 26 | 1 << 25 | iss;
}
constexpr std::uint64_t k_data_abort  = esr(0x24, 0x93'0006 | 1 << 24);
constexpr std::uint64_t k_fetch_abort = esr(0x20, 0x6);
constexpr std::uint64_t k_hvc         = esr(0x16);
constexpr std::uint64_t k_smc         = esr(0x17);
constexpr std::uint64_t k_undefined   = 0x0200'0000;

struct Machine : testing::Test {
    World    world;
    unsigned vmm   = world.add_pd("vmm", {.priority = 150});
    unsigned child = world.add_pd("child", {.priority = 120, .parent = 0, .child_id = 7});
    unsigned guest = world.add_vcpu(vmm, 5, 100);

    static constexpr std::uint64_t k_guest_tcb = PICOKIT_CAP_BASE_VM_TCB + 5;

    void SetUp() override { world.boot(); }

    /// The guest runs, everybody else waits.
    void start_guest()
    {
        world.word(vmm, 0) = 0x4008'0000;
        world.word(vmm, 1) = 0x1111;
        world.word(vmm, 2) = 0x3c5;
        world.word(vmm, 3) = 0x10;
        ASSERT_EQ(world.ask(vmm, PICOKIT_SYS_TCB_WRITE_REGISTERS, k_guest_tcb, 1, 4), 0u);
        world.receive(vmm);
        world.receive(child);
        ASSERT_EQ(world.current(), &world.vcpu(guest));
    }
    void expect_fault(std::uint64_t label, std::uint64_t words)
    {
        ASSERT_EQ(world.current(), &world.pd(vmm));
        EXPECT_EQ(world.x0(vmm), k_fault | 5);
        EXPECT_EQ(world.x1(vmm), info(label, words));
    }
};

TEST_F(Machine, DataAbortOfAGuestIsAVmFaultWithTheGuestPhysicalAddress)
{
    start_guest();
    machine::fake[Register::far_el2]   = 0xffff'8000'0000'0123;
    machine::fake[Register::hpfar_el2] = 0x0800'0000 >> 8;
    world.trap(k_data_abort);
    expect_fault(6, 4);
    EXPECT_EQ(world.word(vmm, 0), 0x4008'0000u);
    EXPECT_EQ(world.word(vmm, 1), 0x0800'0123u);
    EXPECT_EQ(world.word(vmm, 2), 0u);
    EXPECT_EQ(world.word(vmm, 3), k_data_abort);
    world.reply_and_receive(vmm, info(99, 4)); // whatever: it goes on
    EXPECT_EQ(world.current(), &world.vcpu(guest));
    EXPECT_EQ(world.current()->context[Word::pc], 0x4008'0000u);
}

TEST_F(Machine, APermissionFaultWalksStage1)
{
    start_guest();
    machine::fake[Register::far_el2]   = 0x5123;
    machine::fake[Register::hpfar_el2] = ~std::uint64_t{0};
    world.trap(esr(0x24, 0xf));
    EXPECT_EQ(world.word(vmm, 1), 0x6123u) << "the fake's stage 1 adds a page";
}

TEST_F(Machine, InstructionAbortIsMarked)
{
    start_guest();
    world.trap(k_fetch_abort);
    expect_fault(6, 4);
    EXPECT_EQ(world.word(vmm, 2), 1u);
}

TEST_F(Machine, HvcIsAnUnknownSyscallAndItsReplySetsRegisters)
{
    start_guest();
    Context& context                = world.vcpu(guest).context;
    context[Word::pc]               = 0x4008'0104; // behind the HVC
    context[Word::x7]               = 0x8400'0000;
    machine::fake[Register::sp_el0] = 0x2222;
    world.trap(k_hvc);
    expect_fault(2, 13);
    EXPECT_EQ(world.word(vmm, 0), 0x10u);
    EXPECT_EQ(world.word(vmm, 8), 0x4008'0100u);
    EXPECT_EQ(world.word(vmm, 9), 0x2222u);
    EXPECT_EQ(world.word(vmm, 10), 0x4008'0104u);
    EXPECT_EQ(world.word(vmm, 11), 0x3c5u);
    EXPECT_EQ(world.word(vmm, 12), 0x8400'0000u);
    for (unsigned i = 0; i < 8; ++i) {
        world.word(vmm, i) = 100 + i;
    }
    world.word(vmm, 8)  = 0x4008'0104;
    world.word(vmm, 9)  = 0x3333;
    world.word(vmm, 11) = 0x8000'03c9; // EL2h is not for guests
    world.reply_and_receive(vmm, info(0, 12));
    ASSERT_EQ(world.current(), &world.vcpu(guest));
    EXPECT_EQ(context.x(0), 100u);
    EXPECT_EQ(context.x(7), 107u);
    EXPECT_EQ(context[Word::pc], 0x4008'0104u);
    EXPECT_EQ(machine::fake[Register::sp_el0], 0x3333u);
    EXPECT_EQ(context[Word::spsr], 0x8000'0000 | k_user_spsr.raw());
}

TEST_F(Machine, AReplyWithALabelToAnUnknownSyscallLeavesItStopped)
{
    start_guest();
    world.trap(k_hvc);
    world.word(vmm, 0) = 42;
    // Somebody must be left to run: the child.
    world.pd(child).state = State::receiving;
    world.syscall(vmm, PICOKIT_SYS_TCB_RESUME, PICOKIT_CAP_BASE_TCB + 7);
    world.reply_and_receive(vmm, info(1, 1));
    EXPECT_EQ(world.vcpu(guest).state, State::inactive);
    EXPECT_EQ(world.vcpu(guest).context.x(0), 42u) << "registers are written all the same";
    EXPECT_EQ(world.current(), &world.pd(child));
}

TEST_F(Machine, SmcWfiAndOtherTrapsAreVcpuFaults)
{
    start_guest();
    for (const std::uint64_t value : {k_smc, esr(0x01), esr(0x18, 0x30'0000), esr(0x0e)}) {
        world.trap(value);
        expect_fault(8, 1);
        EXPECT_EQ(world.word(vmm, 0), value);
        world.reply_and_receive(vmm);
        ASSERT_EQ(world.current(), &world.vcpu(guest));
    }
}

TEST_F(Machine, UndefinedInstructionIsAUserException)
{
    world.receive(vmm);
    world.pd(child).context[Word::pc] = 0x20'0040;
    machine::fake[Register::sp_el0]   = 0x7777;
    world.trap(k_undefined);
    ASSERT_EQ(world.current(), &world.pd(vmm));
    EXPECT_EQ(world.x0(vmm), k_fault | 7);
    EXPECT_EQ(world.x1(vmm), info(3, 5));
    EXPECT_EQ(world.word(vmm, 0), 0x20'0040u);
    EXPECT_EQ(world.word(vmm, 1), 0x7777u);
    EXPECT_EQ(world.word(vmm, 3), k_undefined);
    EXPECT_EQ(world.word(vmm, 4), 0u);
    world.word(vmm, 0) = 0x20'0044;
    world.word(vmm, 2) = 0xf000'03c5;
    world.reply_and_receive(vmm, info(0, 3));
    ASSERT_EQ(world.current(), &world.pd(child));
    EXPECT_EQ(world.pd(child).context[Word::pc], 0x20'0044u);
    EXPECT_EQ(world.pd(child).context[Word::spsr], 0xf000'0000 | k_user_spsr.raw());
}

TEST_F(Machine, ABreakpointOfAPdIsADebugExceptionInConfigurationDebug)
{
    world.receive(vmm);
    world.trap(esr(0x3c, 1));
    EXPECT_EQ(world.x1(vmm), info(4, 2));
    EXPECT_EQ(world.word(vmm, 1), 3u);
    world.reply_and_receive(vmm);
    machine::fake[Register::far_el2] = 0xabc;
    world.trap(esr(0x34));
    EXPECT_EQ(world.x1(vmm), info(4, 4));
    EXPECT_EQ(world.word(vmm, 1), 0u);
    EXPECT_EQ(world.word(vmm, 2), 0xabcu);
}

TEST_F(Machine, ACallWithoutCapabilityIsACapFault)
{
    world.receive(vmm);
    world.syscall(child, PICOKIT_SYS_CALL, 400);
    EXPECT_EQ(world.x1(vmm), info(1, 5));
    EXPECT_EQ(world.word(vmm, 0), 0x20'0000u);
    EXPECT_EQ(world.word(vmm, 1), 400u);
    EXPECT_EQ(world.word(vmm, 3), 2u);
    world.reply_and_receive(vmm);
    EXPECT_EQ(world.current(), &world.pd(child)) << "restarts";
    EXPECT_EQ(world.pd(child).context[Word::pc], 0x20'0000u);
}

TEST_F(Machine, AnUnknownNumberOfAPdIsAnUnknownSyscall)
{
    world.receive(vmm);
    world.syscall(child, 1000, 21);
    EXPECT_EQ(world.x1(vmm), info(2, 13));
    EXPECT_EQ(world.word(vmm, 0), 21u);
    EXPECT_EQ(world.word(vmm, 8), 0x20'0000u);
    EXPECT_EQ(world.word(vmm, 12), 1000u);
}

TEST_F(Machine, FaultsQueueWhileTheSupervisorIsBusy)
{
    start_guest();
    world.trap(k_smc);
    // The VMM is handling that; its child must wait. (The VMM does not run now: it is stopped.)
    world.pd(vmm).priority = 10; // so that the child, resumed, runs first
    world.syscall(vmm, PICOKIT_SYS_TCB_RESUME, PICOKIT_CAP_BASE_TCB + 7);
    ASSERT_EQ(world.current(), &world.pd(child));
    world.trap(k_undefined); // perhaps the guest's CPACR_EL1: tried again without it
    world.trap(k_undefined);
    EXPECT_EQ(world.pd(child).state, State::faulting);
    ASSERT_EQ(world.current(), &world.pd(vmm));
    world.reply_and_receive(vmm);
    ASSERT_EQ(world.current(), &world.vcpu(guest)) << "the guest's priority is higher now";
    EXPECT_EQ(world.x0(vmm), k_fault | 7);
    EXPECT_EQ(world.pd(child).state, State::faulted);
}

TEST_F(Machine, ARestartWhileFaultedMakesTheReplyNothing)
{
    start_guest();
    world.trap(k_smc);
    world.word(vmm, 0) = 0x5000;
    EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_TCB_WRITE_REGISTERS, k_guest_tcb, 1, 1), 0u);
    EXPECT_EQ(world.pd(vmm).client, nullptr);
    EXPECT_EQ(world.vcpu(guest).state, State::ready);
    world.reply_and_receive(vmm, info(1, 0));
    ASSERT_EQ(world.current(), &world.vcpu(guest));
    EXPECT_EQ(world.current()->context[Word::pc], 0x5000u);
    EXPECT_EQ(world.current()->context[Word::spsr], 0x3c5u) << "only pc was written";
}

TEST_F(Machine, AnUnansweredFaultLeavesTheThreadInactiveAndRestartable)
{
    start_guest();
    world.trap(k_smc);
    world.pd(child).state = State::receiving;
    world.syscall(vmm, PICOKIT_SYS_TCB_RESUME, PICOKIT_CAP_BASE_TCB + 7);
    world.receive(vmm);
    EXPECT_EQ(world.vcpu(guest).state, State::inactive);
    ASSERT_EQ(world.current(), &world.pd(child));
}

TEST_F(Machine, WithoutParentTheMonitorGetsItAndNobodyAnswers)
{
    world.trap(k_data_abort); // the VMM itself
    EXPECT_EQ(world.pd(vmm).state, State::faulted);
    EXPECT_EQ(world.current(), &world.pd(child));
    // A notification to it accumulates.
    EXPECT_EQ(world.pd(vmm).pending, 0u);
}

TEST_F(Machine, FpuFalseMakesFpInstructionsFaults)
{
    world.receive(vmm);
    world.pd(child).fpu = false;
    world.trap(esr(0x07, 0x1e0'0000));
    EXPECT_EQ(world.x1(vmm), info(8, 1));
    EXPECT_EQ(world.word(vmm, 0), esr(0x07, 0x1e0'0000));
}

} // namespace
} // namespace kernel::test
