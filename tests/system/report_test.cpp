// SPDX-License-Identifier: BSD-2-Clause
// Guests that die, each in another way, and the report that each leaves behind.
#include "front_door.hpp"
#include "linux_guest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>

namespace {

using namespace system_test;
using testing::ContainsRegex;
using testing::HasSubstr;

/// From the first line of the last report on.
std::string black_box(const std::string& log)
{
    const auto at = log.rfind("vmm: black box of guest");
    return at == log.npos ? "" : log.substr(at);
}

constexpr const char* k_end = "vmm: end of the black box";

/// A line of a report without what differs from run to run and from kernel to kernel: numbers,
/// names of functions, the instruction. Empty: the whole line does (the log, exits, the timer's
/// state).
std::string said_by(const std::string& line)
{
    static const std::regex k_list(
        R"re(^    \[.*|^ *(-[0-9.]+ s  )?vCPU \d+  .*|^      the same .*|.*virtual timer on.*|.* …)re");
    static const std::regex k_rest(R"re(^(    pc 0x[0-9a-f]+).*|( interrupts) (un)?masked)re");
    static const std::regex k_name(R"re( \S+\+0x[0-9a-f]+/0x[0-9a-f]+)re");
    static const std::regex k_number(R"re(0x[0-9a-f]+|[0-9]+)re");
    if (std::regex_match(line, k_list)) {
        return "";
    }
    const auto fixed = std::regex_replace(line, k_rest, "$1$2");
    return std::regex_replace(std::regex_replace(fixed, k_name, ""), k_number, "#");
}

std::set<std::string> sayings(const std::string& text)
{
    std::set<std::string> all;
    std::istringstream    lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::erase(line, '\r');
        all.insert(said_by(line));
    }
    return all;
}

/// What the manual shows below `heading` (docs/manual/diagnosis.md) and `log` does not say.
std::string missing(const std::string& heading, const std::string& log)
{
    std::ifstream     file(root() / "docs/manual/diagnosis.md");
    const std::string page{std::istreambuf_iterator<char>(file), {}};
    const auto        begin = page.find("\n```\n", page.find("\n### " + heading + '\n')) + 5;
    const auto        end   = page.find("\n```\n", begin);
    if (begin < 5 || end == page.npos) {
        return "no block below " + heading;
    }
    const auto  said = sayings(log);
    std::string lines;
    for (const auto& line : sayings(page.substr(begin, end - begin))) {
        lines += said.contains(line) || line.empty() ? "" : line + '\n';
    }
    return lines;
}

TEST(Report, AProgramThatTouchesWhatIsNotThere)
{
    // The kernel's tables are at a random place, and not those that the program runs on.
    LinuxGuest guest(
        {.system = "examples/linux/linux", .board = k_gicv3, .cmdline = "console=hvc0"});
    ASSERT_TRUE(guest.boots()) << guest.log();
    guest.type("devmem 0x0c000000");
    ASSERT_TRUE(guest.says(k_end)) << guest.log();
    EXPECT_THAT(guest.log(), HasSubstr("stopped: vCPU 0 read 4 bytes at 0x0c000000"));
    const auto report = black_box(guest.log());
    EXPECT_THAT(report, HasSubstr("likely cause: a program of the guest mapped physical memory"));
    EXPECT_THAT(report, HasSubstr("kernel: Linux 6.1."));
    EXPECT_THAT(report, HasSubstr(":  ldr w"));
    EXPECT_THAT(report, HasSubstr("EL0, a program"));
    EXPECT_THAT(report, ContainsRegex("    \\[[0-9.]+\\] Run /init as init process"));
    EXPECT_THAT(report, HasSubstr("virtIO console, interrupt "));
    EXPECT_THAT(report, HasSubstr("      queue 0: "));
    EXPECT_THAT(report, HasSubstr("read 4 bytes at 0x0c000000, pc 0x"));
    EXPECT_EQ(missing("A program touches what is not there", guest.log()), "");
}

TEST(Report, ANullPointerInTheKernel)
{
    LinuxGuest guest({.kernel = "linux-6.12"});
    ASSERT_TRUE(guest.boots()) << guest.log();
    guest.type("echo c > /proc/sysrq-trigger"); // and panic=0: it spins for ever
    ASSERT_TRUE(guest.says(k_end)) << guest.log();
    const auto report = black_box(guest.log());
    EXPECT_THAT(report, HasSubstr("its kernel panicked\n  message: Kernel panic - not syncing: "));
    EXPECT_THAT(report, HasSubstr("likely cause: somebody asked for it: SysRq c"));
    EXPECT_THAT(report, HasSubstr("kernel: Linux 6.12."));
    EXPECT_THAT(report, ContainsRegex("    0x[0-9a-f]+ panic\\+0x[0-9a-f]+/0x[0-9a-f]+\n"));
    EXPECT_THAT(report, ContainsRegex(" sysrq_handle_crash\\+0x"));
    EXPECT_THAT(report, HasSubstr("] sysrq: Trigger a crash"));
    EXPECT_THAT(report, HasSubstr("its private interrupt 27"));
    EXPECT_EQ(missing("The kernel crashes, and spins", guest.log()), "");
}

TEST(Report, AnInitThatEnds)
{
    // It resets itself at once: the report comes before.
    const auto call = run({"simple", "--cmdline", "console=ttyAMA0 rdinit=/bin/busybox panic=-1"});
    EXPECT_EQ(call.exit_code, 125) << call.text();
    const auto report = black_box(call.output);
    EXPECT_THAT(report, HasSubstr("likely cause: the first program (PID 1) ended or crashed"));
    EXPECT_THAT(report, HasSubstr(" do_exit+0x"));
    EXPECT_THAT(report, HasSubstr("HVC, function 0x84000009\n"));
    EXPECT_THAT(report, HasSubstr(k_end));
    EXPECT_EQ(missing("The first program ends, and the kernel resets", call.output), "");
}

TEST(Report, APanicBeforeTheKernelHasItsNotes)
{
    // So little memory that it does not come to its initcalls.
    const auto call = run({"simple", "--cmdline", "console=ttyAMA0 mem=38M panic=-1"});
    EXPECT_EQ(call.exit_code, 125) << call.text();
    const auto report = black_box(call.output);
    EXPECT_THAT(report, HasSubstr("its kernel panicked\n  message: Kernel panic - not syncing: "));
    EXPECT_THAT(report, HasSubstr("the end of its dmesg, without times:\n"));
    EXPECT_THAT(report, HasSubstr("\n    Kernel panic - not syncing: "));
    EXPECT_THAT(report, HasSubstr(k_end));
    EXPECT_LT(call.output.find("vmm: black box"), call.output.find("asked for a reset"));
}

TEST(Report, AJumpToNowhere)
{
    const auto call =
        run({"simple", "--kernel", bare_metal("probe.bin"), "--cmdline", "jump:0x20000000"});
    EXPECT_EQ(call.exit_code, 125) << call.text();
    const auto report = black_box(call.output);
    EXPECT_THAT(call.output, HasSubstr("vCPU 0 fetched an instruction at 0x20000000"));
    EXPECT_THAT(report, HasSubstr("likely cause: the guest jumped to where no code can be"));
    EXPECT_THAT(report, HasSubstr("    pc 0x20000000\n    lr 0x4")); // who jumped
    EXPECT_EQ(missing("A program without a kernel jumps to nowhere", call.output), "");
}

TEST(Report, AVcpuThatHangs)
{
    for (const auto* board : {k_gicv2, k_gicv3}) {
        const auto output = output_of(board, "hang", "hang");
        const auto report = black_box(output);
        EXPECT_THAT(report,
                    HasSubstr("a vCPU hangs\n  likely cause: the vCPU is in a loop with its "
                              "interrupts masked"));
        EXPECT_THAT(report, HasSubstr(":  b pc, #0x0\n"));
        EXPECT_THAT(report, HasSubstr("virtual timer off"));
        EXPECT_THAT(output, HasSubstr("hang: heard of vCPU 0: the vCPU is in a loop"));
        if (board == k_gicv2) {
            EXPECT_EQ(missing("A vCPU hangs", output), "");
        }
    }
}

} // namespace
