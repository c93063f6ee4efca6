// SPDX-License-Identifier: BSD-2-Clause
// <sound>: sections as lib/sddf declares them, and each link followed to its other end.
#include "kit.hpp"
#include "world.hpp"

#include "sddf/sound.hpp"
#include "sddf/timer.hpp"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace {

using namespace sysgen::test;
using sddf::sound::Connection;

void expect_link(const World& world, const std::string& a, const Connection& at_a,
                 const std::string& b, const Connection& at_b)
{
    world.same(a, at_a.state, b, at_b.state);
    world.same(a, at_a.cmd_req, b, at_b.cmd_req);
    world.same(a, at_a.cmd_resp, b, at_b.cmd_resp);
    world.same(a, at_a.pcm_req, b, at_b.pcm_req);
    world.same(a, at_a.pcm_resp, b, at_b.pcm_resp);
    world.joined(a, at_a.id, b, at_b.id);
    // The page is told, not asked.
    EXPECT_TRUE(world.writable(a, world.region(a, at_a.state)));
    EXPECT_FALSE(world.writable(b, world.region(b, at_b.state)));
    // What the rings must hold.
    using namespace sddf::sound;
    EXPECT_GE(at_a.cmd_req.size, CommandProducer::bytes_for(k_command_capacity));
    EXPECT_GE(at_a.pcm_req.size, PcmProducer::bytes_for(k_pcm_capacity));
    EXPECT_GE(at_a.state.size, sizeof(SharedState));
}

std::vector<sysgen::ConfigFile> files_of(const sysgen::Layout& layout, const std::string& domain,
                                         const std::string& wanted)
{
    std::vector<sysgen::ConfigFile> found;
    for (const auto& it : layout.config_files()) {
        if (it.domain == domain && it.section == wanted) {
            found.push_back(it);
        }
    }
    return found;
}

TEST(SysgenSound, LinksMeet)
{
    const auto layout = expand(R"(<system>
        <sound name="card" device="virtio_mmio.27" />
        <guest name="one" image="g.elf" ram="0x8000000"><sound sound="card" capture="0" /></guest>
        <protection_domain name="native" priority="90">
            <program_image path="native.elf" />
            <use sound="card" playback="2" capture="3" size="0x8000" />
        </protection_domain></system>)");
    ASSERT_TRUE(layout) << layout.error().what;
    const World world{*layout};
    const auto  driver = section<sddf::sound::DriverConfig>(file(*layout, "card/sound_driver"));
    const auto  virt   = section<sddf::sound::VirtConfig>(file(*layout, "card/sound_virt"));
    EXPECT_TRUE(driver.is_valid());
    EXPECT_TRUE(virt.is_valid());
    expect_link(world, "card_driver", driver.virt, "card_virt", virt.driver);
    ASSERT_EQ(virt.num_clients, 2U);
    const char* const names[] = {"one", "native"};
    for (std::size_t i = 0; i < 2; ++i) {
        const std::string name = names[i];
        const auto        client =
            section<sddf::sound::ClientConfig>(file(*layout, "card/sound_client_" + name));
        EXPECT_TRUE(client.is_valid());
        expect_link(world, "card_virt", virt.clients[i].connection, name, client.virt);
        world.same("card_virt", virt.clients[i].data.region, name, client.data);
        EXPECT_EQ(virt.clients[i].data.io_addr, world.physical(world.region(name, client.data)));
        EXPECT_EQ(client.first, 0U);
        EXPECT_EQ(client.size, client.data.size);
    }
    EXPECT_EQ(virt.clients[0].data.region.size, 0x4'0000U);
    EXPECT_EQ(virt.clients[1].data.region.size, 0x8000U);
    EXPECT_EQ(virt.clients[0].playback, 1);
    EXPECT_EQ(virt.clients[0].capture, 0);
    EXPECT_EQ(virt.clients[1].playback, 2);
    EXPECT_EQ(virt.clients[1].capture, 3);
    // Without a timer nobody can tell that a client is gone.
    EXPECT_TRUE(files_of(*layout, "card_virt", ".timer_client_config").empty());
    // Whoever provides the card is told what is asked of it.
    ASSERT_EQ(layout->devices().size(), 1U);
    EXPECT_EQ(layout->devices()[0].playback, 3U);
    EXPECT_EQ(layout->devices()[0].capture, 3U);
}

TEST(SysgenSound, TheVirtualiserUsesATimerThatIsThere)
{
    const auto layout = expand(R"(<system>
        <timer name="clock" />
        <sound name="card" device="virtio_mmio.27" />
        <protection_domain name="native" priority="90">
            <program_image path="native.elf" /><use sound="card" />
        </protection_domain></system>)");
    ASSERT_TRUE(layout) << layout.error().what;
    const World world{*layout};
    const auto  files = files_of(*layout, "card_virt", ".timer_client_config");
    ASSERT_EQ(files.size(), 1U);
    const auto config = section<sddf::timer::ClientConfig>(files[0]);
    EXPECT_TRUE(config.is_valid());
    const auto virt = section<sddf::sound::VirtConfig>(file(*layout, "card/sound_virt"));
    EXPECT_NE(config.driver_id, virt.driver.id);
}

} // namespace
