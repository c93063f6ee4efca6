// SPDX-License-Identifier: BSD-2-Clause
// A machine and its disk: waiting for it, requests through the machine's exits, and lives that end
// while requests are under way.
#include "kit/fake_block_server.hpp"
#include "virtio_machine.hpp"
#include "vmm/virtio_block.hpp"

#include <gmock/gmock.h>

#include <memory>

namespace {

using machine_test::VirtioMachine;
using testing::HasSubstr;
using State = vmm::Machine::State;

constexpr std::uint32_t k_read  = 0;
constexpr std::uint32_t k_write = 1;

class MachineWithDisk : public VirtioMachine {
protected:
    /// `is_ram`: the guest's RAM is the disk's data region, but for the last blocks.
    void add_disk(bool is_ram = false, const vmm::DeviceOptions& options = {})
    {
        server = std::make_unique<kit::FakeBlockServer>(
            64, 8, 16, is_ram ? guest.all() : std::span<std::byte>{});
        for (std::size_t i = 0; i < server->content.size(); ++i) {
            server->content[i] = static_cast<char>('a' + i / 512 % 26);
        }
        section         = server->config();
        section.virt.id = k_channel;
        if (is_ram) {
            const std::uint64_t size = 16 * 4096;
            disk.emplace(virtio, window(), section, options,
                         vmm::BouncePart{.offset = guest.all().size() - size, .size = size});
        } else {
            disk.emplace(virtio, window(), section, options);
        }
    }
    void set_up_driver()
    {
        negotiate();
        ring = &set_up(0, 0);
        go();
    }
    struct Request {
        std::uint64_t data;
        std::uint64_t status;
    };
    Request ask(std::uint32_t type, std::uint64_t sector, std::uint32_t size)
    {
        const auto header = guest.allocate(16);
        const auto status = guest.allocate(1);
        const auto data   = guest.allocate(size, 4096);
        guest.store<std::uint64_t>(header, type);
        guest.store(header + 8, sector);
        guest.store<std::uint8_t>(status, 0xee);
        ring->add({kit::to_device(header, 16),
                   {data, size, type != k_write},
                   kit::from_device(status, 1)});
        kick(0, 0);
        server->collect();
        return {data, status};
    }
    void answer_all()
    {
        while (!server->pending.empty()) {
            server->answer(0);
            server->publish();
            notify(k_channel);
            server->collect();
        }
    }

    std::unique_ptr<kit::FakeBlockServer> server;
    sddf::block::ClientConfig             section{};
    std::optional<vmm::VirtioBlock>       disk;
    kit::FakeRing*                        ring = nullptr;
};

TEST_F(MachineWithDisk, ReadsAndInterrupts)
{
    add_disk();
    boot_guest();
    enable_interrupt(k_intid);
    set_up_driver();
    const auto request = ask(k_read, 3, 1024);
    fake.end_of_entry_point();
    EXPECT_EQ(fake.notifications, std::vector<unsigned>{k_channel});
    answer_all();
    EXPECT_EQ(guest.load<std::uint8_t>(request.status), 0);
    EXPECT_EQ(guest.text(request.data, 1024), std::string(512, 'd') + std::string(512, 'e'));
    EXPECT_TRUE(was_injected(k_intid));
    EXPECT_EQ(read_register(0, kit::Mmio::interrupt_status), 1u);
}

TEST_F(MachineWithDisk, TheDeviceTreeNamesIt)
{
    add_disk();
    boot_guest();
    const auto tree = fake.vcpu(0).x(0);
    const auto text = guest.text(tree, 8192);
    EXPECT_THAT(text, HasSubstr(std::string{"virtio_mmio@a000000"}));
    EXPECT_THAT(text, HasSubstr(std::string{"virtio,mmio"}));
    EXPECT_THAT(text, HasSubstr(std::string{"dma-coherent"}));
    // SPI 127, level high.
    EXPECT_THAT(text, HasSubstr(std::string{"\0\0\0\0\0\0\0\x7f\0\0\0\4", 12}));
}

TEST_F(MachineWithDisk, TheMachineStartsWhenTheDiskIsThere)
{
    add_disk();
    server->info.set_ready(false);
    virtio.wake_by(microkit::Channel{k_timer});
    boot_guest();
    EXPECT_EQ(virtio.state(), State::off);
    EXPECT_FALSE(timeouts.empty());
    after_ms(10);
    EXPECT_EQ(virtio.state(), State::off);
    server->info.set_ready(true);
    after_ms(10);
    EXPECT_EQ(virtio.state(), State::running);
    EXPECT_THAT(fake.debug_output, HasSubstr("booted"));
    EXPECT_EQ(read_register(0, kit::Mmio::config), 64u * 8);
}

TEST_F(MachineWithDisk, ANotificationOfTheDiskEndsTheWait)
{
    add_disk();
    server->info.set_ready(false);
    virtio.wake_by(microkit::Channel{k_timer});
    boot_guest();
    server->info.set_ready(true);
    notify(k_channel);
    EXPECT_EQ(virtio.state(), State::running);
    after_ms(10); // of the wait that is over
    EXPECT_EQ(virtio.restarts(), 0u);
}

TEST_F(MachineWithDisk, AWaitThatTakesLongIsSaidOnce)
{
    add_disk();
    server->info.set_ready(false);
    virtio.wake_by(microkit::Channel{k_timer});
    boot_guest();
    for (unsigned i = 0; i < 2000; ++i) {
        after_ms(10);
    }
    EXPECT_EQ(fake.debug_output,
              "vmm: guest \"virtio\" has not started yet: it waits for a disk that its virtualiser "
              "does not show ready (no such partition, or a driver that found no device?)\n");
    virtio.stop();
    server->info.set_ready(true);
    after_ms(10);
    EXPECT_EQ(virtio.state(), State::off);
}

TEST_F(MachineWithDisk, WithoutATimerTheGuestFindsAnEmptyDiskAndHearsLater)
{
    add_disk();
    server->info.set_ready(false);
    counter.step = 1000;
    boot_guest();
    EXPECT_EQ(virtio.state(), State::running);
    EXPECT_THAT(fake.debug_output, HasSubstr("starts without a disk"));
    set_up_driver();
    EXPECT_EQ(read_register(0, kit::Mmio::config), 0u);
    server->info.set_ready(true);
    notify(k_channel);
    EXPECT_EQ(read_register(0, kit::Mmio::config), 64u * 8);
    EXPECT_EQ(read_register(0, kit::Mmio::interrupt_status), 2u);
}

TEST_F(MachineWithDisk, ARestartWaitsForRequestsUnderWay)
{
    add_disk();
    virtio.wake_by(microkit::Channel{k_timer});
    boot_guest();
    set_up_driver();
    const auto request = ask(k_read, 0, 8192);
    ASSERT_TRUE(virtio.restart());
    EXPECT_EQ(virtio.state(), State::off);
    answer_all();
    EXPECT_EQ(virtio.state(), State::running);
    EXPECT_EQ(guest.load<std::uint64_t>(request.data), 0u);
}

/// The disk still writes to the old life's memory: the next one waits for that.
TEST_F(MachineWithDisk, ARestartWaitsForTransfersIntoItsRam)
{
    add_disk(true);
    virtio.wake_by(microkit::Channel{k_timer});
    boot_guest();
    set_up_driver();
    const auto request = ask(k_read, 0, 8192);
    ASSERT_TRUE(virtio.restart());
    EXPECT_EQ(virtio.state(), State::off);
    after_ms(10);
    EXPECT_EQ(virtio.state(), State::off);
    server->answer(0); // straight into guest RAM
    EXPECT_EQ(guest.load<std::uint8_t>(request.data), 'a');
    server->publish();
    notify(k_channel);
    EXPECT_EQ(virtio.state(), State::running);
    EXPECT_EQ(guest.load<std::uint8_t>(request.data), 0u);
    EXPECT_EQ(disk->counters().direct, 8192u);

    // And the new life works.
    rings.clear();
    set_up_driver();
    const auto again = ask(k_write, 0, 4096);
    answer_all();
    EXPECT_EQ(guest.load<std::uint8_t>(again.status), 0);
    EXPECT_EQ(server->content[0], '\0');
}

TEST_F(MachineWithDisk, AnswersAfterAStopTouchNothing)
{
    add_disk();
    boot_guest();
    set_up_driver();
    const auto request = ask(k_read, 0, 512);
    virtio.stop();
    answer_all();
    EXPECT_EQ(guest.load<std::uint8_t>(request.status), 0xee);
    EXPECT_EQ(guest.load<std::uint8_t>(request.data), 0);
    EXPECT_EQ(virtio.state(), State::off);
}

TEST_F(MachineWithDisk, AnswersWhilePausedAreThereAtTheResume)
{
    add_disk();
    boot_guest();
    enable_interrupt(k_intid);
    set_up_driver();
    const auto request = ask(k_read, 0, 512);
    virtio.pause();
    answer_all();
    EXPECT_EQ(virtio.state(), State::paused);
    virtio.resume();
    EXPECT_EQ(guest.load<std::uint8_t>(request.status), 0);
    EXPECT_TRUE(was_injected(k_intid));
}

TEST_F(MachineWithDisk, OptionsAreWhatTheGuestSees)
{
    vmm::DeviceOptions options{.without =
                                   virtio::Block::k_feature_flush | virtio::k_feature_event_idx,
                               .queues    = 2,
                               .mtu       = 0,
                               .read_only = 1,
                               .id        = {'r', 'o', 'o', 't'},
                               .unused    = {}};
    add_disk(false, options);
    boot_guest();
    const auto offered = negotiate();
    EXPECT_EQ(offered & options.without, 0u);
    EXPECT_NE(offered & virtio::Block::k_feature_ro, 0u);
    write_register(0, kit::Mmio::queue_sel, 2);
    EXPECT_EQ(read_register(0, kit::Mmio::queue_num_max), 0u);
    ring = &set_up(0, 0);
    go();
    const auto write = ask(k_write, 0, 512);
    answer_all();
    EXPECT_EQ(guest.load<std::uint8_t>(write.status), 1);
    const auto id = ask(8, 0, 20);
    EXPECT_EQ(guest.text(id.data, 5), std::string("root\0", 5));
}

TEST_F(MachineWithDisk, WhatIsWrongWithItIsSaid)
{
    section.virt.id = k_channel;
    disk.emplace(virtio, window(), section);
    EXPECT_FALSE(virtio.boot(vmm::Image{.bytes = kernel_bytes()}));
    EXPECT_THAT(fake.debug_output, HasSubstr("the section .blk_client_config was not filled in"));
}

TEST_F(MachineWithDisk, AWindowThatCannotBeIsSaid)
{
    server          = std::make_unique<kit::FakeBlockServer>(64, 8, 16);
    section         = server->config();
    section.virt.id = k_channel;
    disk.emplace(virtio, vmm::VirtioWindow{.address = 0x1000, .size = 0x80, .intid = 40}, section);
    EXPECT_FALSE(virtio.boot(vmm::Image{.bytes = kernel_bytes()}));
    EXPECT_THAT(fake.debug_output, HasSubstr("a virtIO device's registers have no place"));
}

TEST_F(MachineWithDisk, AnInterruptThatTheGicHasNotIsSaid)
{
    server          = std::make_unique<kit::FakeBlockServer>(64, 8, 16);
    section         = server->config();
    section.virt.id = k_channel;
    disk.emplace(virtio, vmm::VirtioWindow{.address = k_window, .size = 0x200, .intid = 160},
                 section);
    EXPECT_FALSE(virtio.boot(vmm::Image{.bytes = kernel_bytes()}));
    EXPECT_THAT(fake.debug_output, HasSubstr("raise `spis`"));
}

} // namespace
