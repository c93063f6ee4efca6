// SPDX-License-Identifier: BSD-2-Clause
// Boards become command lines.
#include "qemu/machine.hpp"

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <fstream>

namespace {

const qemu::Board k_board{"b", "virt,virtualization=on", "cortex-a53", "2G", 0x7000'0000};

TEST(Machine, TheImageIsLoadedWhereTheBoardSays)
{
    const auto line = fmt::format("{}", fmt::join(qemu::command_line(k_board, "x.img", {}), " "));
    EXPECT_EQ(line,
              "qemu-system-aarch64 -machine virt,virtualization=on -cpu cortex-a53 -m size=2G "
              "-nic none -display none -device loader,file=x.img,addr=0x70000000,cpu-num=0 "
              "-serial stdio -monitor none");
}

TEST(Machine, CountingInstructionsLeavesNothingToChance)
{
    const auto words = qemu::command_line(
        k_board, "x.img", {.time = qemu::Time::instructions, .log = {}, .extra = {"-smp", "2"}});
    const auto line = fmt::format("{}", fmt::join(words, " "));
    EXPECT_NE(line.find("-icount shift=0,sleep=off -seed 1 -rtc base=2026"), std::string::npos);
    EXPECT_TRUE(line.ends_with(" -smp 2"));
}

TEST(Machine, AProgramOfItsOwnNeedsNoBoard)
{
    const auto line = fmt::format(
        "{}", fmt::join(qemu::native_command_line(
                            {.cpus = 2, .kernel = "k", .initrd = "i", .cmdline = "quiet"}),
                        " "));
    EXPECT_EQ(line, "qemu-system-aarch64 -machine virt -cpu cortex-a53 -smp 2 -m size=256M -nic "
                    "none -display none "
                    "-serial stdio -monitor none -kernel k -initrd i -append quiet");
}

TEST(Machine, ABoardIsReadFromItsFile)
{
    const auto file = std::filesystem::path(testing::TempDir()) / "board.json";
    std::ofstream(file) << R"({"name": "b", "load_address": "0x1000",
                               "qemu": {"machine": "m", "cpu": "c", "memory": "1G"}})";
    const auto board = qemu::read_board(file).value();
    EXPECT_EQ(board.load_address, 0x1000u);
    EXPECT_EQ(board.machine, "m");

    std::ofstream(file) << R"({"name": "b"})";
    EXPECT_NE(qemu::read_board(file).error().find("qemu"), std::string::npos);
    EXPECT_NE(qemu::read_board("/none/board.json").error().find("is this board known"),
              std::string::npos);
}

} // namespace
