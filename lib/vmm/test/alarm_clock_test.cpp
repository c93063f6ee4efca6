// SPDX-License-Identifier: BSD-2-Clause
// Deadlines of many sleepers over one timer channel.
#include "vmm/alarm_clock.hpp"

#include "kit/fake_microkit.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace {

constexpr std::uint64_t k_hz = 62'500'000; // 16 ns a tick

class Alarms : public testing::Test {
protected:
    void SetUp() override
    {
        fake.reset();
        fake.on_call = [this](unsigned channel, microkit::MessageInfo message) {
            EXPECT_EQ(channel, 2u);
            EXPECT_EQ(message.label(), 1u);
            EXPECT_EQ(message.count(), 1u);
            requests.push_back(microkit::message_word(0));
            return microkit::MessageInfo{};
        };
        clock.use(microkit::Channel{2}, k_hz);
    }

    kit::FakeMicrokit&         fake = kit::FakeMicrokit::instance();
    std::vector<std::uint64_t> requests; ///< in nanoseconds
    vmm::AlarmClock            clock;
};

TEST_F(Alarms, AsksForTheEarliestOnly)
{
    clock.set(3, 1100, 1000);
    clock.set(4, 1200, 1000);
    clock.set(5, 1050, 1000);
    EXPECT_EQ(requests, (std::vector<std::uint64_t>{1600, 800}));
}

TEST_F(Alarms, WakesWhoIsDueAndAsksForTheNext)
{
    clock.set(3, 1100, 1000);
    clock.set(4, 1200, 1000);
    clock.notified();
    EXPECT_EQ(clock.next_due(1100), 3u);
    EXPECT_EQ(clock.next_due(1100), std::nullopt);
    EXPECT_EQ(requests, (std::vector<std::uint64_t>{1600, 1600}));
    clock.notified();
    EXPECT_EQ(clock.next_due(1300), 4u);
    EXPECT_EQ(clock.next_due(1300), std::nullopt);
    EXPECT_EQ(requests.size(), 2u);
}

TEST_F(Alarms, VcpusAndOthersHaveDeadlinesOfTheirOwn)
{
    constexpr std::array k_all{0u, 61u, vmm::AlarmClock::k_watch, vmm::AlarmClock::k_devices,
                               vmm::AlarmClock::k_sleepers - 1};
    for (const auto sleeper : k_all) {
        clock.set(sleeper, 1000 + sleeper, 1000);
    }
    clock.clear(vmm::AlarmClock::k_devices);
    EXPECT_EQ(clock.deadline(vmm::AlarmClock::k_watch), 1000 + vmm::AlarmClock::k_watch);
    clock.notified();
    std::vector<unsigned> due;
    while (const auto sleeper = clock.next_due(2000)) {
        due.push_back(*sleeper);
    }
    EXPECT_EQ(due, (std::vector{k_all[0], k_all[1], k_all[2], k_all[4]}));
}

TEST_F(Alarms, EarlyAndStaleNotificationsDoNoHarm)
{
    clock.set(3, 1100, 1000);
    clock.notified();
    EXPECT_EQ(clock.next_due(1099), std::nullopt);
    EXPECT_EQ(requests, (std::vector<std::uint64_t>{1600, 16}));
    clock.clear(3);
    clock.notified();
    EXPECT_EQ(clock.next_due(1200), std::nullopt);
    EXPECT_EQ(requests.size(), 2u);
}

TEST_F(Alarms, AClearedDeadlineCostsNoCall)
{
    clock.set(3, 1100, 1000);
    clock.clear(3);
    clock.set(3, 1150, 1000); // covered by the notification that will come
    EXPECT_EQ(requests.size(), 1u);
    clock.notified();
    EXPECT_EQ(clock.next_due(1100), std::nullopt);
    EXPECT_EQ(requests.back(), 800u);
}

TEST_F(Alarms, FarDeadlinesComeInStages)
{
    clock.set(61, ~0ULL - 5, 1000);
    EXPECT_EQ(requests.back(), 3600ULL * 1'000'000'000);
    clock.notified();
    EXPECT_EQ(clock.next_due(1000 + 3600 * k_hz), std::nullopt);
    EXPECT_EQ(requests.size(), 2u);
}

} // namespace
