// SPDX-License-Identifier: BSD-2-Clause
// Waiting for text, with a shell script in the place of a machine.
#include "qemu/console.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using namespace std::chrono_literals;
using Kind = qemu::Outcome::Kind;

/// Nothing here takes long, but the machine may have other things to do.
constexpr auto k_silence = 60s;

qemu::Console run(const std::string& script)
{
    return qemu::Console(qemu::Process::start({"sh", "-c", script}, qemu::Streams::piped).value());
}

TEST(Console, FindsTheEarliestOfSeveral)
{
    auto       console = run("echo one; echo two; sleep 100");
    const auto outcome =
        console.wait_for({qemu::text("two"), qemu::text("one")}, {.silence = k_silence});
    ASSERT_EQ(outcome.kind, Kind::matched);
    EXPECT_EQ(outcome.index, 1u);
    const auto next = console.wait_for({qemu::line_with("w")}, {.silence = k_silence});
    EXPECT_EQ(next.before, "\n");
    EXPECT_EQ(next.match, "two\n");
}

TEST(Console, ALineMustBeCompleteAndStartAsAsked)
{
    auto       console = run("printf 'x err\\nerr: 1'; sleep 0.2; printf '2\\r\\nmore'; sleep 100");
    const auto outcome = console.wait_for({qemu::line_starting("err")}, {.silence = k_silence});
    EXPECT_EQ(outcome.match, "err: 12\n");
}

TEST(Console, SaysWhenTheMachineEnds)
{
    auto       console = run("echo last; echo 'bad option' >&2; exit 3");
    const auto outcome = console.wait_for({qemu::text("never")}, {.silence = k_silence});
    EXPECT_EQ(outcome.kind, Kind::ended);
    EXPECT_EQ(outcome.before, "last\n");
    EXPECT_EQ(console.complaints(), "bad option\n");
    EXPECT_EQ(console.process().wait().number, 3);
}

TEST(Console, SaysWhenNothingComes)
{
    auto console = run("echo once; sleep 100");
    EXPECT_EQ(console.wait_for({qemu::text("never")}, {.silence = 200ms}).kind, Kind::silent);
}

TEST(Console, SaysWhenItTakesTooLong)
{
    auto console = run("while :; do echo again; sleep 0.02; done");
    EXPECT_EQ(console
                  .wait_for({qemu::text("never")},
                            {.silence = k_silence, .deadline = qemu::Clock::now() + 300ms})
                  .kind,
              Kind::late);
}

TEST(Console, TypesMoreThanAPipeHolds)
{
    auto console = run("sleep 0.2; head -c 300000 | wc -c; sleep 100");
    EXPECT_TRUE(console.send(std::string(300000, 'x')));
    EXPECT_EQ(console.wait_for({qemu::text("300000")}, {.silence = k_silence}).kind, Kind::matched);
}

TEST(Console, TypingToAMachineThatHasEndedFails)
{
    auto console = run("exit 0");
    EXPECT_EQ(console.wait_for({}, {.silence = k_silence}).kind, Kind::ended);
    EXPECT_FALSE(console.send("hello\n"));
}

TEST(Console, TellsItsListenerEverything)
{
    std::string   heard;
    qemu::Console console(
        qemu::Process::start({"sh", "-c", "echo a; echo b"}, qemu::Streams::piped).value(),
        [&](std::string_view piece) { heard += piece; });
    EXPECT_EQ(console.wait_for({}, {.silence = k_silence}).kind, Kind::ended);
    EXPECT_EQ(heard, "a\nb\n");
    EXPECT_EQ(console.transcript(), heard);
}

} // namespace
