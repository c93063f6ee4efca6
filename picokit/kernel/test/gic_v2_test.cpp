// SPDX-License-Identifier: BSD-2-Clause
// The GICv2 driver, register by register, on the other board's frames.
#include "arch/platform.hpp"
#include "kernel/gic_v2.hpp"
#include "kernel/gic_v3.hpp"

#include <gtest/gtest.h>

namespace kernel {
namespace {

constexpr base::HostRange frame(std::uint64_t start)
{
    return *base::HostRange::create(base::HostPhysical{start}, 0x10000);
}
constexpr arch::GicV2Frames k_frames{.distributor    = frame(0x0800'0000),
                                     .cpu_interface  = frame(0x0801'0000),
                                     .hypervisor     = frame(0x0803'0000),
                                     .vcpu_interface = frame(0x0804'0000)};
using Gic       = GicV2<k_frames>;
using Interface = VirtualInterfaceV2<k_frames>;

struct GicV2Test : testing::Test {
    void SetUp() override { machine::fake = {}; }
};

TEST_F(GicV2Test, InitialisationMasksEverythingAndTargetsThisCore)
{
    machine::fake.devices[0x0800'0004] = 2; // 96 interrupts
    machine::fake.devices[0x0800'0800] = 0x0101'0101;
    Gic::initialise();
    EXPECT_EQ(machine::fake.devices.count(0x0800'0180), 0u) << "each core's own affair";
    Gic::initialise_core();
    EXPECT_EQ(machine::fake.devices[0x0800'0180], 0xffff'ffffu);
    EXPECT_EQ(machine::fake.devices[0x0800'0188], 0xffff'ffffu);
    EXPECT_EQ(machine::fake.devices.count(0x0800'018c), 0u);
    EXPECT_EQ(machine::fake.devices[0x0800'0820], 0x0101'0101u);
    EXPECT_EQ(machine::fake.devices[0x0800'085c], 0x0101'0101u);
    EXPECT_EQ(machine::fake.devices[0x0800'0000], 1u);
    EXPECT_EQ(machine::fake.devices[0x0801'0000], 1u);
}

TEST_F(GicV2Test, AHeldInterruptIsMaskedThenEnded)
{
    Gic::hold(33);
    ASSERT_EQ(machine::fake.device_writes.size(), 2u);
    EXPECT_EQ(machine::fake.device_writes[0], std::pair(0x0800'0184ul, 2ul));
    EXPECT_EQ(machine::fake.device_writes[1], std::pair(0x0801'0010ul, 33ul));
    Gic::release(33);
    EXPECT_EQ(machine::fake.device_writes[2], std::pair(0x0800'0104ul, 2ul));
}

TEST_F(GicV2Test, TriggersAreTwoBitsAnInterrupt)
{
    machine::fake.devices[0x0800'0c08] = 0xaaaa'aaaa;
    Gic::set_trigger(33, false);
    EXPECT_EQ(machine::fake.devices[0x0800'0c08], 0xaaaa'aaa2u);
    Gic::set_trigger(33, true);
    EXPECT_EQ(machine::fake.devices[0x0800'0c08], 0xaaaa'aaaau);
}

TEST_F(GicV2Test, ListRegistersHaveTheEncodingOfGich)
{
    // Pending (bit 28), priority 31 (bits 27 to 23), EOI (bit 19), group 0.
    EXPECT_EQ(Interface::entry({.intid = 27, .priority = 31, .group = 0, .source = 0}),
              0x1f88'001bu);
    EXPECT_EQ(Interface::entry({.intid = 27, .priority = 0, .group = 1, .source = 0}),
              0x5008'001bu);
    EXPECT_EQ(Interface::entry({.intid = 3, .priority = 0, .group = 0, .source = 5}), 0x1008'1403u)
        << "the sender in bits 12 to 10";
    EXPECT_EQ(Interface::state(0x2000'0000), arch::VirtualState::active);
    EXPECT_EQ(Interface::state(0x1000'0000), arch::VirtualState::pending);
    Interface::write_lr(3, 5);
    EXPECT_EQ(machine::fake.devices[0x0803'010c], 5u);
}

TEST_F(GicV2Test, CountsListRegisters)
{
    machine::fake.devices[0x0803'0004] = 3;
    EXPECT_EQ(Interface::count(), 4u);
    machine::fake.devices[0x0803'0004] = 63;
    EXPECT_EQ(Interface::count(), k_max_list_registers);
}

TEST(GicV3Test, ListRegistersHaveTheEncodingOfIch)
{
    EXPECT_EQ(VirtualInterfaceV3::entry({.intid = 27, .priority = 31, .group = 1, .source = 0}),
              std::uint64_t{1} << 62 | std::uint64_t{1} << 60 | std::uint64_t{31} << 51 |
                  std::uint64_t{1} << 41 | 27);
    for (unsigned i = 0; i < k_max_list_registers; ++i) {
        VirtualInterfaceV3::write_lr(i, 100 + i);
    }
    for (unsigned i = 0; i < k_max_list_registers; ++i) {
        EXPECT_EQ(VirtualInterfaceV3::read_lr(i), 100 + i);
    }
}

} // namespace
} // namespace kernel
