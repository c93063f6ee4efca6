// SPDX-License-Identifier: BSD-2-Clause
// What sections become: devices at their places, and a device tree that has them.
#include "section_devices_fixture.hpp"

#include "fdt/reader.hpp"
#include "fdt/writer.hpp"

#include <gmock/gmock.h>

#include <memory>

namespace {

using machine_test::SectionDevices;
using testing::HasSubstr;
using Kind = vmm::GuestConfig::Kind;

TEST_F(SectionDevices, AGuestWithoutDevices)
{
    attach_all();
    ASSERT_TRUE(boots());
    EXPECT_EQ(machine.vcpus(), 2u);
    EXPECT_EQ(machine.memory().size(), machine_test::k_ram_size);
    EXPECT_EQ(machine.memory().regions()[0].guest.start().raw(), ram_address);
    EXPECT_EQ(devices.console(), nullptr);
    EXPECT_EQ(devices.disk(0), nullptr);
    EXPECT_EQ(devices.nic(0), nullptr);
    EXPECT_EQ(devices.sound(), nullptr);
}

TEST_F(SectionDevices, EverythingTwice)
{
    add(Kind::console);
    add(Kind::block);
    add(Kind::network);
    add(Kind::network);
    add(Kind::block);
    add(Kind::entropy);
    for (const std::size_t i : {0U, 1U}) {
        add_serial(i);
        add_block(i);
        add_network(i);
    }
    add_entropy();
    attach_all();
    ASSERT_TRUE(boots()) << fake.debug_output;
    EXPECT_EQ(machine.state(), vmm::Machine::State::off); // no random bytes for its seeds yet
    (void)random.put(std::string(100, 'r'));
    notify(38);
    ASSERT_EQ(machine.state(), vmm::Machine::State::running);
    EXPECT_EQ(random.take().size(), 100u - 72) << "seeds were taken from it";
    for (unsigned i = 0; const std::uint32_t id : {3U, 2U, 1U, 1U, 2U, 4U}) {
        EXPECT_EQ(device_id(i++), id);
    }
    // The second disk is the second section's.
    EXPECT_TRUE(data_abort(k_first + 0x200 * 4 + 0x100, machine_test::load(2, 2)));
    EXPECT_EQ(fake.vcpu(0).x(2), 32u * 8);
    // Both ports.
    EXPECT_TRUE(data_abort(k_first + 0x104, machine_test::load(2, 2)));
    EXPECT_EQ(fake.vcpu(0).x(2), 2u);
    for (const unsigned channel : {10U, 11U, 12U, 13U, 20U, 21U, 30U, 31U, 32U, 33U}) {
        EXPECT_TRUE(vmm::dispatcher.notified(microkit::Channel{channel})) << channel;
    }
    EXPECT_FALSE(vmm::dispatcher.notified(microkit::Channel{22}));
}

TEST_F(SectionDevices, ASoundCard)
{
    add(Kind::sound);
    add_sound();
    attach_all();
    ASSERT_TRUE(boots()) << fake.debug_output;
    EXPECT_EQ(device_id(0), 25u);
    ASSERT_NE(devices.sound(), nullptr);
    EXPECT_TRUE(vmm::dispatcher.notified(microkit::Channel{39}));
}

TEST_F(SectionDevices, AnEmergencyWriteReachesTheSerialLine)
{
    add(Kind::console);
    add_serial(0);
    attach_all();
    ASSERT_TRUE(boots());
    fake.vcpu(0).set_x(1, '!');
    EXPECT_TRUE(data_abort(k_first + 0x108, machine_test::store(2, 1)));
    EXPECT_EQ(out[0].take(), "!");
    fake.end_of_entry_point();
    EXPECT_EQ(fake.notifications, std::vector{10U});
}

TEST_F(SectionDevices, ASocketDeviceWithItsLinks)
{
    add(Kind::socket);
    add_vsock(7);
    attach_all();
    ASSERT_TRUE(boots()) << fake.debug_output;
    EXPECT_EQ(device_id(0), 19U);
    ASSERT_NE(devices.socket(), nullptr);
    EXPECT_EQ(devices.socket()->cid(), 7U);
    EXPECT_TRUE(data_abort(k_first + 0x100, machine_test::load(2, 2)));
    EXPECT_EQ(fake.vcpu(0).x(2), 7U) << "the guest reads it in the configuration space";
    EXPECT_TRUE(vmm::dispatcher.notified(microkit::Channel{40}));
    fake.end_of_entry_point();
    EXPECT_EQ(fake.notifications, std::vector{40U}) << "the other end hears of us";
}

TEST_F(SectionDevices, ASocketDeviceOfTheHost)
{
    add(Kind::socket);
    add_vsock(2);
    attach_all();
    EXPECT_FALSE(boots());
    EXPECT_THAT(fake.debug_output, HasSubstr("two ends of vsock links have the same context ID"));
    EXPECT_THAT(fake.debug_output, HasSubstr("a guest cannot have this vsock context ID (0x2): 3"));
}

TEST_F(SectionDevices, OptionsOfTheDeviceAtTheSamePlace)
{
    add(Kind::block);
    add(Kind::block);
    add_block(0);
    add_block(1);
    options.magic                = vmm::GuestOptions::k_magic;
    options.devices[1].read_only = 1;
    attach_all();
    ASSERT_TRUE(boots());
    const auto features = [&](unsigned index) {
        EXPECT_TRUE(data_abort(k_first + 0x200 * index + 0x10, machine_test::load(2, 2)));
        return fake.vcpu(0).x(2);
    };
    EXPECT_EQ(features(0) & virtio::Block::k_feature_ro, 0u);
    EXPECT_NE(features(1) & virtio::Block::k_feature_ro, 0u);
}

TEST_F(SectionDevices, GuestRamThatADiskReachesIsLessForTheGuest)
{
    add(Kind::block);
    servers[0] = kit::FakeBlockServer{
        64, 8, 16, {reinterpret_cast<std::byte*>(ram_address), machine_test::k_ram_size}};
    add_block(0);
    attach_all();
    ASSERT_TRUE(boots());
    EXPECT_EQ(machine.memory().size(), machine_test::k_ram_size - (512 << 10));
}

TEST_F(SectionDevices, InterruptsOfPassedThroughDevicesComeFromTheSection)
{
    guest.num_interrupts = 1;
    guest.interrupts[0]  = {.channel = 50, .intid = 33};
    attach_all();
    machine.passthrough(machine_test::k_uart);
    ASSERT_TRUE(boots());
    enable_interrupt(33);
    notify(50);
    ASSERT_FALSE(fake.injections.empty());
    EXPECT_EQ(fake.injections.back().interrupt.intid, 33);
}

/// A tree with a device at 0x0a00'3e00, as tools/sysgen writes one.
std::size_t write_nodes(std::span<std::byte> room)
{
    fdt::Writer tree{room};
    tree.begin_node("");
    tree.begin_node("virtio_mmio", 0x0a00'3e00);
    tree.property_string("compatible", "virtio,mmio");
    tree.property_cells("reg", {0, 0x0a00'3e00, 0, 0x200});
    tree.property_cells("interrupts", {0, 200, 1});
    tree.begin_node("slot");
    tree.property_empty("removable");
    tree.end_node();
    tree.end_node();
    tree.begin_node("serial", 0x900'0000);
    tree.property_cells("reg", {0, 0x900'0000, 0, 0x1000});
    tree.end_node();
    tree.end_node();
    return tree.finish().value();
}

TEST_F(SectionDevices, PassedThroughDevicesNeedNoLineOfCode)
{
    guest.num_interrupts = 2;
    guest.interrupts[0]  = {.channel = 50, .intid = 232}; // beyond what guests have by default
    guest.interrupts[1]  = {.channel = 51, .intid = 33};
    vmm::PassedThrough passed{.magic = vmm::PassedThrough::k_magic, .edges = 1};
    passed.node_size = static_cast<std::uint32_t>(write_nodes(passed.nodes));
    from.passed      = &passed;
    attach_all();
    machine.passthrough(machine_test::k_uart); // it may be said as well
    ASSERT_TRUE(boots());
    enable_interrupt(232);
    notify(50);
    ASSERT_FALSE(fake.injections.empty());
    EXPECT_EQ(fake.injections.back().interrupt.intid, 232);

    // Where x0 points; the guest has its RAM where we have it.
    const auto tree = fdt::Tree::create(
        {reinterpret_cast<const std::byte*>(fake.vcpu(0).x(0)), vmm::k_device_tree_room});
    ASSERT_TRUE(tree);
    const auto node = tree->find("/virtio_mmio@a003e00");
    ASSERT_TRUE(node);
    EXPECT_TRUE(node->is_compatible("virtio,mmio"));
    EXPECT_TRUE(node->child("slot"));
}

} // namespace
