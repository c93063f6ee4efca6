// SPDX-License-Identifier: BSD-2-Clause
// Commands through a shell's console, tried on this machine's shell on a terminal of its own.
#include "shell.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>

namespace {

using namespace std::chrono_literals;

// Nothing here takes long, but the machine may have other things to do.
constexpr auto         k_patience = 60s;
constexpr qemu::Limits k_limits{.silence = k_patience};

/// Whether this machine has pseudo-terminals; a bare chroot has none.
bool has_terminals()
{
    const qemu::Descriptor terminal{::posix_openpt(O_RDWR)};
    return terminal.is_open() && ::grantpt(terminal.number()) == 0;
}

/// An interactive shell on a pseudo-terminal, with echo, as a guest has it (or else without
/// either).
qemu::Console start_shell(const char* shell = "sh")
{
    const auto interactive = std::string("PS1='guest# ' exec ") + shell + " -i";
    const auto command     = has_terminals()
                                 ? std::vector<std::string>{"script", "-qfc", interactive, "/dev/null"}
                                 : std::vector<std::string>{"sh", "-c", interactive + " 2>&1"};
    return qemu::Console(qemu::Process::start(command, qemu::Streams::piped).value());
}

vmm::CommandResult run(std::string_view command, const char* shell = "sh")
{
    auto       console = start_shell(shell);
    vmm::Shell guest(console);
    EXPECT_TRUE(guest.answers(k_patience)) << console.transcript();
    auto result = guest.run(command, k_limits, {});
    EXPECT_TRUE(result) << console.transcript();
    return result.value_or(vmm::CommandResult{"", -1});
}

TEST(Shell, GivesOutputAndExitCode)
{
    const auto result = run("echo hello; exit 3");
    EXPECT_EQ(result.output, "hello\n");
    EXPECT_EQ(result.exit_code, 3);
}

TEST(Shell, KeepsEveryByteOfACommand)
{
    EXPECT_EQ(run("printf '%s|' 'a  b' \"c'd\" \"tab\there\" '$HOME' '!x' \\\\n").output,
              "a  b|c'd|tab\there|$HOME|!x|\\n|");
    EXPECT_EQ(run("echo one\necho two\n\n").output, "one\ntwo\n");
    EXPECT_EQ(run("echo grün").output, "grün\n");
}

TEST(Shell, TakesCommandsLongerThanALine)
{
    const std::string text(5000, 'x');
    EXPECT_EQ(run("echo " + text + " | wc -c").output, "5001\n");
}

TEST(Shell, WorksWithABiggerShellToo)
{
    const auto result = run("echo 'a!b' \"$((6 * 7))\"; false", "bash --norc");
    EXPECT_EQ(result.output, "a!b 42\n");
    EXPECT_EQ(result.exit_code, 1);
}

TEST(Shell, AnswersThoughTheBeginningOfAnEarlierQuestionWasLost)
{
    // As a kernel does that opens its serial port only then.
    for (const auto* lost : {"1", "8", "9", "16", "22"}) {
        qemu::Console console(
            qemu::Process::start({"sh", "-c",
                                  std::string("dd bs=1 of=/dev/null status=none count=") + lost +
                                      "; PS1='guest# ' exec sh -i 2>&1"},
                                 qemu::Streams::piped)
                .value());
        vmm::Shell guest(console);
        EXPECT_FALSE(guest.answers(100ms)) << lost;
        EXPECT_TRUE(guest.answers(k_patience)) << console.transcript();
        const auto result = guest.run("echo here", k_limits, {});
        ASSERT_TRUE(result) << console.transcript();
        EXPECT_EQ(result->output, "here\n");
    }
}

TEST(Shell, ACommandCannotEatTheConsole) { EXPECT_EQ(run("cat; echo end").output, "end\n"); }

TEST(Shell, OutputWithoutANewlineAtItsEndStaysSo)
{
    EXPECT_EQ(run("printf x").output, "x");
    EXPECT_EQ(run("true").output, "");
    EXPECT_EQ(run("echo; echo").output, "\n\n");
}

TEST(Shell, ASyntaxErrorIsTheCommandsOwn) { EXPECT_NE(run("if then").exit_code, 0); }

TEST(Shell, TroubleEndsTheWait)
{
    auto       console = start_shell();
    vmm::Shell guest(console);
    ASSERT_TRUE(guest.answers(k_patience));
    const auto result =
        guest.run("echo 'Kernel panic'; sleep 100", k_limits,
                  {qemu::line_with("no such"), qemu::line_starting("Kernel panic")});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, qemu::Outcome::Kind::matched);
    EXPECT_EQ(result.error().index, 2u);
}

TEST(Shell, EachLineThatIsTypedIsShortAndPlain)
{
    for (const auto& line : vmm::lines_that_store(std::string(1000, 'a') + "\t\x01\xff'")) {
        EXPECT_LT(line.size(), 200u);
        EXPECT_TRUE(std::ranges::all_of(line, [](char c) { return c >= ' ' && c <= '~'; }));
    }
}

TEST(Prompt, IsALineThatEndsLikeOneAndStays)
{
    const auto found = [](std::string_view text, qemu::Duration quiet = 1s) {
        return vmm::prompt(500ms)(text, quiet).has_value();
    };
    EXPECT_TRUE(found("hello\n/ # "));
    EXPECT_TRUE(found("guest:~# \x1b[6n"));
    EXPECT_TRUE(found("$ "));
    EXPECT_FALSE(found("/ # ", 100ms));
    EXPECT_FALSE(found("/ # \n"));
    EXPECT_FALSE(found("[    0.1] working"));
    EXPECT_FALSE(found(""));
    EXPECT_TRUE(vmm::login_prompt(500ms)("Debian 12\nguest login: ", 1s));
}

} // namespace
