// SPDX-License-Identifier: BSD-2-Clause
// The timer driver over a fake Microkit and a fake counter.
#include "kit/fake_counter.hpp"
#include "kit/fake_microkit.hpp"
#include "microkit/microkit.hpp"
#include "sddf/resources.hpp"
#include "sddf/timer.hpp"

#include <gtest/gtest.h>

#include <limits>

extern std::uint64_t         timer_irq_channel;
extern sddf::DeviceResources device_resources;

namespace {

using sddf::timer::Request;

constexpr unsigned k_irq = 5;

class TimerDriver : public testing::Test {
protected:
    void SetUp() override
    {
        fake.reset();
        counter           = {.now = 1000, .frequency = 62'500'000, .timer = {}};
        timer_irq_channel = k_irq;
        init();
        fake.acknowledgements.clear();
    }
    /// Lets everything fall due that earlier tests may have left behind.
    void TearDown() override
    {
        counter.now = std::numeric_limits<std::uint64_t>::max() - 1;
        notified(microkit::Channel{k_irq});
    }

    microkit::MessageInfo call(unsigned client, Request request, std::uint64_t word = 0)
    {
        microkit::set_message_word(0, word);
        return protected_call(microkit::Channel{client},
                              microkit::MessageInfo::create(static_cast<std::uint64_t>(request),
                                                            request == Request::set_timeout));
    }
    void interrupt()
    {
        notified(microkit::Channel{k_irq});
        fake.end_of_entry_point();
    }

    kit::FakeMicrokit& fake    = kit::FakeMicrokit::instance();
    kit::FakeCounter&  counter = kit::FakeCounter::instance();
};

TEST_F(TimerDriver, TellsTheTimeSinceItsStart)
{
    counter.now += 62'500'000;
    const auto reply = call(1, Request::get_time);
    EXPECT_EQ(reply.label(), 0u);
    EXPECT_EQ(reply.count(), 1u);
    EXPECT_EQ(microkit::message_word(0), 1'000'000'000u);
}

TEST_F(TimerDriver, NotifiesWhenTheTimeHasCome)
{
    EXPECT_EQ(call(1, Request::set_timeout, 1600).count(), 0u);
    EXPECT_EQ(counter.timer, 1100u);
    counter.now = 1099;
    interrupt();
    EXPECT_TRUE(fake.notifications.empty());
    counter.now = 1100;
    interrupt();
    EXPECT_EQ(fake.notifications, std::vector{1u});
    EXPECT_EQ(counter.timer, std::nullopt);
    EXPECT_EQ(fake.acknowledgements, (std::vector{k_irq, k_irq}));
}

TEST_F(TimerDriver, KeepsOneDeadlineForEachClient)
{
    (void)call(1, Request::set_timeout, 3200);
    (void)call(2, Request::set_timeout, 1600);
    (void)call(3, Request::set_timeout, 4800);
    EXPECT_EQ(counter.timer, 1100u);
    counter.now = 1250;
    interrupt();
    EXPECT_EQ(fake.notifications, (std::vector{1u, 2u}));
    EXPECT_EQ(counter.timer, 1300u);
}

TEST_F(TimerDriver, ANewRequestReplacesTheOld)
{
    (void)call(1, Request::set_timeout, 1600);
    (void)call(1, Request::set_timeout, 16000);
    EXPECT_EQ(counter.timer, 2000u);
}

TEST_F(TimerDriver, WhatIsDueAlreadyIsNotifiedAtOnce)
{
    (void)call(4, Request::set_timeout, 0);
    EXPECT_EQ(fake.notifications, std::vector{4u});
    EXPECT_EQ(counter.timer, std::nullopt);
}

TEST_F(TimerDriver, AnAbsurdTimeoutNeverComes)
{
    (void)call(1, Request::set_timeout, std::numeric_limits<std::uint64_t>::max());
    counter.now = 1ULL << 40;
    interrupt();
    EXPECT_TRUE(fake.notifications.empty());
}

TEST_F(TimerDriver, AFilledSectionNamesTheInterrupt)
{
    device_resources.magic    = sddf::magic_of(sddf::Class::device_resources);
    device_resources.num_irqs = 1;
    device_resources.irqs[0]  = 9;
    init();
    device_resources = {};
    EXPECT_EQ(timer_irq_channel, 9U);
}

TEST_F(TimerDriver, UnknownRequestsAreAnsweredWithNothing)
{
    EXPECT_EQ(call(1, static_cast<Request>(77)).count(), 0u);
    EXPECT_EQ(protected_call(microkit::Channel{1}, microkit::MessageInfo::create(1, 0)).count(),
              0u);
    EXPECT_EQ(counter.timer, std::nullopt);
}

TEST_F(TimerDriver, ARestartForgetsNoDeadlineAndNoTime)
{
    counter.now += 62'500'000;
    const auto before = (call(3, Request::get_time), microkit::message_word(0));
    (void)call(3, Request::set_timeout, 1'000'000'000);
    counter.timer = {};
    counter.now += 2 * 62'500'000;
    init(); // its interrupt has come, and nobody has acknowledged it
    EXPECT_EQ(fake.notifications.back(), 3U);
    EXPECT_EQ(fake.acknowledgements.back(), k_irq);
    (void)call(3, Request::get_time);
    EXPECT_EQ(microkit::message_word(0), before + 2'000'000'000);
}

} // namespace
