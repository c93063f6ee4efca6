// SPDX-License-Identifier: BSD-2-Clause
// The command line of ./run.
#include "ask.hpp"
#include "command_line.hpp"
#include "options.hpp"
#include "pages.hpp"
#include "project_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <unistd.h>

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

TEST(Options, OfAnUnknownWordIsSaidWhatWasProbablyMeant)
{
    EXPECT_EQ(error_of({"linux", "--bord", "zcu102"}),
              "there is no option --bord; is --board meant? (vmm run --help shows the options)");
    EXPECT_EQ(error_of({"--xyz=3"}),
              "there is no option --xyz=3 (vmm run --help shows the options)");
    EXPECT_EQ(error_of({"linux", "twice"}),
              "'twice' is one word too many (vmm run --help shows the options)");
    EXPECT_EQ(command_line::nearest("chek", {"boards", "check", "exec"}), "check");
    EXPECT_EQ(command_line::nearest("rum", {"run", "needs"}), "run");
    EXPECT_EQ(command_line::nearest("rm", {"dtb", "run"}), "") << "a third of it is wrong at most";
    EXPECT_EQ(command_line::nearest("x", {}), "");
    EXPECT_EQ(command_line::distance("kitten", "sitting"), 3U);
    EXPECT_EQ(command_line::distance("", "abc"), 3U);
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

TEST(Options, WhatIsMeantDependsOnTheProject)
{
    const vmm::Defaults mine{.system = "mine", .board = "zcu102"};
    const auto          run = vmm::parse_options({}, vmm::Verb::run, mine).value();
    EXPECT_EQ(run.example, "mine");
    EXPECT_EQ(run.board, "zcu102");
    const auto build = vmm::parse_options({"--json"}, vmm::Verb::build, mine).value();
    EXPECT_EQ(build.example, "") << "all there are";
    EXPECT_TRUE(build.as_json);
    EXPECT_FALSE(vmm::parse_options({"--kernel", "x"}, vmm::Verb::build, mine));
}

TEST(Pages, HelpHasEveryOptionOnceInLinesThatFitATerminal)
{
    CLI::App parser{"", "vmm run"};
    vmm::describe_options(parser, vmm::Verb::run);
    const auto help = vmm::help_of(parser);
    for (const auto* const option : parser.get_options()) {
        const auto left = "\n  " + vmm::written(*option);
        EXPECT_THAT(help, HasSubstr(left));
        EXPECT_FALSE(option->get_description().empty()) << left;
    }
    EXPECT_THAT(help, HasSubstr("\n\nDevices of the machine\n  --disk FILE           the image"));
    EXPECT_THAT(help, HasSubstr("Exit codes: 0"));
    std::istringstream lines(help);
    for (std::string line; std::getline(lines, line);) {
        EXPECT_LE(line.size(), 104U) << line; // bytes; some characters have more than one
        EXPECT_FALSE(line.ends_with(' ')) << line;
    }
}

TEST(Pages, TheManualPageEscapesWhatRoffWouldTakeForItsOwn)
{
    vmm::Parsers parsers;
    parsers.push_back(std::make_unique<CLI::App>("Do it.\n.not a request", "vmm do"));
    parsers.back()->set_help_flag();
    parsers.back()->add_flag_callback(
        "--a-b", [] {}, "a \\ b");
    const auto page = vmm::manual_page_of(parsers, "1.2");
    EXPECT_THAT(page, HasSubstr(".TH VMM 1 \"\" \"libvmm 1.2\""));
    EXPECT_THAT(page, HasSubstr(".SS vmm do [options]\nDo it.\n\\&.not a request\n"));
    EXPECT_THAT(page, HasSubstr(".B \\-\\-a\\-b\na \\e b\n"));
}

TEST(ProjectFolder, IsFoundFromBelow)
{
    const auto folder =
        std::filesystem::path(testing::TempDir()) / ("project_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder / "a/b");
    EXPECT_FALSE(vmm::find_project(folder / "a/b").value());
    std::ofstream(folder / "vmm.json") << R"({"name": "mine", "board": "zcu102"})";
    std::ofstream(folder / "other.layout.xml") << "<system/>";
    const auto project = vmm::find_project(folder / "a/b").value();
    ASSERT_TRUE(project);
    EXPECT_EQ(project->folder, std::filesystem::canonical(folder));
    EXPECT_EQ(project->name, "mine");
    EXPECT_EQ(project->board, "zcu102");
    EXPECT_TRUE(vmm::has_system(*project, "mine"));
    EXPECT_TRUE(vmm::has_system(*project, "other"));
    EXPECT_FALSE(vmm::has_system(*project, "third"));
    for (const auto* const text : {"", "[]", R"({"name": 1, "board": "b"})", R"({"name": "n"})"}) {
        std::ofstream(folder / "vmm.json") << text;
        EXPECT_THAT(vmm::find_project(folder).error(), HasSubstr("is missing or not a string"));
    }
    std::filesystem::remove_all(folder);
}

TEST(Questions, AreAskedUntilTheAnswerIsGood)
{
    std::istringstream                            in("what\n 2 \n\n");
    std::ostringstream                            out;
    project::Questions                            questions{in, out};
    const std::vector<project::Questions::Choice> choices{{"one", "1st"}, {"two", "2nd"}};
    EXPECT_EQ(questions.choose("Which", choices, "one"), "two");
    EXPECT_THAT(out.str(), HasSubstr("   1  one  1st\n   2  two  2nd\nWhich [one]: "));
    EXPECT_THAT(out.str(), HasSubstr("  a number of the list, or a name in it\n"));
    EXPECT_EQ(questions.choose("Which", choices, "one"), "one");
    EXPECT_THAT(questions.choose("Which", choices, "one").error(), HasSubstr("nothing was made"));
}

} // namespace
