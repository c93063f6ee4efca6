// SPDX-License-Identifier: BSD-2-Clause
// Turns, budgets, domains, and when the timer is touched at all.
#include "kit/world.hpp"

#include <gtest/gtest.h>

namespace kernel::test {
namespace {

constexpr Ticks k_millisecond = 62'500;

constexpr std::uint64_t k_wfi = 0x01u << 26 | 1u << 25; // ESR_EL2

std::size_t timer_writes() { return machine::fake.count_writes(Register::cnthp_cval_el2); }

TEST(RoundRobin, ALoneThreadNeverSeesATick)
{
    World          world;
    const unsigned high = world.add_pd("high", {.priority = 200});
    world.add_pd("low", {.priority = 50});
    world.boot();
    const auto writes = timer_writes();
    world.receive(high);
    world.pass(100 * k_millisecond);
    EXPECT_EQ(timer_writes(), writes);
    EXPECT_EQ(machine::fake[Register::cnthp_ctl_el2], 0u);
}

TEST(RoundRobin, EqualsTakeTurnsOfTheirBudgets)
{
    World          world;
    const unsigned a = world.add_pd("a", {.budget = 1000, .period = 1000});
    const unsigned b = world.add_pd("b", {.budget = 2000, .period = 2000});
    world.boot();
    ASSERT_EQ(world.current(), &world.pd(a));
    world.pass(k_millisecond - 1);
    EXPECT_EQ(world.current(), &world.pd(a));
    world.pass(1);
    EXPECT_EQ(world.current(), &world.pd(b));
    world.pass(2 * k_millisecond - 1);
    EXPECT_EQ(world.current(), &world.pd(b));
    world.pass(1);
    EXPECT_EQ(world.current(), &world.pd(a));
}

TEST(RoundRobin, APreemptedTurnGoesOn)
{
    World          world;
    const unsigned a    = world.add_pd("a", {});
    const unsigned b    = world.add_pd("b", {});
    const unsigned high = world.add_pd("high", {.priority = 200});
    world.add_irq(high, 4, 50);
    world.boot();
    world.receive(high);
    ASSERT_EQ(world.current(), &world.pd(a));
    world.pass(k_millisecond / 2);
    world.interrupt(50);
    ASSERT_EQ(world.current(), &world.pd(high));
    world.pass(5 * k_millisecond);
    world.receive(high);
    ASSERT_EQ(world.current(), &world.pd(a)) << "before its equal, which had no reason to run";
    world.pass(k_millisecond / 2 - 1);
    EXPECT_EQ(world.current(), &world.pd(a));
    world.pass(1);
    EXPECT_EQ(world.current(), &world.pd(b));
}

TEST(RoundRobin, YieldEndsTheTurn)
{
    World          world;
    const unsigned a = world.add_pd("a", {});
    const unsigned b = world.add_pd("b", {});
    world.boot();
    world.syscall(a, PICOKIT_SYS_YIELD);
    EXPECT_EQ(world.current(), &world.pd(b));
    world.syscall(b, PICOKIT_SYS_YIELD);
    EXPECT_EQ(world.current(), &world.pd(a));
}

TEST(RoundRobin, AnEqualThatWakesBringsTheTickBack)
{
    World          world;
    const unsigned a = world.add_pd("a", {.priority = 101});
    const unsigned b = world.add_pd("b", {.priority = 100});
    const unsigned c = world.add_pd("c", {.priority = 100});
    world.channel(b, 0, c, 0);
    world.boot();
    world.receive(a);
    world.syscall(b, PICOKIT_SYS_YIELD);
    world.receive(c);
    ASSERT_EQ(world.current(), &world.pd(b));
    world.pass(10 * k_millisecond);
    ASSERT_EQ(world.current(), &world.pd(b));
    world.syscall(b, PICOKIT_SYS_SIGNAL, PICOKIT_CAP_BASE_NOTIFICATION);
    ASSERT_EQ(world.current(), &world.pd(b));
    world.pass(k_millisecond);
    EXPECT_EQ(world.current(), &world.pd(c));
}

TEST(RoundRobin, AThreadThatBlocksOftenTakesNoMoreThanItsTurn)
{
    // A vCPU that spins on hypercalls is one: its equals would starve.
    World          world;
    const unsigned server = world.add_pd("server", {.priority = 200});
    const unsigned caller = world.add_pd("caller", {});
    const unsigned equal  = world.add_pd("equal", {});
    world.channel(caller, 0, server, 0, true);
    world.boot();
    world.receive(server);
    for (int tenth = 0; tenth < 10; ++tenth) {
        ASSERT_EQ(world.current(), &world.pd(caller)) << tenth;
        world.pass(k_millisecond / 10 - (tenth < 9 ? 0 : 1));
        world.syscall(caller, PICOKIT_SYS_CALL, PICOKIT_CAP_BASE_ENDPOINT);
        ASSERT_EQ(world.current(), &world.pd(server));
        world.pass(k_millisecond); // the server's own affair
        world.reply_and_receive(server);
    }
    ASSERT_EQ(world.current(), &world.pd(caller)) << "one tick is left";
    // The turn is over at the moment of the call, before the timer's interrupt is taken.
    machine::fake[Register::cntpct_el0] += 1;
    world.syscall(caller, PICOKIT_SYS_CALL, PICOKIT_CAP_BASE_ENDPOINT);
    ASSERT_EQ(world.current(), &world.pd(server));
    world.reply_and_receive(server);
    EXPECT_EQ(world.current(), &world.pd(equal));
    world.pass(k_millisecond);
    EXPECT_EQ(world.current(), &world.pd(caller));
}

TEST(Budget, IsAllAThreadGetsInAPeriod)
{
    World          world;
    const unsigned poor = world.add_pd("poor", {.priority = 200, .budget = 1000, .period = 10'000});
    const unsigned rest = world.add_pd("rest", {.priority = 50});
    world.boot();
    for (int i = 0; i < 5; ++i) {
        ASSERT_EQ(world.current(), &world.pd(poor)) << i;
        world.pass(k_millisecond);
        ASSERT_EQ(world.current(), &world.pd(rest)) << i;
        world.pass(9 * k_millisecond - 1);
        ASSERT_EQ(world.current(), &world.pd(rest)) << i;
        world.pass(1);
    }
}

TEST(Budget, OfACallerIsWhatAPassiveServerRunsOn)
{
    World          world;
    const unsigned server = world.add_pd("server", {.priority = 200, .passive = true});
    const unsigned poor = world.add_pd("poor", {.priority = 150, .budget = 1000, .period = 10'000});
    const unsigned rest = world.add_pd("rest", {.priority = 50});
    world.channel(poor, 0, server, 0, true);
    world.boot();
    world.syscall(server, PICOKIT_SYS_BECOME_PASSIVE);
    world.receive(server);
    world.pass(k_millisecond / 2);
    world.syscall(poor, PICOKIT_SYS_CALL, PICOKIT_CAP_BASE_ENDPOINT);
    ASSERT_EQ(world.current(), &world.pd(server));
    world.pass(k_millisecond / 2);
    EXPECT_EQ(world.current(), &world.pd(rest));
    EXPECT_EQ(world.pd(server).queued, Queued::release);
    world.pass(9 * k_millisecond);
    EXPECT_EQ(world.current(), &world.pd(server));
}

TEST(Budget, AStoppedThreadIsNotReleased)
{
    World          world;
    const unsigned boss = world.add_pd("boss", {.priority = 100});
    const unsigned poor = world.add_pd(
        "poor", {.priority = 200, .budget = 1000, .period = 10'000, .parent = 0, .child_id = 1});
    world.boot();
    ASSERT_EQ(world.current(), &world.pd(poor));
    world.pass(k_millisecond);
    ASSERT_EQ(world.current(), &world.pd(boss));
    EXPECT_EQ(world.ask(boss, PICOKIT_SYS_TCB_SUSPEND, PICOKIT_CAP_BASE_TCB + 1), 0u);
    world.pass(100 * k_millisecond);
    EXPECT_EQ(world.current(), &world.pd(boss));
}

TEST(Domains, RunOnlyInTheirTime)
{
    World          world;
    const unsigned red  = world.add_pd("red", {.priority = 10, .domain = 0});
    const unsigned blue = world.add_pd("blue", {.priority = 200, .domain = 3});
    world.channel(red, 0, blue, 0);
    world.domain(0, 1000);
    world.domain(3, 500);
    world.boot();
    ASSERT_EQ(world.current(), &world.pd(red));
    world.pass(999);
    EXPECT_EQ(world.current(), &world.pd(red));
    world.pass(1);
    ASSERT_EQ(world.current(), &world.pd(blue));
    world.pass(500);
    ASSERT_EQ(world.current(), &world.pd(red));
    world.syscall(red, PICOKIT_SYS_SIGNAL, PICOKIT_CAP_BASE_NOTIFICATION);
    EXPECT_EQ(world.current(), &world.pd(red)) << "no priority crosses a domain";
    world.pass(1000);
    EXPECT_EQ(world.current(), &world.pd(blue));
}

TEST(Domains, AnEmptyOneIdlesUntilItsTimeIsOver)
{
    World          world;
    const unsigned red = world.add_pd("red", {});
    world.domain(0, 1000);
    world.domain(1, 1000);
    world.boot();
    machine::fake.sleep = [] {
        // Not before the end of the empty domain.
        ASSERT_EQ(machine::fake[Register::cnthp_cval_el2], 2000u);
        machine::fake[Register::cntpct_el0] = 2000;
        machine::fake.pending.push_back(26);
    };
    world.pass(1000);
    EXPECT_EQ(world.current(), &world.pd(red));
    EXPECT_EQ(machine::fake[Register::cntpct_el0], 2000u);
}

TEST(Waiting, OfAPdEndsWithItsTurnAtTheLatest)
{
    World world;
    world.add_pd("alone", {.budget = 1000, .period = 1000});
    world.boot();
    const std::uint64_t pc    = world.pd(0).context[Word::pc];
    bool                slept = false;
    machine::fake.sleep       = [&] {
        slept = true;
        EXPECT_EQ(machine::fake[Register::cnthp_ctl_el2], 1u) << "nothing would wake it";
    };
    world.trap(k_wfi);
    EXPECT_TRUE(slept);
    EXPECT_EQ(world.current(), &world.pd(0));
    EXPECT_EQ(world.pd(0).context[Word::pc], pc + 4) << "past the instruction, whatever ended it";

    // The turn ends, and with it the tick, until it waits again.
    world.pass(k_millisecond);
    EXPECT_EQ(machine::fake[Register::cnthp_ctl_el2], 0u);
    world.trap(k_wfi);
    EXPECT_EQ(machine::fake[Register::cnthp_ctl_el2], 1u);
}

TEST(Waiting, DoesNotLengthenATurn)
{
    World          world;
    const unsigned a = world.add_pd("a", {});
    const unsigned b = world.add_pd("b", {});
    world.boot();
    machine::fake.sleep = [] {};
    world.pass(k_millisecond / 2);
    world.trap(k_wfi);
    EXPECT_EQ(world.current(), &world.pd(a));
    world.pass(k_millisecond / 2);
    EXPECT_EQ(world.current(), &world.pd(b));
}

TEST(Table, MustBeWhatTheKernelKnows)
{
    World                world;
    picokit::SystemTable table{};
    EXPECT_THROW(create_system(g_system, *world.core, table), Panic);
    table.magic     = picokit::k_table_magic;
    table.pds.count = picokit::k_max_pds + 1;
    EXPECT_THROW(create_system(g_system, *world.core, table), Panic);
}

} // namespace
} // namespace kernel::test
