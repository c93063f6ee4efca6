// SPDX-License-Identifier: BSD-2-Clause
// What <passthrough> comes to arrives in .vmm_passthrough as lib/vmm reads it, and DMA finds the
// guest's RAM.
#include "kit.hpp"
#include "world.hpp"

#include "fdt/reader.hpp"
#include "vmm/guest_config.hpp"
#include "vmm/passed_through.hpp"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace {

using namespace sysgen::test;

std::string passing(const std::string& parts, const std::string& attributes)
{
    return "<system><guest name=\"g\" image=\"g.elf\" ram=\"0x8000000\" " + attributes + ">" +
           parts + "</guest></system>";
}

TEST(PassThrough, ADeviceThatMovesDataFindsTheGuestsRam)
{
    const auto layout = expand(passing("<passthrough device=\"virtio_mmio.31\">"
                                       "<share node=\"virtio_mmio\" /></passthrough>",
                                       "identity=\"true\""));
    ASSERT_TRUE(layout) << layout.error().what;
    const World world{*layout};
    const auto  config = section<vmm::GuestConfig>(file(*layout, "g/vmm_g"));
    EXPECT_EQ(config.ram, world.physical("g_ram"));
    EXPECT_EQ(config.num_interrupts, 1);
    EXPECT_EQ(config.interrupts[0].intid, 79U);

    const auto passed = section<vmm::PassedThrough>(file(*layout, "g/passthrough_g"));
    ASSERT_TRUE(passed.is_valid());
    EXPECT_EQ(passed.edges, 1U);
    EXPECT_TRUE(passed.allowed().empty());
    const auto tree = fdt::Tree::create(passed.tree());
    ASSERT_TRUE(tree);
    EXPECT_TRUE(tree->find("/virtio_mmio@a003e00")->is_compatible("virtio,mmio"));
    EXPECT_FALSE(world.domain("g").smc);
    // Which device of the machine it is, for who starts QEMU.
    ASSERT_EQ(layout->devices().size(), 1U);
    EXPECT_EQ(layout->devices()[0].device, "virtio_mmio.31");

    // The same place by hand.
    const auto by_hand = expand(passing("<passthrough device=\"virtio_mmio.31\">"
                                        "<share node=\"virtio_mmio\" /></passthrough>",
                                        "ram_at=\"0x50000000\" ram_phys=\"0x50000000\""));
    EXPECT_TRUE(by_hand) << by_hand.error().what;
}

TEST(PassThrough, CallsOfTheFirmwareArriveAsAList)
{
    const auto blob = fmt::format("{}soc_{}.dtb", testing::TempDir(), ::getpid());
    const auto made = fmt::format(
        "dtc -q -I dts -O dtb -o '{}' '{}/../../passthrough/test/soc.dts'", blob, SYSGEN_TEST_DIR);
    ASSERT_EQ(std::system(made.c_str()), 0) << made; // NOLINT(concurrency-mt-unsafe)
    const auto layout = expand(
        passing("<passthrough device=\"sd@c000\" tree=\"" + blob + "\" />", "identity=\"true\""));
    ASSERT_TRUE(layout) << layout.error().what;
    const auto passed = section<vmm::PassedThrough>(file(*layout, "g/passthrough_g"));
    ASSERT_TRUE(passed.is_valid());
    const auto clock_on =
        std::ranges::find(passed.allowed(), 0xc200'0024U, &vmm::ForwardedCalls::first);
    ASSERT_NE(clock_on, passed.allowed().end());
    EXPECT_EQ(clock_on->last, 0xc200'0024U);
    EXPECT_EQ(clock_on->first_argument, 55U);
    EXPECT_EQ(clock_on->last_argument, 55U);
    EXPECT_TRUE(World{*layout}.domain("g").smc); // or the VMM could not hand them on
    const auto tree = fdt::Tree::create(passed.tree());
    ASSERT_TRUE(tree);
    EXPECT_TRUE(tree->find("/zynqmp-firmware/clock-controller"));
    EXPECT_FALSE(tree->find("/zynqmp-firmware/power-management"));
}

} // namespace
