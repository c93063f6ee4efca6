// SPDX-License-Identifier: BSD-2-Clause
// A machine's console and network card: bytes and frames between a guest and sDDF's rings, woken by
// the right channels.
#include "kit/sddf_links.hpp"
#include "virtio_machine.hpp"
#include "vmm/virtio_console.hpp"
#include "vmm/virtio_network.hpp"

#include <gmock/gmock.h>

namespace {

using machine_test::VirtioMachine;
using testing::Contains;

class MachineWithConsole : public VirtioMachine {
protected:
    static constexpr std::uint8_t k_out = 5;
    static constexpr std::uint8_t k_in  = 6;

    MachineWithConsole()
    {
        section.magic = sddf::magic_of(sddf::Class::serial);
        section.tx    = out.connection(k_out);
        section.rx    = in.connection(k_in);
        console.emplace(virtio, window(), std::array{vmm::ConsolePort{.section = &section}});
        boot_guest();
        enable_interrupt(k_intid);
        negotiate();
        receive  = &set_up(0, 0);
        transmit = &set_up(0, 1);
        go();
    }

    kit::SerialLink                   out{64};
    kit::SerialLink                   in{64};
    sddf::serial::ClientConfig        section{};
    std::optional<vmm::VirtioConsole> console;
    kit::FakeRing*                    receive  = nullptr;
    kit::FakeRing*                    transmit = nullptr;
};

TEST_F(MachineWithConsole, OnePortDoesWithoutMultiport)
{
    EXPECT_EQ(features & virtio::Console::k_feature_multiport, 0u);
    EXPECT_NE(features & virtio::Console::k_feature_size, 0u);
}

TEST_F(MachineWithConsole, WhatTheGuestPrintsIsInTheRingAndItsOwnerIsTold)
{
    transmit->add({kit::to_device(guest.put("hello"), 5)});
    kick(0, 1);
    fake.end_of_entry_point();
    EXPECT_THAT(fake.notifications, Contains(unsigned{k_out}));
    EXPECT_EQ(out.take(), "hello");
    EXPECT_TRUE(transmit->used());
}

TEST_F(MachineWithConsole, WhatDoesNotFitGoesOnWhenThereIsRoom)
{
    transmit->add({kit::to_device(guest.put(std::string(100, 'x')), 100)});
    kick(0, 1);
    EXPECT_FALSE(transmit->used());
    EXPECT_EQ(out.take(), std::string(64, 'x'));
    notify(k_out);
    EXPECT_EQ(out.take(), std::string(36, 'x'));
    EXPECT_TRUE(transmit->used());
}

TEST_F(MachineWithConsole, WhatIsTypedInterruptsTheGuest)
{
    const auto buffer = guest.allocate(16);
    receive->add({kit::from_device(buffer, 16)});
    kick(0, 0);
    in.put("typed");
    notify(k_in);
    const auto used = receive->used();
    ASSERT_TRUE(used);
    EXPECT_EQ(guest.text(buffer, used->written), "typed");
    EXPECT_TRUE(was_injected(k_intid));
}

TEST_F(MachineWithConsole, WhatIsTypedToAGuestThatIsOffIsLost)
{
    virtio.stop();
    in.put("typed");
    notify(k_in);
    EXPECT_EQ(in.take(), "");
}

class MachineWithNic : public VirtioMachine {
protected:
    static constexpr std::uint8_t  k_rx     = 7;
    static constexpr std::uint8_t  k_tx     = 8;
    static constexpr std::uint32_t k_header = 12;

    MachineWithNic()
    {
        section.magic    = sddf::magic_of(sddf::Class::network);
        section.rx       = rx.connection(k_rx);
        section.tx       = tx.connection(k_tx);
        section.rx_data  = received.region();
        section.tx_data  = sent.region();
        section.mac_addr = {0x52, 0x54, 0, 0, 0, 9};
    }
    void start(const vmm::DeviceOptions& options = {})
    {
        nic.emplace(virtio, window(), section, options);
        boot_guest();
        negotiate();
        receive  = &set_up(0, 0);
        transmit = &set_up(0, 1);
        go();
    }

    kit::NetLink                      rx;
    kit::NetLink                      tx;
    kit::Memory                       received{8 * 2048};
    kit::Memory                       sent{8 * 2048};
    sddf::network::ClientConfig       section{};
    std::optional<vmm::VirtioNetwork> nic;
    kit::FakeRing*                    receive  = nullptr;
    kit::FakeRing*                    transmit = nullptr;
};

TEST_F(MachineWithNic, HasTheAddressOfItsSection)
{
    start();
    EXPECT_EQ(read_register(0, kit::Mmio::config), 0x0000'5452u);
}

TEST_F(MachineWithNic, SendsAFrame)
{
    start();
    const std::string frame(60, 'f');
    transmit->add({kit::to_device(guest.put(std::string(k_header, '\0') + frame), k_header + 60)});
    kick(0, 1);
    const auto buffers = tx.take(tx.active);
    ASSERT_EQ(buffers.size(), 1u);
    EXPECT_EQ(buffers[0].len, 60);
    const auto at = buffers[0].io_or_offset;
    EXPECT_EQ(static_cast<char>(sent.bytes()[at]), 'f');
    EXPECT_EQ(nic->counters().transmitted, 1u);
}

TEST_F(MachineWithNic, ReceivesAFrameWhenTheChannelSaysSo)
{
    start();
    const auto buffer = guest.allocate(2048);
    receive->add({kit::from_device(buffer, 2048)});
    kick(0, 0);
    auto frame = received.bytes().subspan(2048, 60);
    std::ranges::fill(frame, std::byte{0xff}); // to everybody
    ASSERT_TRUE(rx.put(rx.active, {.io_or_offset = 2048, .len = 60}));
    notify(k_rx);
    const auto used = receive->used();
    ASSERT_TRUE(used);
    EXPECT_EQ(used->written, k_header + 60);
    EXPECT_EQ(guest.load<std::uint8_t>(buffer + k_header), 0xff);
    EXPECT_EQ(nic->counters().received, 1u);
}

TEST_F(MachineWithNic, AnMtuThatCannotBeIsSaid)
{
    nic.emplace(
        virtio, window(), section,
        vmm::DeviceOptions{
            .without = 0, .queues = 0, .mtu = 9000, .read_only = 0, .id = {}, .unused = {}});
    EXPECT_FALSE(virtio.boot(vmm::Image{.bytes = kernel_bytes()}));
    EXPECT_THAT(fake.debug_output, testing::HasSubstr("a network card's MTU does not fit"));
}

} // namespace
