// SPDX-License-Identifier: BSD-2-Clause
// A machine made from configuration sections, as a system generator fills them.
#include "fdt/reader.hpp"
#include "fdt/writer.hpp"
#include "kit/fake_block_server.hpp"
#include "kit/fake_sound_server.hpp"
#include "kit/sddf_links.hpp"
#include "virtio_machine.hpp"
#include "vmm/section_devices.hpp"

#include <gmock/gmock.h>

#include <memory>

namespace {

using machine_test::k_ram_size;
using machine_test::MachineTest;
using testing::HasSubstr;
using Kind = vmm::GuestConfig::Kind;

class SectionDevices : public MachineTest {
protected:
    static constexpr std::uint64_t k_first = 0x0a00'0000;

    SectionDevices()
    {
        guest.magic     = {'v', 'm', 'm'};
        guest.ram       = ram_address; // the guest has it where we have it
        guest.ram_size  = k_ram_size;
        guest.num_vcpus = 2;
        guest.vcpus[1]  = 1;
        timer           = {.magic = sddf::magic_of(sddf::Class::timer), .driver_id = 9};
        from.guest      = &guest;
        from.options    = &options;
        from.timer      = &timer;
        from.entropy    = &entropy;
        from.vsock      = &vsock;
        from.sound      = &sound;
        for (std::size_t i = 0; i < vmm::Sections::k_most; ++i) {
            from.serial[i]  = &serial[i];
            from.block[i]   = &block[i];
            from.network[i] = &network[i];
        }
    }

    void add(Kind kind)
    {
        const unsigned index = guest.num_devices++;
        guest.devices[index] = {
            .kind = kind, .base = k_first + 0x200 * index, .size = 0x200, .intid = 159 - index};
    }
    void add_serial(std::size_t index)
    {
        serial[index].magic = sddf::magic_of(sddf::Class::serial);
        serial[index].tx    = out[index].connection(static_cast<std::uint8_t>(10 + 2 * index));
        serial[index].rx    = in[index].connection(static_cast<std::uint8_t>(11 + 2 * index));
    }
    void add_block(std::size_t index)
    {
        block[index]         = servers[index % servers.size()].config();
        block[index].virt.id = static_cast<std::uint8_t>(20 + index);
    }
    void add_network(std::size_t index)
    {
        network[index].magic    = sddf::magic_of(sddf::Class::network);
        network[index].rx       = rx[index].connection(static_cast<std::uint8_t>(30 + 2 * index));
        network[index].tx       = tx[index].connection(static_cast<std::uint8_t>(31 + 2 * index));
        network[index].rx_data  = frames[index].region();
        network[index].tx_data  = frames[index].region();
        network[index].mac_addr = {0x52, 0x54, 0, 0, 0, static_cast<std::uint8_t>(index)};
    }
    void add_entropy()
    {
        entropy = {.magic = sddf::entropy::k_magic, .stream = random.connection(38)};
    }

    void add_sound()
    {
        sound         = card.config();
        sound.virt.id = 39;
    }
    /// A link to somebody with the context ID 2, on channel 40.
    void add_vsock(std::uint32_t cid)
    {
        vsock.magic     = vsock::k_config_magic;
        vsock.cid       = cid;
        vsock.num_links = 1;
        vsock.links[0]  = {
             .own = ring[0].region(), .peer = ring[1].region(), .cid = 2, .channel = 40};
    }

    void attach_all() { devices.attach_to(machine, from); }
    bool boots() { return machine.boot(vmm::Image{.bytes = kernel_bytes()}); }

    std::uint32_t device_id(unsigned index)
    {
        EXPECT_TRUE(data_abort(k_first + 0x200 * index + 8, machine_test::load(2, 2)));
        return static_cast<std::uint32_t>(fake.vcpu(0).x(2));
    }

    vmm::GuestConfig                           guest{};
    vmm::GuestOptions                          options{};
    sddf::timer::ClientConfig                  timer{};
    sddf::entropy::ClientConfig                entropy{};
    sddf::sound::ClientConfig                  sound{};
    std::array<sddf::serial::ClientConfig, 4>  serial{};
    std::array<sddf::block::ClientConfig, 4>   block{};
    std::array<sddf::network::ClientConfig, 4> network{};
    vsock::Config                              vsock{};
    vmm::Sections                              from{};

    std::array<kit::SerialLink, 4>      out;
    std::array<kit::SerialLink, 4>      in;
    std::array<kit::FakeBlockServer, 2> servers{kit::FakeBlockServer{64, 8, 16},
                                                kit::FakeBlockServer{32, 8, 16}};
    std::array<kit::NetLink, 2>         rx;
    std::array<kit::NetLink, 2>         tx;
    std::array<kit::Memory, 2>          frames{kit::Memory{8 * 2048}, kit::Memory{8 * 2048}};
    std::array<kit::Memory, 2>          ring{kit::Memory{4096}, kit::Memory{4096}};
    kit::SerialLink                     random{4096};
    kit::FakeSoundServer                card;

    vmm::SectionDevices devices;
};

TEST_F(SectionDevices, AGuestWithoutDevices)
{
    attach_all();
    ASSERT_TRUE(boots());
    EXPECT_EQ(machine.vcpus(), 2u);
    EXPECT_EQ(machine.memory().size(), k_ram_size);
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

TEST_F(SectionDevices, ASecondSoundCardIsRefused)
{
    add(Kind::sound);
    add(Kind::sound);
    add_sound();
    attach_all();
    EXPECT_FALSE(boots());
    EXPECT_THAT(fake.debug_output, HasSubstr("has a second sound card"));
}

TEST_F(SectionDevices, MoreThanThereIsRoomForIsRefused)
{
    for (std::size_t i = 0; i < vmm::Sections::k_most; ++i) {
        add(Kind::block);
        add_block(i);
    }
    add(Kind::sound);
    add_sound();
    attach_all();
    EXPECT_FALSE(boots());
    EXPECT_THAT(fake.debug_output, HasSubstr("too little room for all devices"));
}

TEST_F(SectionDevices, ASoundClientWithoutADevice)
{
    add_sound();
    attach_all();
    EXPECT_FALSE(boots());
    EXPECT_THAT(fake.debug_output, HasSubstr("but .vmm_config has no device for it"));
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
    servers[0] =
        kit::FakeBlockServer{64, 8, 16, {reinterpret_cast<std::byte*>(ram_address), k_ram_size}};
    add_block(0);
    attach_all();
    ASSERT_TRUE(boots());
    EXPECT_EQ(machine.memory().size(), k_ram_size - (512 << 10));
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

TEST_F(SectionDevices, ADamagedSectionOfPassedThroughDevices)
{
    vmm::PassedThrough passed{.magic = vmm::PassedThrough::k_magic, .num_calls = 65};
    from.passed = &passed;
    attach_all();
    EXPECT_FALSE(boots());
}

TEST_F(SectionDevices, NoSectionAtAll)
{
    guest = {};
    attach_all();
    EXPECT_FALSE(boots());
    EXPECT_THAT(fake.debug_output, HasSubstr("the section .vmm_config was not filled in: write it "
                                             "into the program with objcopy --update-section"));
}

TEST_F(SectionDevices, AListThatIsTooLong)
{
    guest.num_devices = 33;
    attach_all();
    EXPECT_FALSE(boots());
    EXPECT_THAT(fake.debug_output, HasSubstr("longer than it can be"));
}

TEST_F(SectionDevices, VcpusWithAGap)
{
    guest.vcpus[1] = 2;
    attach_all();
    EXPECT_FALSE(boots());
    EXPECT_THAT(fake.debug_output, HasSubstr("do not follow each other"));
}

TEST_F(SectionDevices, ADeviceWithoutAClient)
{
    for (const Kind kind :
         {Kind::console, Kind::block, Kind::network, Kind::entropy, Kind::socket, Kind::sound}) {
        add(kind);
    }
    attach_all();
    EXPECT_FALSE(boots());
    EXPECT_THAT(fake.debug_output, HasSubstr("has a sound card, but no client"));
    EXPECT_THAT(fake.debug_output, HasSubstr("has a console, but no serial client"));
    EXPECT_THAT(fake.debug_output, HasSubstr("more disks or network cards than"));
    EXPECT_THAT(fake.debug_output, HasSubstr("has an entropy device, but no client"));
    EXPECT_THAT(fake.debug_output, HasSubstr("has a socket device, but no links are filled in"));
}

TEST_F(SectionDevices, AClientWithoutADevice)
{
    add_block(0);
    attach_all();
    EXPECT_FALSE(boots());
    EXPECT_THAT(fake.debug_output, HasSubstr("but .vmm_config has no device for it"));
}

TEST_F(SectionDevices, LinksWithoutADevice)
{
    add_vsock(7);
    attach_all();
    EXPECT_FALSE(boots());
    EXPECT_THAT(fake.debug_output, HasSubstr("but .vmm_config has no device for it"));
}

TEST_F(SectionDevices, TwoConsolesAndAKindThatNobodyKnows)
{
    add_serial(0);
    add(Kind::console);
    add(Kind::console);
    add(static_cast<Kind>(99));
    attach_all();
    EXPECT_FALSE(boots());
    EXPECT_THAT(fake.debug_output, HasSubstr("further serial clients are ports of the first"));
    EXPECT_THAT(fake.debug_output, HasSubstr("a kind that is not known here (0x63)"));
}

TEST_F(SectionDevices, AChannelThatTwoDevicesWant)
{
    add(Kind::block);
    add(Kind::block);
    add_block(0);
    add_block(1);
    block[1].virt.id = block[0].virt.id;
    attach_all();
    EXPECT_FALSE(boots());
    EXPECT_THAT(fake.debug_output, HasSubstr("a channel is used twice"));
}

} // namespace
