// SPDX-License-Identifier: BSD-2-Clause
// Guests that are no Linux, in every form a kernel file may have; and files that are none.
#include "front_door.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace {

using namespace system_test;
using testing::HasSubstr;

std::string read(const std::string& file, std::size_t limit)
{
    std::ifstream stream(file, std::ios::binary);
    std::string   bytes(limit, '\0');
    stream.read(bytes.data(), static_cast<std::streamsize>(limit));
    bytes.resize(static_cast<std::size_t>(stream.gcount()));
    return bytes;
}

TEST(BareMetal, RunsUntilItPowersOff)
{
    for (const auto* board : {k_gicv2, k_gicv3}) {
        for (const auto* form : {"probe.elf", "probe.bin"}) {
            const auto call = run({"simple", "--kernel", bare_metal(form), "--board", board});
            EXPECT_EQ(call.exit_code, 0) << call.text();
            EXPECT_THAT(call.output, HasSubstr("probe: end"));
        }
    }
}

TEST(BareMetal, AFlatBinaryNeedsNoHeader)
{
    // From the second instruction on, the program is the same without its Image header's magic.
    auto bytes = read(bare_metal("probe.bin"), 1 << 20);
    ASSERT_GT(bytes.size(), 64u);
    ASSERT_EQ(bytes.substr(56, 4), "ARM\x64");
    bytes.replace(56, 4, 4, '\0');
    const auto call = run({"simple", "--kernel", write_file("flat.bin", bytes)});
    EXPECT_EQ(call.exit_code, 0) << call.text();
    EXPECT_THAT(call.output, HasSubstr("probe: end"));
}

TEST(BareMetal, StartsItsOtherCpusWhileItSpins)
{
    // The first CPU asks by hypercall, without a pause, whether the other one is off again.
    for (const auto* board : {k_gicv2, k_gicv3}) {
        const auto call =
            run({"simple", "--kernel", bare_metal("probe.bin"), "--board", board, "--vcpus", "4",
                 "--cmdline", "cpu:1 cpu:2 cpu:3 cpu:1 idle:20 off", "--timeout", "600"});
        EXPECT_EQ(call.exit_code, 0) << call.text();
        for (const auto* cpu : {"1", "2", "3"}) {
            EXPECT_THAT(call.output, HasSubstr("probe: CPU " + std::string{cpu} +
                                               " runs, MPIDR 0x" + cpu + "\n"));
        }
    }
}

TEST(BareMetal, InstructionsCountTheSameEachTime)
{
    const auto first =
        run({"simple", "--kernel", bare_metal("bench.elf"), "--icount", "--config", "release"});
    const auto second =
        run({"simple", "--kernel", bare_metal("bench.elf"), "--icount", "--config", "release"});
    EXPECT_EQ(first.exit_code, 0) << first.text();
    EXPECT_THAT(first.output, HasSubstr("bench hypercall"));
    EXPECT_EQ(first.output, second.output);
}

TEST(BareMetal, AGuestThatHangsIsReported)
{
    const std::string forever("\x00\x00\x00\x14", 4); // b .
    const auto        call =
        run({"simple", "--kernel", write_file("hang.bin", forever), "--timeout", "6"});
    EXPECT_EQ(call.exit_code, 125) << call.text();
    EXPECT_THAT(call.errors, HasSubstr("longer than the 6 s of --timeout"));
}

TEST(BareMetal, TheLogIsKept)
{
    const auto log  = write_file("log", "");
    const auto call = run({"simple", "--kernel", bare_metal("probe.elf"), "--keep-log", log});
    EXPECT_EQ(call.exit_code, 0);
    EXPECT_EQ(read(log, 1 << 20), call.output);
}

TEST(BadInput, EachGetsOneClearMessage)
{
    const auto message = [](const std::vector<std::string>& arguments) {
        std::vector<std::string> words{"--timeout", "300"};
        words.insert(words.end(), arguments.begin(), arguments.end());
        const auto call = run(words);
        EXPECT_NE(call.exit_code, 0);
        return call.text();
    };
    const auto cut = write_file("cut", read(guest("linux-cloud"), 1'000'000));
    EXPECT_THAT(message({"simple", "--kernel", cut}), HasSubstr("the kernel is cut off"));
    EXPECT_THAT(message({"simple", "--memory", "16M"}), HasSubstr("larger than the guest's RAM"));
    EXPECT_THAT(message({"simple", "--memory", "4G"}), HasSubstr("not enough RAM"));
    EXPECT_THAT(message({"simple", "--dtb", root() / "build/boards" / k_gicv2 / "board.dtb"}),
                HasSubstr("/memory@40000000: RAM that the machine does not have"));
    EXPECT_THAT(message({"simple", "--kernel", "/none"}),
                HasSubstr("--kernel: there is no file /none"));
    EXPECT_THAT(message({"simple", "--kernel", write_file("empty", "")}), HasSubstr("is empty"));
    EXPECT_THAT(message({"hello", "--memory", "64M"}), HasSubstr("has no guest"));
    EXPECT_THAT(message({"simple", "--qemu-args", "-nonsense"}),
                HasSubstr("-nonsense: invalid option"));
    EXPECT_THAT(run({"hello", "--config", "release", "--timeout", "3"}).errors,
                HasSubstr("only debug configurations print"));
}

} // namespace
