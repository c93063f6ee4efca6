// SPDX-License-Identifier: BSD-2-Clause
// The command line of ./run.
#include "options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string error_of(std::vector<std::string> words)
{
    const auto options = vmm::parse_options(std::move(words));
    return options ? "" : options.error();
}

TEST(Options, TheDefaultIsTheReferenceExample)
{
    const auto options = vmm::parse_options({}).value();
    EXPECT_EQ(options.example, "linux");
    EXPECT_EQ(options.board, "qemu_virt_aarch64");
    EXPECT_FALSE(options.guest.is_given());
    EXPECT_FALSE(options.command);
}

TEST(Options, TakesThemInAnyOrder)
{
    const auto options =
        vmm::parse_options({"--vcpus", "2", "hello", "--memory", "512M", "--exec", "echo 'a b'",
                            "--qemu-args", "-smp 2 -name 'a b'", "--icount", "--timeout", "1.5"})
            .value();
    EXPECT_EQ(options.example, "hello");
    EXPECT_EQ(options.guest.vcpus, 2u);
    EXPECT_EQ(options.guest.memory, 512u << 20);
    EXPECT_EQ(options.command, "echo 'a b'");
    EXPECT_THAT(options.qemu_arguments, ElementsAre("-smp", "2", "-name", "a b"));
    EXPECT_TRUE(options.icount);
    EXPECT_EQ(options.timeout, 1.5);
}

TEST(Options, PortsAreForwardedWithWhatIsGiven)
{
    const auto tcp = vmm::parse_forward("8080:80").value();
    EXPECT_EQ(tcp.protocol, qemu::Forward::Protocol::tcp);
    EXPECT_EQ(tcp.host, 8080u);
    EXPECT_EQ(tcp.address, "");
    EXPECT_EQ(tcp.guest, 80u);
    const auto udp = vmm::parse_forward("udp:6969:10.0.2.50:69").value();
    EXPECT_EQ(udp.protocol, qemu::Forward::Protocol::udp);
    EXPECT_EQ(udp.host, 6969u);
    EXPECT_EQ(udp.address, "10.0.2.50");
    EXPECT_EQ(udp.guest, 69u);
    for (const char* wrong :
         {"", "80", "80:", ":80", "0:80", "80:65536", "80:x", "a:1:2", "1:a:2", "1:,x:2", "-1:2"}) {
        EXPECT_THAT(error_of({"--forward", wrong}), HasSubstr("--forward")) << wrong;
    }
    EXPECT_EQ(vmm::parse_options({"--forward", "1:2", "linux", "--forward", "3:4"})
                  .value()
                  .forwards.size(),
              2u);
}

TEST(Options, AnEmptyCommandLineForTheGuestIsOneToo)
{
    EXPECT_EQ(vmm::parse_options({"--cmdline", ""}).value().guest.cmdline, "");
}

TEST(Options, MistakesAreNamed)
{
    EXPECT_THAT(error_of({"--bord", "x"}), HasSubstr("--bord"));
    EXPECT_EQ(error_of({"--kernel", "/no/such"}), "--kernel: there is no file /no/such");
    EXPECT_EQ(error_of({"--disk", "/no/such.img"}), "--disk: there is no file /no/such.img");
    EXPECT_EQ(error_of({"--memory", "much"}), "'much' is not a size; write 256M or 1G");
    EXPECT_EQ(error_of({"--memory", "5"}), "--memory 5: give a multiple of 4 KiB, at least one");
    EXPECT_EQ(error_of({"--vcpus", "17"}), "--vcpus 17: give 1 to 16");
    EXPECT_EQ(error_of({"--timeout", "0"}), "--timeout: give seconds, more than 0");
    EXPECT_EQ(error_of({"--qemu-args", "'x"}), "a ' is not closed in: 'x");
}

TEST(Options, SizesHaveUnits)
{
    EXPECT_EQ(vmm::parse_size("4096"), 4096u);
    EXPECT_EQ(vmm::parse_size("2K"), 2048u);
    EXPECT_EQ(vmm::parse_size("256MiB"), 256u << 20);
    EXPECT_EQ(vmm::parse_size("1GB"), 1u << 30);
    EXPECT_EQ(vmm::parse_size("0x1000"), 4096u);
    EXPECT_FALSE(vmm::parse_size("99999999999G"));
    EXPECT_FALSE(vmm::parse_size("1X"));
    EXPECT_FALSE(vmm::parse_size(""));
}

TEST(Options, TheHelpNamesEveryOption)
{
    for (const auto* option : {"--board", "--config", "--kernel", "--initrd", "--dtb", "--cmdline",
                               "--memory", "--vcpus", "--disk", "--forward", "--exec",
                               "--qemu-args", "--icount", "--timeout", "--keep-log", "--json"}) {
        EXPECT_THAT(std::string(vmm::help_text()), HasSubstr(std::string("\n  ") + option + " "));
    }
}

} // namespace
