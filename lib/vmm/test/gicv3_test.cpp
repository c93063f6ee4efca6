// SPDX-License-Identifier: BSD-2-Clause
// What only GICv3 has: affinity routing, SGIs by system register, redistributors, message-based
// SPIs. Clauses of IHI 0069H.
#include "gic_fake.hpp"

#include "arch/gic_sysreg.hpp"
#include "arch/gicd.hpp"

namespace vmm_test {
namespace {

using vmm::SgiRegister;

class GicV3 : public testing::TestWithParam<Kernel> {
protected:
    GicV3() { machine.start(); }

    static bool sees() { return GetParam() == Kernel::seeing; }

    static arch::IccSgir sgi(std::uint8_t intid, std::uint16_t list)
    {
        return arch::IccSgir{}.with<arch::IccSgir::intid>(intid).with<arch::IccSgir::target_list>(
            list);
    }
    void send(VcpuId sender, arch::IccSgir value, SgiRegister which = SgiRegister::sgi1r)
    {
        gic.write_sgi_register(sender, which, value.raw());
    }
    /// Which vCPUs have this SGI now; takes it there.
    std::uint32_t takers(std::uint32_t intid)
    {
        std::uint32_t result = 0;
        for (VcpuId vcpu = 0; vcpu < 16; ++vcpu) {
            const auto taken = machine.take_all(vcpu);
            EXPECT_LE(taken.size(), 1U);
            if (!taken.empty()) {
                EXPECT_EQ(taken[0], intid);
                result |= 1U << vcpu;
            }
        }
        return result;
    }
    void route(std::uint32_t intid, std::uint64_t value)
    {
        machine.write(IROUTER + 8 * intid, value, 0, 8);
    }

    FakeMachine machine{{GicVersion::v3, 16, 64, 4}, GetParam()};
    vmm::Gic&   gic = machine.gic;
};

INSTANTIATE_TEST_SUITE_P(All, GicV3, testing::Values(Kernel::blind, Kernel::seeing),
                         [](const auto& kernel) {
                             return std::string{kernel.param == Kernel::blind ? "Blind" : "Seeing"};
                         });

TEST_P(GicV3, IHI0069_12_2_20_Sgi1rReachesTheTargetList)
{
    send(3, sgi(5, 0x8109));
    EXPECT_EQ(takers(5), 0x8109U);
    send(3, sgi(15, 1U << 3));
    EXPECT_EQ(takers(15), 1U << 3); // to self
}

TEST_P(GicV3, IHI0069_12_2_20_IrmReachesAllButTheSender)
{
    send(6, sgi(2, 0x0040).with<arch::IccSgir::irm>(true));
    EXPECT_EQ(takers(2), 0xffffU & ~(1U << 6));
}

TEST_P(GicV3, IHI0069_12_2_20_OtherAffinitiesAndRangesAreNobody)
{
    send(0, sgi(2, 0xffff).with<arch::IccSgir::aff1>(1));
    send(0, sgi(2, 0xffff).with<arch::IccSgir::aff2>(1));
    send(0, sgi(2, 0xffff).with<arch::IccSgir::aff3>(0x80));
    send(0, sgi(2, 0xffff).with<arch::IccSgir::rs>(1));
    send(0, sgi(2, 0));
    EXPECT_EQ(gic.counters().sgis, 0U);
}

TEST_P(GicV3, IHI0069_8_1_10_Sgi0rAndAsgi1rSendOnlyGroup0)
{
    for (const auto which : {SgiRegister::sgi0r, SgiRegister::asgi1r}) {
        machine.write_r(1, SGI_BASE + IGROUPR, ~0U);
        send(0, sgi(4, 0b10), which);
        EXPECT_EQ(takers(4), 0U);
        machine.write_r(1, SGI_BASE + IGROUPR, ~(1U << 4));
        send(0, sgi(4, 0b10), which);
        ASSERT_EQ(machine.in_use(1), 1U);
        EXPECT_EQ(machine.cpus[1].list[0].entry.group, 0);
        EXPECT_EQ(takers(4), 0b10U);
    }
    send(0, sgi(4, 0b10), SgiRegister::sgi1r); // either group
    EXPECT_EQ(takers(4), 0b10U);
}

TEST_P(GicV3, GicV2HasNoSgiRegisters)
{
    FakeMachine v2{{GicVersion::v2, 2, 32, 4}};
    v2.gic.write_sgi_register(0, SgiRegister::sgi1r, sgi(1, 0b11).raw());
    EXPECT_EQ(v2.gic.counters().sgis, 0U);
    gic.write_sgi_register(99, SgiRegister::sgi1r, sgi(1, 0b11).raw());
    EXPECT_EQ(gic.counters().sgis, 0U);
}

TEST_P(GicV3, SgisHaveOnePendingBitHoweverManySend)
{
    machine.write_r(0, SGI_BASE + ICENABLER, 1U << 9);
    for (VcpuId sender = 0; sender < 16; ++sender) {
        send(sender, sgi(9, 1));
    }
    EXPECT_TRUE(machine.get_bit(ISPENDR, 9));
    machine.write_r(0, SGI_BASE + ISENABLER, 1U << 9);
    EXPECT_EQ(machine.take_all(0), Intids{9});
}

TEST_P(GicV3, IHI0069_12_11_26_SgisCanBePendedByRegister)
{
    machine.write_r(7, SGI_BASE + ISPENDR, 1U << 3 | 1U << 30);
    EXPECT_EQ(machine.take_all(7), (Intids{3, 30}));
}

TEST_P(GicV3, RedistributorsBelongToTheirVcpuWhoeverAccesses)
{
    gic.write(0, GicFrame::redistributor, 5 * vmm::k_gic_redistributor_stride + SGI_BASE + ISPENDR,
              4, 1U << 20);
    EXPECT_EQ(machine.take_all(0), Intids{});
    EXPECT_EQ(machine.take_all(5), Intids{20});
}

TEST_P(GicV3, IHI0069_12_9_21_RoutersNameTheirPe)
{
    for (VcpuId vcpu = 0; vcpu < 16; ++vcpu) {
        route(40, vmm::gic_affinity(vcpu));
        gic.pulse(0, 40);
        EXPECT_EQ(takers(40), 1U << vcpu);
    }
}

TEST_P(GicV3, IHI0069_12_9_21_ARouterToNobodyKeepsItPending)
{
    for (const std::uint64_t nobody : {0x10ULL, 0x100ULL, 0x1'0000ULL, 0xff'0000'0000ULL}) {
        route(40, nobody);
        gic.pulse(0, 40);
        EXPECT_EQ(machine.loads, 0U);
    }
    EXPECT_TRUE(machine.get_bit(ISPENDR, 40));
    route(40, 4);
    EXPECT_EQ(takers(40), 1U << 4);
}

TEST_P(GicV3, IHI0069_3_2_1_OneOfNGoesToOneThatIsOnlineAndAwake)
{
    constexpr std::uint64_t any = arch::GicdIrouter::irm::mask;
    for (VcpuId vcpu = 0; vcpu < 16; ++vcpu) {
        gic.set_online(vcpu, vcpu == 9 || vcpu == 12);
    }
    machine.write_r(12, GICR_WAKER, 0);
    for (std::uint32_t intid = 40; intid < 44; ++intid) {
        route(intid, any | 3);
        gic.pulse(0, intid);
    }
    EXPECT_EQ(machine.take_all(12).size(), 4U);
    EXPECT_EQ(machine.take_all(9).size(), 0U);
    machine.write_r(9, GICR_WAKER, 0);
    for (std::uint32_t intid = 40; intid < 44; ++intid) {
        gic.pulse(0, intid);
    }
    EXPECT_GE(machine.in_use(9), 1U);
    EXPECT_EQ(machine.take_all(9).size() + machine.take_all(12).size(), 4U);
}

TEST_P(GicV3, OneOfNFollowsWhoComesAndGoes)
{
    route(40, arch::GicdIrouter::irm::mask);
    machine.set_edge(40);
    for (VcpuId vcpu = 0; vcpu < 16; ++vcpu) {
        gic.set_online(vcpu, false);
    }
    gic.pulse(0, 40);
    gic.set_online(7, true);
    EXPECT_EQ(machine.in_use(7), 1U);
    gic.set_online(7, false);
    gic.set_online(2, true);
    EXPECT_EQ(machine.take_all(2), Intids{40});
}

TEST_P(GicV3, IHI0069_12_11_41_WakerAnswersAtOnce)
{
    EXPECT_EQ(machine.read_r(4, GICR_WAKER), 6U);
    machine.write_r(4, GICR_WAKER, 0);
    EXPECT_EQ(machine.read_r(4, GICR_WAKER), 0U);
    machine.write_r(4, GICR_WAKER, 0xffff'fffd); // all but ProcessorSleep
    EXPECT_EQ(machine.read_r(4, GICR_WAKER), 0U);
    machine.write_r(4, GICR_WAKER, 2);
    EXPECT_EQ(machine.read_r(4, GICR_WAKER), 6U);
}

TEST_P(GicV3, IHI0069_12_9_36_MessagesMakeEdges)
{
    machine.set_edge(40);
    machine.write(SETSPI_NSR, 40);
    machine.write(SETSPI_NSR, 40, 0, 2);
    const auto first = machine.acknowledge(0);
    EXPECT_EQ(first, 40U);
    machine.end(first);
    EXPECT_EQ(machine.take_all(0).size(), sees() ? 0U : 1U);
    machine.set_bit(ICENABLER, 40);
    machine.write(SETSPI_NSR, 40);
    EXPECT_TRUE(machine.get_bit(ISPENDR, 40));
    machine.write(CLRSPI_NSR, 40, 0, 2);
    EXPECT_FALSE(machine.get_bit(ISPENDR, 40));
    EXPECT_EQ(machine.read(SETSPI_NSR), 0U);
}

TEST_P(GicV3, IHI0069_12_9_36_MessagesMakeLevels)
{
    machine.write(SETSPI_NSR, 41);
    machine.end(machine.acknowledge(0));
    EXPECT_EQ(machine.acknowledge(0), 41U); // until cleared
    machine.write(CLRSPI_NSR, 41);
    machine.end(41);
    EXPECT_EQ(machine.acknowledge(0), k_spurious);
}

TEST_P(GicV3, IHI0069_12_9_36_MessagesToPrivateOrMissingInterruptsAreIgnored)
{
    for (const std::uint32_t intid : {0U, 15U, 31U, 96U, 1019U, 1020U, 1023U, 4096U, ~0U}) {
        machine.write(SETSPI_NSR, intid);
        machine.write(CLRSPI_NSR, intid);
    }
    EXPECT_EQ(machine.loads, 0U);
}

TEST_P(GicV3, Group0GoesOutAsGroup0)
{
    machine.write(IGROUPR + 4, 0);
    gic.pulse(0, 40);
    ASSERT_EQ(machine.in_use(0), 1U);
    EXPECT_EQ(machine.cpus[0].list[0].entry.group, 0);
}

TEST(GicV3OnSel4, WhatIsHiddenStaysHiddenThoughPrioritiesAreNotShifted)
{
    // seL4 puts its 0 … 31 into the register unshifted: any mask lets all of them pass. The other
    // group, which a guest leaves disabled, is what hides an entry.
    FakeMachine machine{{GicVersion::v3, 1, 64, 4}};
    machine.weak_priorities       = true;
    machine.cpus[0].group_enabled = {false, true};
    machine.start();
    machine.gic.pulse(0, 40);
    machine.set_bit(ICPENDR, 40);
    EXPECT_EQ(machine.acknowledge(0), k_spurious);
    machine.gic.pulse(0, 41);
    machine.gic.pulse(0, 42);
    machine.gic.reset();
    machine.gic.set_online(0, true);
    EXPECT_EQ(machine.acknowledge(0), k_spurious);
    machine.start();
    for (std::uint32_t intid = 40; intid < 50; ++intid) {
        machine.gic.pulse(0, intid);
    }
    EXPECT_EQ(machine.take_all(0).size(), 10U);
}

static_assert(arch::IccSre{vmm::k_icc_sre_el1}.get<arch::IccSre::sre>());

} // namespace
} // namespace vmm_test
