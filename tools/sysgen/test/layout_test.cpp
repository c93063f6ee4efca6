// SPDX-License-Identifier: BSD-2-Clause
// A whole system: every section is read as lib/sddf declares it, and every address, size and
// channel in it is followed to the other end.
#include "kit.hpp"
#include "world.hpp"

#include "sddf/block.hpp"
#include "sddf/entropy.hpp"
#include "sddf/network.hpp"
#include "sddf/serial.hpp"
#include "sddf/timer.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

namespace {

using namespace sysgen::test;
using sysgen::Layout;

const Layout& layout()
{
    static const Layout layout = expand_file("two_guests.layout.xml");
    return layout;
}
const World& world()
{
    static const World world{layout()};
    return world;
}

template <class T>
T get(const std::string& name)
{
    return section<T>(file(layout(), name));
}

void expect_link(const std::string& a, const sddf::serial::Connection& at_a, const std::string& b,
                 const sddf::serial::Connection& at_b)
{
    world().same(a, at_a.queue, b, at_b.queue);
    world().same(a, at_a.data, b, at_b.data);
    world().joined(a, at_a.id, b, at_b.id);
}
void expect_link(const std::string& a, const sddf::block::Connection& at_a, const std::string& b,
                 const sddf::block::Connection& at_b)
{
    world().same(a, at_a.storage_info, b, at_b.storage_info);
    world().same(a, at_a.req_queue, b, at_b.req_queue);
    world().same(a, at_a.resp_queue, b, at_b.resp_queue);
    world().joined(a, at_a.id, b, at_b.id);
    EXPECT_EQ(at_a.num_buffers, at_b.num_buffers);
}
void expect_link(const std::string& a, const sddf::network::Connection& at_a, const std::string& b,
                 const sddf::network::Connection& at_b)
{
    world().same(a, at_a.free_queue, b, at_b.free_queue);
    world().same(a, at_a.active_queue, b, at_b.active_queue);
    world().joined(a, at_a.id, b, at_b.id);
    EXPECT_EQ(at_a.num_buffers, at_b.num_buffers);
}

TEST(SysgenSerial, LinksMeet)
{
    const auto driver = get<sddf::serial::DriverConfig>("serial/serial_driver");
    const auto tx     = get<sddf::serial::TxVirtConfig>("serial/serial_virt_tx");
    const auto rx     = get<sddf::serial::RxVirtConfig>("serial/serial_virt_rx");
    EXPECT_EQ(driver.magic, sddf::magic_of(sddf::Class::serial));
    EXPECT_EQ(driver.default_baud, 115'200U);
    expect_link("serial_driver", driver.tx, "serial_virt_tx", tx.driver);
    expect_link("serial_driver", driver.rx, "serial_virt_rx", rx.driver);
    ASSERT_EQ(tx.num_clients, 3U);
    ASSERT_EQ(rx.num_clients, 3U);
    const char* const files[]   = {"one", "two", "two_1"};
    const char* const domains[] = {"one", "two", "two"};
    for (std::size_t i = 0; i < 3; ++i) {
        const auto client =
            get<sddf::serial::ClientConfig>(std::string{"serial/serial_client_"} + files[i]);
        expect_link(domains[i], client.tx, "serial_virt_tx", tx.clients[i].connection);
        expect_link(domains[i], client.rx, "serial_virt_rx", rx.clients[i]);
    }
    EXPECT_STREQ(tx.clients[0].name.data(), "one");
    EXPECT_STREQ(tx.clients[2].name.data(), "two's log");
    EXPECT_STREQ(tx.begin_str.data(), "Begin input\r\n");
    EXPECT_EQ(rx.switch_char, 28);
    EXPECT_EQ(rx.terminate_num_char, 13);
    // A virtualiser that adds colours must never wait for more room than there is.
    EXPECT_GE(driver.tx.data.size, tx.clients[0].connection.data.size + 9);
}

TEST(SysgenSerial, AnOnlyClientHasTheLineAsItIs)
{
    const auto layout = expand(R"(<system>
        <serial name="serial" device="uart0" />
        <protection_domain name="one"><program_image path="one.elf" /><use serial="serial" />
        </protection_domain></system>)")
                            .value();
    const auto tx = section<sddf::serial::TxVirtConfig>(file(layout, "serial/serial_virt_tx"));
    EXPECT_FALSE(tx.enable_colour);
    EXPECT_STREQ(tx.begin_str.data(), "");
}

TEST(SysgenBlk, LinksMeet)
{
    const auto driver = get<sddf::block::DriverConfig>("disk/blk_driver");
    const auto virt   = get<sddf::block::VirtConfig>("disk/blk_virt");
    expect_link("disk_driver", driver.virt, "disk_virt", virt.driver.connection);
    EXPECT_EQ(driver.virt.num_buffers, 128 + 64 + 128);
    EXPECT_EQ(world().physical(world().region("disk_virt", virt.driver.data.region)),
              virt.driver.data.io_addr);
    ASSERT_EQ(virt.num_clients, 3U);
    const char* const names[] = {"one", "two", "native"};
    for (std::uint32_t i = 0; i < 3; ++i) {
        const auto client =
            get<sddf::block::ClientConfig>(std::string{"disk/blk_client_"} + names[i]);
        expect_link("disk_virt", virt.clients[i].connection, names[i], client.virt);
        world().same("disk_virt", virt.clients[i].data.region, names[i], client.data);
        EXPECT_EQ(virt.clients[i].data.io_addr,
                  world().physical(world().region(names[i], client.data)));
        EXPECT_EQ(virt.clients[i].partition, i);
        const auto info = world().region(names[i], client.virt.storage_info);
        EXPECT_TRUE(world().writable("disk_virt", info));
        EXPECT_FALSE(world().writable(names[i], info));
    }
    // The guest's own RAM serves as buffers, mapped once.
    const auto two = get<sddf::block::ClientConfig>("disk/blk_client_two");
    EXPECT_EQ(world().region("two", two.data), "two_ram");
    EXPECT_EQ(two.data.vaddr, 0x4000'0000U);
}

TEST(SysgenNet, LinksMeetThroughTheSwitch)
{
    const auto driver  = get<sddf::network::DriverConfig>("net/net_driver");
    const auto rx      = get<sddf::network::RxVirtConfig>("net/net_virt_rx");
    const auto tx      = get<sddf::network::TxVirtConfig>("net/net_virt_tx");
    const auto vswitch = get<sddf::network::SwitchConfig>("net/net_vswitch");
    expect_link("net_driver", driver.virt_rx, "net_virt_rx", rx.driver);
    expect_link("net_driver", driver.virt_tx, "net_virt_tx", tx.driver);
    EXPECT_EQ(rx.data.io_addr, world().physical(world().region("net_virt_rx", rx.data.region)));
    EXPECT_FALSE(world().writable("net_virt_rx", "net_rx_dma"));

    // To the virtualisers the switch is one client with everybody's addresses and buffers.
    ASSERT_EQ(rx.num_clients, 1U);
    ASSERT_EQ(tx.num_clients, 1U);
    EXPECT_EQ(rx.clients[0].num_macs, 2U);
    EXPECT_EQ(tx.clients[0].num_regions, 2U);
    ASSERT_EQ(vswitch.num_ports, 3U);
    expect_link("net_virt_rx", rx.clients[0].connection, "net_vswitch", vswitch.ports[2].tx);
    expect_link("net_virt_tx", tx.clients[0].connection, "net_vswitch", vswitch.ports[2].rx);
    world().same("net_vswitch", vswitch.ports[2].tx_data, "net_virt_rx", rx.data.region);

    const char* const names[] = {"one", "two"};
    for (std::size_t i = 0; i < 2; ++i) {
        const std::string name   = names[i];
        const auto        copier = "net_" + name + "_copy";
        const auto        client = get<sddf::network::ClientConfig>("net/net_client_" + name);
        const auto        copy   = get<sddf::network::CopierConfig>("net/net_copy_" + copier);
        expect_link("net_vswitch", vswitch.ports[i].rx, copier, copy.rx);
        expect_link(copier, copy.client, name, client.rx);
        expect_link(name, client.tx, "net_vswitch", vswitch.ports[i].tx);
        world().same(copier, copy.client_data, name, client.rx_data);
        world().same("net_vswitch", vswitch.ports[i].tx_data, name, client.tx_data);
        world().same("net_virt_tx", tx.clients[0].regions[i].region.region, name, client.tx_data);
        EXPECT_EQ(tx.clients[0].regions[i].region.io_addr,
                  world().physical("net_" + name + "_tx_data"));
        EXPECT_EQ(tx.clients[0].regions[i].num_buffers, 256U);
        EXPECT_EQ(rx.clients[0].mac_addrs[i], client.mac_addr);
        EXPECT_EQ(vswitch.ports[i].mac_addr, client.mac_addr);
        // A frame lies in the sender's buffers, or in those of the device.
        for (std::size_t port = 0; port < 2; ++port) {
            world().same(copier, copy.rx_data[port], "net_vswitch", vswitch.ports[port].tx_data);
        }
        world().same(copier, copy.rx_data[2], "net_virt_rx", rx.data.region);
    }
    EXPECT_EQ(vswitch.ports[0].acl, 0b110U);
    EXPECT_EQ(vswitch.ports[1].acl, 0b001U);
    EXPECT_EQ(vswitch.ports[2].acl, 0b001U);
    EXPECT_EQ(get<sddf::network::ClientConfig>("net/net_client_two").mac_addr,
              (sddf::network::MacAddress{0x52, 0x54, 0, 0, 0, 2}));
}

TEST(SysgenNet, LinksMeetWithoutASwitch)
{
    const auto plain = sysgen::test::expand(R"(<system>
        <net name="net" device="virtio_mmio.30" />
        <protection_domain name="a"><program_image path="a.elf" /><use net="net" /></protection_domain>
        <protection_domain name="b"><program_image path="b.elf" /><use net="net" buffers="64" /></protection_domain>
    </system>)");
    ASSERT_TRUE(plain);
    const World there{*plain};
    const auto  rx = section<sddf::network::RxVirtConfig>(file(*plain, "net/net_virt_rx"));
    const auto  tx = section<sddf::network::TxVirtConfig>(file(*plain, "net/net_virt_tx"));
    ASSERT_EQ(rx.num_clients, 2U);
    ASSERT_EQ(tx.num_clients, 2U);
    EXPECT_EQ(tx.driver.num_buffers, 1024U) << "the next power of two above 512 + 64";
    for (std::size_t i = 0; i < 2; ++i) {
        const std::string name(1, static_cast<char>('a' + i));
        const auto        client =
            section<sddf::network::ClientConfig>(file(*plain, "net/net_client_" + name));
        const auto copy = section<sddf::network::CopierConfig>(
            file(*plain, "net/net_copy_net_" + name + "_copy"));
        there.joined("net_virt_rx", rx.clients[i].connection.id, "net_" + name + "_copy",
                     copy.rx.id);
        there.joined("net_virt_tx", tx.clients[i].connection.id, name, client.tx.id);
        there.same("net_" + name + "_copy", copy.rx_data[0], "net_virt_rx", rx.data.region);
        EXPECT_EQ(rx.clients[i].mac_addrs[0], client.mac_addr);
        EXPECT_EQ(client.tx.num_buffers, i == 0 ? 512 : 64);
    }
    EXPECT_NE(rx.clients[0].mac_addrs[0], rx.clients[1].mac_addrs[0]);
}

TEST(SysgenTimer, ClientsCallTheDriver)
{
    for (const std::string name : {"one", "two", "native"}) {
        const auto client = get<sddf::timer::ClientConfig>("timer/timer_client_" + name);
        bool       found  = false;
        for (const auto& channel : world().system().channels) {
            const auto& [a, b] = channel.ends;
            if (a.pd == name && a.id == client.driver_id) {
                found = true;
                EXPECT_TRUE(a.pp);
                EXPECT_FALSE(a.notify);
                EXPECT_EQ(b.pd, "timer_driver");
                EXPECT_TRUE(b.notify);
            }
        }
        EXPECT_TRUE(found) << name;
    }
    EXPECT_TRUE(world().domain("timer_driver").passive);
}

TEST(SysgenEntropy, EachClientHasARingThatNobodyElseSees)
{
    const auto driver = get<sddf::entropy::DriverConfig>("rng/entropy_driver");
    EXPECT_TRUE(driver.is_valid());
    ASSERT_EQ(driver.num_clients, 2U);
    const char* const     names[] = {"one", "native"};
    std::set<std::string> regions;
    for (std::size_t i = 0; i < 2; ++i) {
        const auto client =
            get<sddf::entropy::ClientConfig>(std::string{"rng/entropy_client_"} + names[i]);
        EXPECT_TRUE(client.is_valid());
        expect_link("rng_driver", driver.clients[i], names[i], client.stream);
        regions.insert(world().region(names[i], client.stream.queue));
        regions.insert(world().region(names[i], client.stream.data));
    }
    EXPECT_EQ(regions.size(), 4U);
}

TEST(SysgenDriver, ResourcesAreTheDevicesOwn)
{
    const auto resources = get<sddf::DeviceResources>("disk/disk_driver_device_resources");
    ASSERT_EQ(resources.num_regions, 2U);
    ASSERT_EQ(resources.num_irqs, 1U);
    // Slot 31 of QEMU's 32 transports: 0x200 bytes each, eight in a page.
    EXPECT_EQ(resources.regions[0].io_addr, 0x0a00'3000U);
    EXPECT_EQ(resources.regions[0].region.vaddr % 0x1000, 0xe00U);
    EXPECT_EQ(world().region("disk_driver", resources.regions[0].region), "registers_a003000");
    EXPECT_EQ(resources.regions[1].region.size, 65'536U);
    EXPECT_EQ(resources.regions[1].io_addr,
              world().physical(world().region("disk_driver", resources.regions[1].region)));
    const auto& interrupt = world().domain("disk_driver").irqs.at(0);
    EXPECT_EQ(interrupt.number, 32U + 16 + 31);
    EXPECT_TRUE(interrupt.edge);
    EXPECT_EQ(interrupt.id, resources.irqs[0]);
    EXPECT_EQ(interrupt.id, 0U) << "drivers of sDDF take it for granted that interrupts come first";
}

TEST(SysgenGuest, MemoryThatADiskReachesHasAPhysicalAddress)
{
    const auto made = expand(R"(<system>
        <blk name="disk" device="virtio_mmio.31" />
        <guest name="g" image="g.elf" ram="0x8000000"><disk blk="disk" region="g_ram" /></guest>
        </system>)")
                          .value();
    const auto  config = section<sddf::block::VirtConfig>(file(made, "disk/blk_virt"));
    const World seen{made};
    EXPECT_NE(config.clients[0].data.io_addr, 0U);
    EXPECT_EQ(config.clients[0].data.io_addr, seen.physical("g_ram"));
}

TEST(SysgenGuest, ConfigurationSaysWhereItsDevicesAre)
{
    const auto& bytes = file(layout(), "two/vmm_two").bytes;
    const auto  word  = [&](std::size_t offset, std::size_t size) {
        std::uint64_t value = 0;
        __builtin_memcpy(&value, bytes.data() + offset, size);
        return value;
    };
    ASSERT_EQ(bytes.size(), 2136U);
    EXPECT_EQ(word(8, 8), 0x4000'0000U);
    EXPECT_EQ(word(16, 8), 0x800'0000U);
    EXPECT_EQ(word(300, 1), 1U);
    ASSERT_EQ(word(333, 1), 3U) << "two consoles are two ports of one device";
    const std::uint64_t     kinds[] = {3, 2, 1};
    std::set<std::uint64_t> addresses, interrupts;
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(word(336 + 24 * i, 1), kinds[i]);
        addresses.insert(word(336 + 24 * i + 8, 8));
        interrupts.insert(word(336 + 24 * i + 20, 4));
    }
    EXPECT_EQ(addresses.size(), 3U);
    EXPECT_EQ(interrupts.size(), 3U);
    EXPECT_EQ(file(layout(), "one/vmm_one").bytes[300], std::byte{2});
}

TEST(SysgenLayout, AComponentMayHaveAParent)
{
    const auto made = sysgen::test::expand(R"(<system>
        <protection_domain name="keeper" priority="254"><program_image path="k.elf" /></protection_domain>
        <serial name="serial" device="uart0"><virt_tx parent="keeper" id="3" /></serial>
        <protection_domain name="a"><program_image path="a.elf" /><use serial="serial" /></protection_domain>
    </system>)");
    ASSERT_TRUE(made);
    const World there{*made};
    const auto& child = there.domain("serial_virt_tx");
    EXPECT_EQ(child.child_id, 3U);
    EXPECT_TRUE(child.parent);
    EXPECT_FALSE(there.domain("serial_driver").parent);
    const auto tx = section<sddf::serial::TxVirtConfig>(file(*made, "serial/serial_virt_tx"));
    there.joined("serial_virt_tx", tx.clients[0].connection.id, "a",
                 section<sddf::serial::ClientConfig>(file(*made, "serial/serial_client_a")).tx.id);
}

TEST(SysgenLayout, TheSameLayoutMakesTheSameSystem)
{
    EXPECT_EQ(expand_file("two_guests.layout.xml").description(), layout().description());
}

TEST(SysgenLayout, NoTwoRegionsShareMemory)
{
    std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
    for (const auto& region : world().system().regions) {
        if (region.phys_addr) {
            ranges.emplace_back(*region.phys_addr, *region.phys_addr + region.size.value());
        }
    }
    std::ranges::sort(ranges);
    for (std::size_t i = 1; i < ranges.size(); ++i) {
        EXPECT_LE(ranges[i - 1].second, ranges[i].first);
    }
}

// seL4 puts its first objects at the end of RAM, and its tool refuses who wants to be there.
TEST(SysgenLayout, TheEndOfMemoryIsTheKernels)
{
    constexpr std::uint64_t k_ram_start = 0x6000'0000; // of qemu_virt_aarch64
    constexpr std::uint64_t k_ram_end   = 0xc000'0000;
    constexpr std::uint64_t k_kernels   = 0x100'0000;
    unsigned                placed      = 0;
    for (const auto& region : world().system().regions) {
        if (region.phys_addr && *region.phys_addr >= k_ram_start) {
            EXPECT_LE(*region.phys_addr + region.size.value(), k_ram_end - k_kernels)
                << region.name;
            ++placed;
        }
    }
    EXPECT_GT(placed, 0U);
}

TEST(SysgenLayout, WhatIsMicrokitsStaysAsItWas)
{
    const std::string plain =
        "<system>\n    <protection_domain name=\"a\" priority=\"3\">\n"
        "        <program_image path=\"a.elf\" />\n    </protection_domain>\n</system>\n";
    const auto made = sysgen::test::expand(plain);
    ASSERT_TRUE(made);
    EXPECT_EQ(made->description(), plain);
    EXPECT_TRUE(made->programs().empty());
}

// What a build waits for before it has the system made: of the plain domains too, each once.
TEST(SysgenLayout, TheFilesOfAllPrograms)
{
    const auto made = sysgen::test::expand(
        "<system><timer name=\"timer\" />"
        "<serial name=\"serial\" device=\"uart0\"><driver image=\"mine.elf\" /></serial>"
        "<protection_domain name=\"a\" priority=\"3\"><program_image path=\"twice.elf\" />"
        "<use timer=\"timer\" /><use serial=\"serial\" />"
        "<protection_domain name=\"b\" priority=\"2\" id=\"1\">"
        "<program_image path=\"twice.elf\" /></protection_domain></protection_domain></system>");
    ASSERT_TRUE(made) << made.error().what;
    EXPECT_THAT(made->images(),
                testing::ElementsAre("arm_generic_timer.elf", "mine.elf", "serial_virt_rx.elf",
                                     "serial_virt_tx.elf", "twice.elf"));
}

} // namespace
