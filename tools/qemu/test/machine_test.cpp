// SPDX-License-Identifier: BSD-2-Clause
// Boards become command lines.
#include "qemu/machine.hpp"

#include "kit/temporary_folder.hpp"

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
              "-chardev stdio,id=terminal -serial chardev:terminal -monitor none");
}

TEST(Machine, ABoardMayNeedArgumentsOfItsOwn)
{
    auto board      = k_board;
    board.arguments = {"-audiodev", "none,id=none"};
    const auto line = fmt::format("{}", fmt::join(qemu::command_line(board, "x.img", {}), " "));
    EXPECT_TRUE(line.ends_with(" -monitor none -audiodev none,id=none")) << line;
}

TEST(Machine, ABoardMayStartAsAKernelAndPrintOnItsSecondLine)
{
    auto board        = k_board;
    board.is_kernel   = true;
    board.serial_line = 1;
    const auto line   = fmt::format("{}", fmt::join(qemu::command_line(board, "x.img", {}), " "));
    EXPECT_NE(line.find(" -kernel x.img -serial null -chardev stdio,id=terminal -serial "
                        "chardev:terminal "),
              std::string::npos)
        << line;
    EXPECT_EQ(line.find("loader"), std::string::npos);
}

TEST(Machine, DevicesHaveTheBusThatTheirDriversExpect)
{
    const std::vector<qemu::Device> devices{
        {"disk", 31, qemu::Disk{"a,b.img"}},
        {"net", 30,
         qemu::Network{
             {{.host = 8080, .guest = 80}, {qemu::Forward::Protocol::udp, 6969, "10.0.2.50", 69}}}},
        {"rng", 28, qemu::Entropy{}},
        {"second", 29, qemu::SerialPort{}},
    };
    const auto line = fmt::format("{}", fmt::join(qemu::device_arguments(devices), " "));
    EXPECT_EQ(line,
              "-global virtio-mmio.force-legacy=false "
              "-drive if=none,id=disk,format=raw,file=a,,b.img,snapshot=on "
              "-device virtio-blk-device,drive=disk,bus=virtio-mmio-bus.31 "
              "-netdev user,id=net,hostfwd=tcp:127.0.0.1:8080-:80"
              ",hostfwd=udp:127.0.0.1:6969-10.0.2.50:69 "
              "-device virtio-net-device,netdev=net,bus=virtio-mmio-bus.30 "
              "-object rng-builtin,id=rng -device virtio-rng-device,rng=rng,bus=virtio-mmio-bus.28 "
              "-chardev pty,id=second "
              "-device virtio-serial-device,id=second-ports,bus=virtio-mmio-bus.29 "
              "-device virtconsole,chardev=second,bus=second-ports.0");
    EXPECT_TRUE(qemu::device_arguments({}).empty());
}

TEST(Machine, ACardMayBeOnAWire)
{
    const std::vector<qemu::Device> devices{{"net", 30, qemu::Network{{}, "a,b"}}};
    const auto line = fmt::format("{}", fmt::join(qemu::device_arguments(devices), " "));
    EXPECT_NE(line.find("-netdev dgram,id=net,local.type=unix,local.path=a,,b.qemu,"
                        "remote.type=unix,remote.path=a,,b -device virtio-net-device,netdev=net"),
              std::string::npos);
}

TEST(Machine, WhatASoundCardPlaysMayGoToAFile)
{
    const auto line = [](qemu::Sound sound) {
        return fmt::format(
            "{}", fmt::join(qemu::device_arguments({{"sound", 27, std::move(sound)}}), " "));
    };
    EXPECT_EQ(line({.file = "a,b.wav"}),
              "-global virtio-mmio.force-legacy=false "
              "-audiodev wav,id=sound,path=a,,b.wav,out.frequency=48000,out.channels=2,"
              "out.format=s16 "
              "-device virtio-sound-device,audiodev=sound,streams=2,bus=virtio-mmio-bus.27");
    EXPECT_NE(line({}).find("-audiodev none,id=sound -device"), std::string::npos);
    EXPECT_NE(line({.backend = "alsa,in.dev=x"}).find("-audiodev alsa,id=sound,in.dev=x -device"),
              std::string::npos);
}

TEST(Machine, AConsoleMayBeTheTerminal)
{
    const auto words =
        qemu::command_line(k_board, "x.img",
                           {.devices = {{"console", 29, qemu::SerialPort{.is_terminal = true}}},
                            .log     = {},
                            .extra   = {}});
    const auto line = fmt::format("{}", fmt::join(words, " "));
    EXPECT_NE(line.find("-chardev file,id=board,path=/dev/stdout -chardev stdio,id=terminal "
                        "-serial chardev:board"),
              std::string::npos);
    EXPECT_NE(line.find("-device virtconsole,chardev=terminal,bus=console-ports.0"),
              std::string::npos);
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
    const kit::TemporaryFolder folder{"board"};
    const auto                 file = folder.path() / "board.json";
    std::ofstream(file) << R"({"name": "b", "load_address": "0x1000",
                               "qemu": {"machine": "m", "cpu": "c", "memory": "1G"}})";
    const auto board = qemu::read_board(file).value();
    EXPECT_EQ(board.load_address, 0x1000u);
    EXPECT_EQ(board.machine, "m");
    EXPECT_EQ(board.version, qemu::k_plain);
    EXPECT_TRUE(board.powers_off);

    std::ofstream(file) << R"({"name": "b", "load_address": "0x1000",
        "qemu": {"version": "9.0", "machine": "m", "cpu": "c", "memory": "1G"}})";
    EXPECT_EQ(qemu::read_board(file).value().version, (qemu::Version{9, 0}));
    std::ofstream(file) << R"({"name": "b", "load_address": "0x1000",
        "qemu": {"powers_off": false, "machine": "m", "cpu": "c", "memory": "1G"}})";
    EXPECT_FALSE(qemu::read_board(file).value().powers_off);
    std::ofstream(file) << R"({"name": "b", "load_address": "0x1000",
        "qemu": {"version": "new", "machine": "m", "cpu": "c", "memory": "1G"}})";
    EXPECT_NE(qemu::read_board(file).error().find("qemu.version"), std::string::npos);

    std::ofstream(file) << R"({"name": "b"})";
    EXPECT_NE(qemu::read_board(file).error().find("qemu"), std::string::npos);
    EXPECT_NE(qemu::read_board("/none/board.json").error().find("is this board known"),
              std::string::npos);
}

} // namespace
