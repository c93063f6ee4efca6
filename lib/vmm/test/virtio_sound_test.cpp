// SPDX-License-Identifier: BSD-2-Clause
// A machine and its sound card: waiting for it, streams through the machine's exits, and lives that
// end in the middle of a stream.
#include "vmm/virtio_sound.hpp"

#include "kit/fake_sound_server.hpp"
#include "virtio_machine.hpp"

#include <gmock/gmock.h>

namespace {

using machine_test::VirtioMachine;
using testing::HasSubstr;
using State = vmm::Machine::State;

constexpr std::uint32_t k_ok = 0x8000;
constexpr std::uint32_t k_io = 0x8003;

class MachineWithSound : public VirtioMachine {
protected:
    MachineWithSound()
    {
        section         = server.config();
        section.virt.id = k_channel;
        sound.emplace(virtio, window(), section);
    }
    void set_up_driver()
    {
        rings.clear();
        negotiate();
        for (std::uint32_t queue = 0; queue < 4; ++queue) {
            (void)set_up(0, queue, 64);
        }
        go();
    }
    /// A request of words to the control queue; the virtualiser answers. The first words of the
    /// guest's answer.
    std::vector<std::uint32_t> request(const std::vector<std::uint32_t>& words,
                                       std::uint32_t                     room = 4)
    {
        const auto size = static_cast<std::uint32_t>(4 * words.size());
        const auto at   = guest.allocate(size + 4);
        for (std::size_t i = 0; i < words.size(); ++i) {
            guest.store(at + 4 * i, words[i]);
        }
        const auto answer = guest.allocate(room);
        rings[0].add({kit::to_device(at, size), kit::from_device(answer, room)});
        kick(0, 0);
        for (unsigned i = 0; i < 2; ++i) { // a command may be two of sDDF's
            server.command();
            notify(k_channel);
        }
        std::vector<std::uint32_t> result;
        for (std::uint32_t i = 0; i < room; i += 4) {
            result.push_back(guest.load<std::uint32_t>(answer + i));
        }
        return result;
    }
    /// SET_PARAMS, PREPARE and START of a stream: S16, 48 kHz; stream 0 is stereo, 1 mono.
    void run_stream(std::uint32_t stream)
    {
        const std::uint32_t channels = stream == 0 ? 2 : 1;
        EXPECT_EQ(request({0x101, stream, 8192, 4096, 0, channels | 5U << 8 | 7U << 16}).front(),
                  k_ok);
        EXPECT_EQ(request({0x102, stream}).front(), k_ok);
        EXPECT_EQ(request({0x104, stream}).front(), k_ok);
        server.log.clear();
    }
    /// A message of 4096 bytes for stream 0; where its status will be.
    std::uint64_t play(char frames)
    {
        const auto header = guest.allocate(4);
        const auto status = guest.allocate(8);
        guest.store<std::uint32_t>(header, 0);
        rings[2].add({kit::to_device(header, 4),
                      kit::to_device(guest.put(std::string(4096, frames)), 4096),
                      kit::from_device(status, 8)});
        kick(0, 2);
        server.take();
        return status;
    }

    kit::FakeSoundServer            server{16};
    sddf::sound::ClientConfig       section{};
    std::optional<vmm::VirtioSound> sound;
};

TEST_F(MachineWithSound, PlaysAPeriodAndInterrupts)
{
    boot_guest();
    enable_interrupt(k_intid);
    set_up_driver();
    run_stream(0);
    fake.end_of_entry_point();
    fake.notifications.clear();
    const auto status = play('p');
    fake.end_of_entry_point();
    EXPECT_EQ(fake.notifications, std::vector<unsigned>{k_channel});
    EXPECT_EQ(guest.load<std::uint32_t>(status), 0u);
    ASSERT_EQ(server.pending.size(), 1u);
    EXPECT_EQ(server.answer(), std::string(4096, 'p'));
    notify(k_channel);
    EXPECT_EQ(guest.load<std::uint32_t>(status), k_ok);
    EXPECT_TRUE(was_injected(k_intid));
    EXPECT_EQ(sound->counters().played, 1u);
}

TEST_F(MachineWithSound, Records)
{
    boot_guest();
    set_up_driver();
    run_stream(1);
    const auto header = guest.allocate(4);
    const auto frames = guest.allocate(4096);
    const auto status = guest.allocate(8);
    guest.store<std::uint32_t>(header, 1);
    rings[3].add(
        {kit::to_device(header, 4), kit::from_device(frames, 4096), kit::from_device(status, 8)});
    kick(0, 3);
    server.take();
    ASSERT_EQ(server.pending.size(), 1u);
    (void)server.answer(0, std::string(4096, 'r'));
    notify(k_channel);
    EXPECT_EQ(guest.text(frames, 4096), std::string(4096, 'r'));
    EXPECT_EQ(guest.load<std::uint32_t>(status), k_ok);
}

TEST_F(MachineWithSound, HasAJackAndChannelMapsForEachDirection)
{
    boot_guest();
    set_up_driver();
    EXPECT_EQ(read_register(0, kit::Mmio::config), 2u);
    const auto jacks = request({1, 0, 2, 24}, 4 + 2 * 24);
    EXPECT_EQ(jacks[0], k_ok);
    EXPECT_EQ(jacks[1 + 2], 0u) << "a line out";
    EXPECT_EQ(jacks[1 + 4], 1u) << "with a plug in it";
    EXPECT_EQ(jacks[7 + 2], 0x0080'0000u) << "a line in";
    const auto maps = request({0x200, 0, 4, 24}, 4 + 4 * 24);
    EXPECT_EQ(maps[0], k_ok);
    EXPECT_EQ(maps[1 + 6 + 1], 0x0403'0200u) << "playback of two: front left, front right";
    EXPECT_EQ(maps[1 + 2 * 6 + 1], 0x0002'0101u) << "capture of one: mono";
}

TEST_F(MachineWithSound, ACardThatOnlyPlaysHasNoJackToRecordFrom)
{
    server.page().streams = 1;
    boot_guest();
    set_up_driver();
    EXPECT_EQ(read_register(0, kit::Mmio::config), 1u);
    EXPECT_EQ(request({0x200, 0, 2, 24}, 4 + 2 * 24).front(), k_ok);
    EXPECT_EQ(request({0x200, 0, 3, 24}, 4 + 3 * 24).front(), k_ok + 1);
}

TEST_F(MachineWithSound, TheMachineStartsWhenTheDriverSaysWhatItHas)
{
    server.page().set_ready(false);
    virtio.wake_by(microkit::Channel{k_timer});
    boot_guest();
    EXPECT_EQ(virtio.state(), State::off);
    server.page().set_ready(true);
    after_ms(10);
    EXPECT_EQ(virtio.state(), State::running);
    set_up_driver();
    run_stream(0);
}

TEST_F(MachineWithSound, ANotificationEndsTheWait)
{
    server.page().set_ready(false);
    virtio.wake_by(microkit::Channel{k_timer});
    boot_guest();
    server.page().set_ready(true);
    notify(k_channel);
    EXPECT_EQ(virtio.state(), State::running);
}

/// The stream goes back to everybody, and the next life takes it anew.
TEST_F(MachineWithSound, ARestartGivesTheStreamBack)
{
    boot_guest();
    set_up_driver();
    run_stream(0);
    (void)play('1');
    ASSERT_TRUE(virtio.restart());
    EXPECT_EQ(virtio.state(), State::running);
    server.command();
    notify(k_channel);
    server.command();
    notify(k_channel);
    EXPECT_EQ(server.log, "0X 0R ");
    (void)server.answer(); // of the old life: touches nothing
    notify(k_channel);
    EXPECT_EQ(sound->counters().played, 0u);
    set_up_driver();
    run_stream(0);
    const auto status = play('2');
    ASSERT_EQ(server.pending.size(), 1u);
    EXPECT_EQ(server.answer(), std::string(4096, '2'));
    notify(k_channel);
    EXPECT_EQ(guest.load<std::uint32_t>(status), k_ok);
}

TEST_F(MachineWithSound, AStreamThatSomebodyElseHasIsAnErrorOfInputAndOutput)
{
    boot_guest();
    set_up_driver();
    EXPECT_EQ(request({0x101, 0, 8192, 4096, 0, 2U | 5U << 8 | 7U << 16}).front(), k_ok);
    server.refuse.push_back(sddf::sound::Status::busy);
    EXPECT_EQ(request({0x102, 0}).front(), k_io);
}

TEST_F(MachineWithSound, WhatIsWrongWithItsSectionIsSaid)
{
    vmm::Machine                    other{vmm::MachineConfig{
                           .name = "other",
                           .ram = {vmm::ram(&guest_at, kit::GuestRam::k_start, std::uint64_t{8} << 20)},
                           .platform = machine_test::k_platform}};
    const sddf::sound::ClientConfig empty{};
    const vmm::VirtioSound          card{other, window(), empty};
    EXPECT_FALSE(other.boot(vmm::Image{.bytes = kernel_bytes()}));
    EXPECT_THAT(fake.debug_output, HasSubstr("the section .sound_client_config was not filled in"));
}

} // namespace
