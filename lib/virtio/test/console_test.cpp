// SPDX-License-Identifier: BSD-2-Clause
// The console device, clause by clause of virtIO 1.2, section 5.3.
#include "kit/fake_driver.hpp"
#include "virtio/console.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace {

using kit::FakeRing;
using kit::from_device;
using kit::to_device;
using virtio::Console;

class Backend final : public virtio::ConsoleBackend {
public:
    std::size_t write(std::span<const std::byte> bytes) override
    {
        const auto size = std::min(bytes.size(), room);
        output.append(reinterpret_cast<const char*>(bytes.data()), size);
        room -= size;
        return size;
    }
    void               flush() override { ++flushes; }
    [[nodiscard]] bool has_input() const override { return !input.empty(); }
    std::size_t        read(std::span<std::byte> to) override
    {
        const auto size = std::min(to.size(), input.size());
        std::memcpy(to.data(), input.data(), size);
        input.erase(0, size);
        return size;
    }
    void input_taken() override {}
    void discard_input() override { input.clear(); }

    std::string output;
    std::string input;
    std::size_t room    = 1'000'000;
    unsigned    flushes = 0;
};

class VirtioConsole : public testing::Test {
protected:
    VirtioConsole()
    {
        storage.ports[0] = Console::Port{{.backend = &backends[0], .is_console = true}};
        storage.ports[1] = Console::Port{{.backend = &backends[1], .name = "org.example.agent"}};
    }

    void start(std::uint64_t features)
    {
        ASSERT_TRUE(driver.negotiate(features | virtio::k_common_features));
        rings.clear();
        const auto queues = (features & Console::k_feature_multiport) != 0 ? 6U : 2U;
        for (unsigned i = 0; i < queues; ++i) {
            rings.push_back(&driver.set_up(i));
        }
        driver.go();
    }
    void send(unsigned queue, std::string_view text)
    {
        rings[queue]->add({to_device(ram.put(text), static_cast<std::uint32_t>(text.size()))});
        driver.notify(queue);
    }
    /// A buffer for input.
    std::uint64_t offer(unsigned queue, std::uint32_t size = 64)
    {
        const auto address = ram.allocate(size);
        rings[queue]->add({from_device(address, size)});
        if (rings[queue]->must_notify()) {
            driver.notify(queue);
        }
        return address;
    }
    void control(std::uint32_t id, std::uint16_t event, std::uint16_t value)
    {
        const auto address = ram.allocate(8);
        ram.store(address, id);
        ram.store(address + 4, event);
        ram.store(address + 6, value);
        rings[3]->add({to_device(address, 8)});
        driver.notify(3);
    }
    /// The messages that came, as "id event value text".
    std::vector<std::string> messages()
    {
        std::vector<std::string> result;
        while (const auto used = rings[2]->used()) {
            const auto at = control_buffers.at(0);
            control_buffers.erase(control_buffers.begin());
            result.push_back(std::to_string(ram.load<std::uint32_t>(at)) + " " +
                             std::to_string(ram.load<std::uint16_t>(at + 4)) + " " +
                             std::to_string(ram.load<std::uint16_t>(at + 6)) +
                             ram.text(at + 8, used->written - 8));
        }
        return result;
    }
    void offer_control(unsigned count)
    {
        for (unsigned i = 0; i < count; ++i) {
            control_buffers.push_back(offer(2));
        }
    }

    kit::GuestRam              ram;
    std::array<Backend, 2>     backends;
    Console::Storage<2>        storage;
    Console                    device{storage};
    kit::FakeDriver            driver{ram, device};
    std::vector<FakeRing*>     rings;
    std::vector<std::uint64_t> control_buffers;
};

TEST_F(VirtioConsole, 5_3_4_Configuration)
{
    device.set_size(80, 25);
    EXPECT_EQ(driver.config<std::uint16_t>(0), 80u);
    EXPECT_EQ(driver.config<std::uint16_t>(2), 25u);
    EXPECT_EQ(driver.config<std::uint32_t>(4), 2u);
    EXPECT_EQ(driver.offered() & 7, 7u);
}

TEST_F(VirtioConsole, 5_3_2_WithoutMultiportThereAreTwoQueues)
{
    Console         plain{storage, Console::k_feature_size};
    kit::FakeDriver other{ram, plain};
    EXPECT_EQ(other.offered() & 7, Console::k_feature_size);
    other.write(kit::Mmio::queue_sel, 2);
    EXPECT_EQ(other.read(kit::Mmio::queue_num_max), 0u);
    EXPECT_EQ(other.config<std::uint32_t>(4), 1u);
}

TEST_F(VirtioConsole, 5_3_6_Output)
{
    start(0);
    backends[0].flushes = 0;
    send(1, "hello");
    rings[1]->add(
        {to_device(ram.put(", "), 2), to_device(ram.put("wor"), 3), to_device(ram.put("ld"), 2)});
    driver.notify(1);
    EXPECT_EQ(backends[0].output, "hello, world");
    EXPECT_EQ(rings[1]->used()->written, 0u);
    EXPECT_EQ(rings[1]->used()->written, 0u);
    EXPECT_EQ(backends[0].flushes, 2u);
}

TEST_F(VirtioConsole, 5_3_6_OutputWaitsForRoomAndLosesNothing)
{
    start(0);
    backends[0].room = 3;
    rings[1]->add({to_device(ram.put("abcd"), 4), to_device(ram.put("efg"), 3)});
    rings[1]->add({to_device(ram.put("hij"), 3)});
    driver.notify(1);
    EXPECT_EQ(backends[0].output, "abc");
    EXPECT_FALSE(rings[1]->used());
    for (int i = 0; i < 3; ++i) {
        backends[0].room = 2;
        device.output_ready(0);
        driver.notify(1); // in between, and without effect
    }
    EXPECT_EQ(backends[0].output, "abcdefghi");
    EXPECT_TRUE(rings[1]->used());
    EXPECT_FALSE(rings[1]->used());
    backends[0].room = 100;
    device.output_ready(0);
    EXPECT_EQ(backends[0].output, "abcdefghij");
    EXPECT_TRUE(rings[1]->used());
    EXPECT_TRUE(driver.line.high);
}

TEST_F(VirtioConsole, 2_7_10_2_AWaitingDeviceWantsNoNotifications)
{
    start(0);
    backends[0].room = 0;
    send(1, "x");
    (void)rings[1]->must_notify();
    rings[1]->add({to_device(ram.put("y"), 1)});
    EXPECT_FALSE(rings[1]->must_notify());
    backends[0].room = 9;
    device.output_ready(0);
    EXPECT_EQ(backends[0].output, "xy");
    rings[1]->add({to_device(ram.put("z"), 1)});
    EXPECT_TRUE(rings[1]->must_notify());
}

TEST_F(VirtioConsole, 5_3_6_Input)
{
    start(0);
    const auto first  = offer(0, 4);
    const auto second = offer(0, 64);
    backends[0].input = "abcdefg";
    device.input_ready(0);
    EXPECT_EQ(rings[0]->used()->written, 4u);
    EXPECT_EQ(rings[0]->used()->written, 3u);
    EXPECT_EQ(ram.text(first, 4) + ram.text(second, 3), "abcdefg");
    EXPECT_TRUE(driver.line.high);
}

TEST_F(VirtioConsole, 5_3_6_InputWaitsForBuffers)
{
    start(0);
    backends[0].input = "abcdefg";
    device.input_ready(0);
    EXPECT_EQ(backends[0].input, "abcdefg");
    std::string got;
    while (got.size() < 7) {
        const auto at   = offer(0, 3); // notifies: the device asked for it
        const auto used = rings[0]->used();
        ASSERT_TRUE(used) << got;
        got += ram.text(at, used->written);
    }
    EXPECT_EQ(got, "abcdefg");
    // With nothing to read, buffers are no news.
    (void)rings[0]->must_notify();
    rings[0]->add({from_device(ram.allocate(8), 8)});
    EXPECT_FALSE(rings[0]->must_notify());
}

TEST_F(VirtioConsole, InputForNobodyIsThrownAway)
{
    backends[0].input = "stale";
    device.input_ready(0);
    EXPECT_EQ(backends[0].input, "");
    device.input_ready(9);
    device.output_ready(9);
}

TEST_F(VirtioConsole, 5_3_6_1_WrongDirections)
{
    start(0);
    rings[1]->add({from_device(ram.allocate(8), 8)});
    driver.notify(1);
    EXPECT_TRUE(driver.needs_reset());

    start(0);
    backends[0].input = "x";
    rings[0]->add({to_device(ram.allocate(8), 8)});
    driver.notify(0);
    EXPECT_TRUE(driver.needs_reset());
}

TEST_F(VirtioConsole, 5_3_4_1_EmergencyWriteNeedsNoDriver)
{
    driver.set_config<std::uint32_t>(8, 'A');
    driver.set_config<std::uint32_t>(8, 0xffff'ff42);
    EXPECT_EQ(backends[0].output, "AB");
    EXPECT_EQ(driver.status(), 0u);
    start(0);
    driver.set_config<std::uint32_t>(8, 'C');
    EXPECT_EQ(backends[0].output, "ABC");
    driver.set_config<std::uint32_t>(0, 0); // the rest is read-only
    EXPECT_EQ(driver.config<std::uint32_t>(4), 2u);
    EXPECT_EQ(backends[0].output, "ABC");
}

TEST_F(VirtioConsole, 5_3_6_SizeChangesAreTold)
{
    start(Console::k_feature_size);
    device.set_size(132, 50);
    EXPECT_EQ(driver.read(kit::Mmio::interrupt_status), 2u);
    EXPECT_EQ(driver.config<std::uint16_t>(0), 132u);

    start(0);
    device.set_size(80, 25);
    EXPECT_FALSE(driver.line.high);
}

TEST_F(VirtioConsole, 5_3_6_2_PortsAreAnnouncedAndOpened)
{
    start(Console::k_feature_multiport);
    offer_control(12);
    EXPECT_TRUE(messages().empty()); // 5.3.6.2: the driver speaks first
    control(0, 0, 1);
    EXPECT_EQ(messages(), (std::vector<std::string>{"0 1 0", "1 1 0"}));
    control(0, 0, 1); // again: a port that exists is not added
    EXPECT_TRUE(messages().empty());
    control(1, 3, 1);
    EXPECT_EQ(messages(), (std::vector<std::string>{"1 7 0org.example.agent", "1 6 1"}));
    control(0, 3, 1);
    EXPECT_EQ(messages(), (std::vector<std::string>{"0 4 1", "0 6 1"}));
    EXPECT_FALSE(device.is_open(1));
    control(1, 6, 1);
    EXPECT_TRUE(device.is_open(1));
    control(1, 6, 0);
    EXPECT_FALSE(device.is_open(1));
}

TEST_F(VirtioConsole, 5_3_6_2_MessagesWaitForBuffers)
{
    start(Console::k_feature_multiport);
    control(0, 0, 1);
    control(0, 3, 1);
    std::vector<std::string> all;
    for (int i = 0; i < 4; ++i) {
        offer_control(1);
        const auto some = messages();
        ASSERT_EQ(some.size(), 1u);
        all.push_back(some[0]);
    }
    EXPECT_EQ(all, (std::vector<std::string>{"0 1 0", "0 4 1", "0 6 1", "1 1 0"}));
}

TEST_F(VirtioConsole, 5_3_6_2_TheSizeFollowsTheConsolePort)
{
    device.set_size(80, 25);
    start(Console::k_feature_multiport | Console::k_feature_size);
    offer_control(12);
    control(0, 0, 1);
    (void)messages();
    control(0, 3, 1);
    EXPECT_EQ(messages(),
              (std::vector<std::string>{"0 4 1", std::string{"0 5 0\x50\0\x19\0", 9}, "0 6 1"}));
    control(0, 6, 1);
    device.set_size(81, 25);
    EXPECT_EQ(messages(), (std::vector<std::string>{std::string{"0 5 0\x51\0\x19\0", 9}}));
}

TEST_F(VirtioConsole, 5_3_6_2_PortsHaveStreamsOfTheirOwn)
{
    start(Console::k_feature_multiport);
    offer_control(8);
    control(0, 0, 1);
    control(1, 3, 1);
    backends[1].input = "lost"; // not open yet
    device.input_ready(1);
    control(1, 6, 1);
    const auto buffer = offer(4);
    backends[1].input = "kept";
    device.input_ready(1);
    EXPECT_EQ(rings[4]->used()->written, 4u);
    EXPECT_EQ(ram.text(buffer, 4), "kept");
    send(5, "answer");
    EXPECT_EQ(backends[1].output, "answer");
    EXPECT_EQ(backends[0].output, "");
}

TEST_F(VirtioConsole, 5_3_6_2_MessagesAboutNothing)
{
    start(Console::k_feature_multiport);
    offer_control(8);
    control(0, 3, 1); // before DEVICE_READY
    control(0, 6, 1);
    control(0, 0, 0); // the driver failed
    EXPECT_TRUE(messages().empty());
    control(0, 0, 1);
    (void)messages();
    control(2, 3, 1); // no such port
    control(0xffff'ffff, 6, 1);
    control(0, 99, 1); // no such event
    control(0, 3, 0);  // the port failed
    EXPECT_TRUE(messages().empty());
    EXPECT_FALSE(driver.needs_reset());
    send(3, "short");
    EXPECT_TRUE(driver.needs_reset());
}

TEST_F(VirtioConsole, 2_4_AResetForgetsPortsAndPendingOutput)
{
    start(Console::k_feature_multiport);
    offer_control(8);
    control(0, 0, 1);
    control(1, 3, 1);
    control(1, 6, 1);
    backends[1].room = 0;
    send(5, "never");
    start(Console::k_feature_multiport);
    control_buffers.clear();
    EXPECT_FALSE(device.is_open(1));
    backends[1].room = 100;
    device.output_ready(1);
    EXPECT_EQ(backends[1].output, "");
    offer_control(4);
    EXPECT_TRUE(messages().empty());
    control(0, 0, 1);
    EXPECT_EQ(messages().size(), 2u);
}

TEST_F(VirtioConsole, 2_6_1_AQueueResetDropsItsOutputOnly)
{
    start(0);
    backends[0].room = 0;
    send(1, "dropped");
    driver.write(kit::Mmio::queue_sel, 1);
    driver.write(kit::Mmio::queue_reset, 1);
    rings[1]         = &driver.set_up(1);
    backends[0].room = 100;
    send(1, "new");
    EXPECT_EQ(backends[0].output, "new");
}

} // namespace
