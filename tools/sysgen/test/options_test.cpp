// SPDX-License-Identifier: BSD-2-Clause
// What a layout says about virtIO devices arrives in .vmm_options as lib/vmm reads it.
#include "kit.hpp"
#include "world.hpp"

#include "vmm/guest_options.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <string_view>

namespace {

using namespace sysgen::test;

constexpr const char* k_systems = R"(
    <serial name="serial" device="uart0" />
    <blk name="disk" device="virtio_mmio.31" />
    <net name="net" device="virtio_mmio.30" />)";

std::string guest(const std::string& parts, const std::string& attributes = {})
{
    return std::string{"<system>"} + k_systems +
           "<memory_region name=\"beside\" size=\"0x1000\" />"
           "<guest name=\"g\" image=\"g.elf\" ram=\"0x8000000\"" +
           attributes + ">" + parts + "</guest></system>";
}

TEST(Options, ArriveWhereTheVmmReadsThem)
{
    const auto layout =
        expand(guest("<console serial=\"serial\" without=\"multiport\" name=\"main\" />"
                     "<disk blk=\"disk\" queues=\"4\" read_only=\"true\" id=\"the disk\" />"
                     "<console serial=\"serial\" name=\"log\" />"
                     "<nic net=\"net\" mtu=\"1200\" without=\"ctrl_vq, event_idx,ring_reset\" />"));
    ASSERT_TRUE(layout) << layout.error().what;
    const auto options = section<vmm::GuestOptions>(file(*layout, "g/options_g"));
    ASSERT_TRUE(options.is_valid());
    EXPECT_EQ(options.device(0).without, 1u << 1);
    EXPECT_EQ(options.port_name(0), "main");
    EXPECT_EQ(options.port_name(1), "log");
    EXPECT_EQ(options.port_name(2), "");
    EXPECT_EQ(options.device(1).queues, 4u);
    EXPECT_EQ(options.device(1).read_only, 1u);
    EXPECT_EQ(std::string_view{options.device(1).id.data()}, "the disk");
    EXPECT_EQ(options.device(2).mtu, 1200u);
    EXPECT_EQ(options.device(2).without, 1ULL << 17 | 1ULL << 29 | 1ULL << 40);
    EXPECT_EQ(options.device(3), vmm::DeviceOptions{});
    // They are ours; the classes of sDDF know nothing of them.
    EXPECT_EQ(layout->description().find("without"), std::string::npos);
}

TEST(Options, WithoutAnyThereIsNoSection)
{
    const auto layout = expand(guest("<console serial=\"serial\" /><disk blk=\"disk\" />"
                                     "<nic net=\"net\" />"));
    ASSERT_TRUE(layout) << layout.error().what;
    EXPECT_TRUE(std::ranges::none_of(
        layout->config_files(), [](const auto& file) { return file.section == ".vmm_options"; }));
    EXPECT_FALSE(vmm::GuestOptions{}.is_valid());
    EXPECT_EQ(vmm::GuestOptions{}.device(0), vmm::DeviceOptions{});
}

TEST(Options, AGuestsDomainTakesABudgetAndMemoryOfItsOwn)
{
    const auto layout = expand(guest("<console serial=\"serial\" /><disk blk=\"disk\" />"
                                     "<nic net=\"net\" />"
                                     "<map mr=\"beside\" vaddr=\"0x50000000\" perms=\"rw\" />",
                                     " budget=\"100\" period=\"200\""));
    ASSERT_TRUE(layout) << layout.error().what;
    const World world{*layout};
    EXPECT_EQ(world.region("g", {.vaddr = 0x5000'0000, .size = 0x1000}), "beside");
    EXPECT_NE(layout->description().find("budget=\"100\" period=\"200\""), std::string::npos);
}

} // namespace
