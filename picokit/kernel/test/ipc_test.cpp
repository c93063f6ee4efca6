// SPDX-License-Identifier: BSD-2-Clause
// Notifications, protected calls and their answers.
#include "kernel/ipc.hpp"

#include "kit/world.hpp"

#include <gtest/gtest.h>

namespace kernel::test {
namespace {

constexpr std::uint64_t k_call = std::uint64_t{1} << 63;

/// high (200) and low (50) share a channel; low can call high.
struct Pair : testing::Test {
    World    world;
    unsigned high = world.add_pd("high", {.priority = 200});
    unsigned low  = world.add_pd("low", {.priority = 50});

    void SetUp() override
    {
        world.channel(low, 3, high, 9, true);
        world.add_irq(high, 1, 40);
        machine::fake.sleep = [] { machine::fake.pending.push_back(40); };
        world.boot();
    }
    static constexpr std::uint64_t k_notify   = PICOKIT_CAP_BASE_NOTIFICATION + 3;
    static constexpr std::uint64_t k_call_cap = PICOKIT_CAP_BASE_ENDPOINT + 3;
};

TEST_F(Pair, TheHighestPriorityRunsFirst) { EXPECT_EQ(world.current(), &world.pd(high)); }

TEST_F(Pair, ANotificationWakesAndPreempts)
{
    world.receive(high);
    ASSERT_EQ(world.current(), &world.pd(low));
    world.syscall(low, PICOKIT_SYS_SIGNAL, k_notify);
    EXPECT_EQ(world.current(), &world.pd(high));
    EXPECT_EQ(world.x0(high), std::uint64_t{1} << 9);
    EXPECT_EQ(world.x0(low), 0u);
    world.receive(high);
    EXPECT_EQ(world.current(), &world.pd(low));
}

TEST_F(Pair, NotificationsOfAChannelCoalesce)
{
    // low is not waiting: it has not run yet.
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(world.ask(high, PICOKIT_SYS_SIGNAL, PICOKIT_CAP_BASE_NOTIFICATION + 9), 0u);
    }
    world.receive(high);
    world.receive(low);
    EXPECT_EQ(world.x0(low), std::uint64_t{1} << 3);
    EXPECT_EQ(world.pd(low).pending, 0u);
}

TEST_F(Pair, ADeferredNotificationHappensBeforeTheWait)
{
    world.receive(high);
    // Wakes high, which preempts; low waits, and is in no queue.
    world.syscall(low, PICOKIT_SYS_RECEIVE, k_notify);
    ASSERT_EQ(world.current(), &world.pd(high));
    EXPECT_EQ(world.pd(low).state, State::receiving);
    EXPECT_EQ(world.pd(low).queued, Queued::no);
    world.syscall(high, PICOKIT_SYS_RECEIVE, PICOKIT_CAP_BASE_NOTIFICATION + 9);
    ASSERT_EQ(world.current(), &world.pd(low));
    EXPECT_EQ(world.x0(low), std::uint64_t{1} << 3);
}

TEST_F(Pair, ACallCarriesWordsBothWays)
{
    world.receive(high);
    world.word(low, 0)   = 11;
    world.word(low, 119) = 12;
    world.syscall(low, PICOKIT_SYS_CALL, k_call_cap, info(77, 120));
    ASSERT_EQ(world.current(), &world.pd(high));
    EXPECT_EQ(world.x0(high), k_call | 9);
    EXPECT_EQ(world.x1(high), info(77, 120));
    EXPECT_EQ(world.word(high, 0), 11u);
    EXPECT_EQ(world.word(high, 119), 12u);
    world.word(high, 0) = 21;
    world.word(high, 1) = 22;
    world.reply_and_receive(high, info(5, 1));
    ASSERT_EQ(world.current(), &world.pd(low));
    EXPECT_EQ(world.x1(low), info(5, 1));
    EXPECT_EQ(world.word(low, 0), 21u);
    EXPECT_EQ(world.word(low, 1), 0u) << "only as many words as the answer has";
}

TEST_F(Pair, ALengthBeyondTheBufferIsCut)
{
    world.receive(high);
    world.syscall(low, PICOKIT_SYS_CALL, k_call_cap, info(1, 127) | 0xf80);
    EXPECT_EQ(world.x1(high), info(1, 120)) << "and capabilities do not travel";
}

TEST_F(Pair, NotificationsGoBeforeCalls)
{
    // Both come before high receives at all.
    world.pd(high).pending = 0;
    world.receive(high);
    world.syscall(low, PICOKIT_SYS_SIGNAL, k_notify);
    world.pd(high).pending |= 4; // as if another had signalled meanwhile
    world.receive(high);
    EXPECT_EQ(world.x0(high), 4u);
    EXPECT_EQ(world.current(), &world.pd(high));
}

TEST_F(Pair, AnUnansweredCallerBecomesInactiveAndCanCallAgain)
{
    world.receive(high);
    const auto pc = world.pd(low).context[Word::pc];
    world.syscall(low, PICOKIT_SYS_CALL, k_call_cap, info(1, 0));
    world.receive(high); // nobody left: idles until the interrupt
    EXPECT_EQ(world.pd(low).state, State::inactive);
    EXPECT_EQ(world.pd(low).context[Word::pc], pc) << "at the call again";
    EXPECT_EQ(world.x0(high), 2u);
}

TEST_F(Pair, UnsuitableCapabilitiesAreRefused)
{
    world.receive(high);
    constexpr std::uint64_t k_refused = 2;
    EXPECT_EQ(world.ask(low, PICOKIT_SYS_SIGNAL, 0), k_refused);
    EXPECT_EQ(world.ask(low, PICOKIT_SYS_SIGNAL, k_call_cap), k_refused);
    EXPECT_EQ(world.ask(low, PICOKIT_SYS_SIGNAL, PICOKIT_CAP_SLOTS), k_refused);
    EXPECT_EQ(world.ask(low, PICOKIT_SYS_SIGNAL, ~std::uint64_t{0}), k_refused);
    EXPECT_EQ(world.ask(low, PICOKIT_SYS_IRQ_ACK, k_notify), k_refused);
    EXPECT_EQ(world.ask(low, PICOKIT_SYS_TCB_SUSPEND, 1), k_refused);
    EXPECT_EQ(world.ask(low, PICOKIT_SYS_SMC, PICOKIT_CAP_SMC), k_refused);
}

struct Servers : testing::Test {
    World    world;
    unsigned server = world.add_pd("server", {.priority = 200});
    unsigned first  = world.add_pd("first", {.priority = 50});
    unsigned second = world.add_pd("second", {.priority = 50});
    unsigned urgent = world.add_pd("urgent", {.priority = 60});
    unsigned last   = world.add_pd("last", {.priority = 1});

    void SetUp() override
    {
        for (const unsigned pd : {first, second, urgent}) {
            world.channel(pd, 0, server, static_cast<std::uint8_t>(10 + pd), true);
        }
        world.channel(last, 1, urgent, 1);
        world.boot();
    }
    void call(unsigned pd) { world.syscall(pd, PICOKIT_SYS_CALL, PICOKIT_CAP_BASE_ENDPOINT, 0); }
};

TEST_F(Servers, CallersQueueByPriorityThenInOrder)
{
    world.stop(server); // so that callers pile up
    world.receive(urgent);
    call(first);
    call(second);
    world.syscall(last, PICOKIT_SYS_SIGNAL, PICOKIT_CAP_BASE_NOTIFICATION + 1);
    call(urgent);
    ASSERT_EQ(world.current(), &world.pd(last));
    EXPECT_EQ(world.pd(urgent).state, State::calling);
    world.start(server);
    for (const unsigned pd : {urgent, first, second}) {
        world.reply_and_receive(server);
        ASSERT_EQ(world.current(), &world.pd(server));
        EXPECT_EQ(world.x0(server), k_call | (10 + pd));
    }
    world.reply_and_receive(server);
    EXPECT_EQ(world.current(), &world.pd(urgent));
}

TEST_F(Servers, AStoppedCallerLeavesTheQueue)
{
    world.stop(server);
    world.receive(urgent);
    call(first);
    call(second);
    const auto pc = world.pd(first).context[Word::pc];
    world.stop(first);
    EXPECT_EQ(world.pd(first).context[Word::pc], pc - 4);
    world.start(server);
    world.receive(server);
    EXPECT_EQ(world.x0(server), k_call | (10 + second));
    EXPECT_TRUE(world.pd(server).callers.empty());
}

TEST_F(Servers, AnAnswerLetsTheCallerGoOn)
{
    world.receive(server);
    call(urgent);
    ASSERT_EQ(world.current(), &world.pd(server));
    world.reply_and_receive(server, info(0, 0));
    ASSERT_EQ(world.current(), &world.pd(urgent));
    EXPECT_EQ(world.pd(server).client, nullptr);
}

/// A passive server, a client with time of its own, and a notifier.
struct Passive : testing::Test {
    World    world;
    unsigned server = world.add_pd("server", {.priority = 200, .passive = true});
    unsigned client = world.add_pd("client", {.priority = 100});
    unsigned other  = world.add_pd("other", {.priority = 50});

    void SetUp() override
    {
        world.channel(client, 1, server, 1, true);
        world.channel(other, 1, server, 2, true);
        world.boot();
        EXPECT_EQ(world.ask(server, PICOKIT_SYS_BECOME_PASSIVE), 0u);
        world.receive(server);
    }
};

TEST_F(Passive, HasNoTimeWhileItWaits) { EXPECT_EQ(world.pd(server).budget, nullptr); }

TEST_F(Passive, RunsACallOnTheCallersTimeAndGivesItBack)
{
    world.syscall(client, PICOKIT_SYS_CALL, PICOKIT_CAP_BASE_ENDPOINT + 1);
    ASSERT_EQ(world.current(), &world.pd(server));
    EXPECT_EQ(world.pd(server).budget, &world.pd(client).own_budget);
    EXPECT_EQ(world.pd(client).budget, nullptr);
    EXPECT_EQ(world.core->charged, &world.pd(client).own_budget);
    world.reply_and_receive(server);
    ASSERT_EQ(world.current(), &world.pd(client));
    EXPECT_EQ(world.pd(client).budget, &world.pd(client).own_budget);
    EXPECT_EQ(world.pd(server).budget, nullptr);
}

TEST_F(Passive, RunsANotificationOnItsOwn)
{
    world.syscall(client, PICOKIT_SYS_SIGNAL, PICOKIT_CAP_BASE_NOTIFICATION + 1);
    ASSERT_EQ(world.current(), &world.pd(server));
    EXPECT_EQ(world.pd(server).budget, &world.pd(server).own_budget);
    world.receive(server);
    EXPECT_EQ(world.pd(server).budget, nullptr);
}

TEST_F(Passive, GivesTheTimeBackEvenWithoutAnAnswer)
{
    world.syscall(client, PICOKIT_SYS_CALL, PICOKIT_CAP_BASE_ENDPOINT + 1);
    world.receive(server);
    EXPECT_EQ(world.current(), &world.pd(other));
    EXPECT_EQ(world.pd(client).state, State::inactive);
    EXPECT_EQ(world.pd(client).budget, &world.pd(client).own_budget);
}

TEST_F(Passive, OnlyThoseThatAreDeclaredSo)
{
    constexpr std::uint64_t k_illegal = 3;
    EXPECT_EQ(world.ask(client, PICOKIT_SYS_BECOME_PASSIVE), k_illegal);
}

/// client calls middle calls server, both passive; the boss can stop them all.
struct Chain : testing::Test {
    World    world;
    unsigned boss = world.add_pd("boss", {.priority = 250});
    unsigned server =
        world.add_pd("server", {.priority = 200, .passive = true, .parent = 0, .child_id = 1});
    unsigned middle =
        world.add_pd("middle", {.priority = 150, .passive = true, .parent = 0, .child_id = 2});
    unsigned client = world.add_pd("client", {.priority = 100, .parent = 0, .child_id = 3});

    void SetUp() override
    {
        world.channel(client, 1, middle, 1, true);
        world.channel(middle, 2, server, 2, true);
        world.channel(server, 5, boss, 5);
        world.add_irq(boss, 0, 40);
        machine::fake.sleep = [] { machine::fake.pending.push_back(40); };
        world.boot();
        world.receive(boss);
        world.syscall(server, PICOKIT_SYS_BECOME_PASSIVE);
        world.receive(server);
        world.syscall(middle, PICOKIT_SYS_BECOME_PASSIVE);
        world.receive(middle);
        world.syscall(client, PICOKIT_SYS_CALL, PICOKIT_CAP_BASE_ENDPOINT + 1);
        world.syscall(middle, PICOKIT_SYS_CALL, PICOKIT_CAP_BASE_ENDPOINT + 2);
        // The server runs on the client's time; it wakes the boss.
        world.syscall(server, PICOKIT_SYS_SIGNAL, PICOKIT_CAP_BASE_NOTIFICATION + 5);
        ASSERT_EQ(world.current(), &world.pd(boss));
        ASSERT_EQ(world.pd(server).budget, &world.pd(client).own_budget);
    }
    std::uint64_t stop(unsigned pd)
    {
        return world.ask(boss, PICOKIT_SYS_TCB_SUSPEND, PICOKIT_CAP_BASE_TCB + pd);
    }
};

TEST_F(Chain, StoppingTheClientLeavesTheServersTimeOfTheirOwn)
{
    EXPECT_EQ(stop(3), 0u);
    EXPECT_EQ(world.pd(client).budget, &world.pd(client).own_budget);
    EXPECT_EQ(world.pd(server).budget, &world.pd(middle).own_budget);
    world.receive(boss);
    ASSERT_EQ(world.current(), &world.pd(server));
    world.reply_and_receive(server);
    ASSERT_EQ(world.current(), &world.pd(middle));
    EXPECT_EQ(world.pd(middle).budget, &world.pd(middle).own_budget);
    EXPECT_EQ(world.pd(server).budget, nullptr);
}

TEST_F(Chain, StoppingTheMiddleGivesItItsLoanBack)
{
    EXPECT_EQ(stop(2), 0u);
    EXPECT_EQ(world.pd(middle).budget, &world.pd(client).own_budget);
    EXPECT_EQ(world.pd(server).budget, &world.pd(server).own_budget);
    EXPECT_EQ(world.pd(client).state, State::called);
    // Restarted, the middle one waits again: its client gets no answer, but its time back.
    EXPECT_EQ(world.ask(boss, PICOKIT_SYS_TCB_RESUME, PICOKIT_CAP_BASE_TCB + 2), 0u);
    world.receive(boss);
    world.receive(server); // forgets its caller, too
    ASSERT_EQ(world.current(), &world.pd(middle));
    world.receive(middle); // nobody is left: idles until the interrupt
    EXPECT_EQ(world.pd(client).budget, &world.pd(client).own_budget);
    EXPECT_EQ(world.pd(client).state, State::inactive);
}

TEST_F(Chain, AStoppedWaitAndAStoppedCallBeginAnew)
{
    const auto pc = world.pd(middle).context[Word::pc];
    EXPECT_EQ(stop(2), 0u);
    EXPECT_EQ(world.pd(middle).context[Word::pc], pc - 4);
    EXPECT_EQ(world.pd(middle).context[Word::x0], PICOKIT_CAP_BASE_ENDPOINT + 2u);
    world.receive(boss);
}

} // namespace
} // namespace kernel::test
