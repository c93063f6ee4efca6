// SPDX-License-Identifier: BSD-2-Clause
// The command line and the SDK behind it.
#include "cli/arguments.hpp"

#include "kit/elf_builder.hpp"
#include "kit/workspace.hpp"

#include <cstdlib>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace tool::test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

tool::Arguments parse(const std::vector<std::string>& words)
{
    return tool::parse_arguments(words).value();
}

std::string refusal(const std::vector<std::string>& words)
{
    const auto result = tool::parse_arguments(words);
    return result ? "" : tool::format_error(result.error());
}

TEST(arguments, defaults)
{
    const auto arguments = parse({"a.system", "--board", "b", "--config", "c"});
    EXPECT_EQ(arguments.system, "a.system");
    EXPECT_EQ(arguments.board, "b");
    EXPECT_EQ(arguments.config, "c");
    EXPECT_EQ(arguments.output, "loader.img");
    EXPECT_EQ(arguments.report, "report.txt");
    EXPECT_TRUE(arguments.search_path.empty());
    EXPECT_EQ(arguments.image_type, tool::ImageType::binary);
    EXPECT_FALSE(arguments.override_kernel);
}

TEST(arguments, search_path_takes_words_up_to_the_next_option)
{
    const auto arguments = parse({"a.system", "--search-path", "x", "y", "--board", "b",
                                  "--search-path", "z", "--config", "c"});
    EXPECT_THAT(arguments.search_path, ElementsAre("x", "y", "z"));
    EXPECT_THAT(refusal({"--board", "b", "--config", "c", "--search-path", "x", "a.system"}),
                HasSubstr("put it first: words after --search-path are directories"));
}

TEST(arguments, options_may_stand_anywhere)
{
    const auto arguments = parse({"-o", "image", "--board", "b", "a.system", "--config", "c", "-r",
                                  "report", "--image-type", "elf", "--override-kernel", "k.elf"});
    EXPECT_EQ(arguments.system, "a.system");
    EXPECT_EQ(arguments.output, "image");
    EXPECT_EQ(arguments.report, "report");
    EXPECT_EQ(arguments.image_type, tool::ImageType::elf);
    EXPECT_EQ(arguments.override_kernel, "k.elf");
}

TEST(arguments, long_names_and_repetition)
{
    const auto arguments = parse({"a.system", "--output", "1", "--output", "2", "--report", "3",
                                  "--board", "b", "--config", "c"});
    EXPECT_EQ(arguments.output, "2");
    EXPECT_EQ(arguments.report, "3");
}

TEST(arguments, refused)
{
    EXPECT_THAT(refusal({}), HasSubstr("no system description"));
    EXPECT_THAT(refusal({"a", "--config", "c"}), HasSubstr("no --board"));
    EXPECT_THAT(refusal({"a", "--board", "b"}), HasSubstr("no --config"));
    EXPECT_THAT(refusal({"a", "b", "--board", "b", "--config", "c"}),
                HasSubstr("a second system description 'b'"));
    EXPECT_THAT(refusal({"a", "--board", "b", "--config", "c", "--frobnicate"}),
                HasSubstr("--frobnicate"));
    EXPECT_THAT(refusal({"a", "--board"}), HasSubstr("--board"));
    EXPECT_THAT(refusal({"a", "--board", "b", "--config", "c", "--image-type", "uimage"}),
                HasSubstr("image type 'uimage' is not available"));
    EXPECT_THAT(refusal({"a", "--board", "b", "--config", "c", "--capdl-json", "f"}),
                HasSubstr("--capdl-json is not available with picokit"));
    EXPECT_THAT(refusal({"a", "--board", "b", "--config", "c", "--viper-output", "d"}),
                HasSubstr("--viper-output is not available with picokit"));
}

class Run : public testing::Test {
protected:
    const Workspace workspace;
    void            SetUp() override { workspace.write("a.system", in_system(pd("a"))); }
};

TEST_F(Run, help_lists_the_boards)
{
    for (const auto* word : {"-h", "--help"}) {
        const auto outcome = workspace.run({word});
        EXPECT_EQ(outcome.exit_code, 0);
        EXPECT_THAT(outcome.out, HasSubstr("--search-path"));
        EXPECT_THAT(outcome.out, HasSubstr("Boards: qemu_virt_aarch64\n"));
    }
}

TEST_F(Run, success_informs_on_standard_output)
{
    const auto outcome = workspace.build("a.system");
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(outcome.err, "");
    EXPECT_THAT(outcome.out, StartsWith("MICROKIT|"));
    EXPECT_THAT(outcome.out, HasSubstr("MICROKIT|IMAGE: "));
}

TEST_F(Run, unused_regions_are_a_warning)
{
    const auto outcome =
        workspace.build_text(in_system(R"(<memory_region name="m" size="0x1000"/>)" + pd("a")));
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(outcome.err, "");
    EXPECT_THAT(outcome.out,
                StartsWith("test.system:3:1: warning: memory region 'm' is not mapped anywhere\n"));
}

TEST_F(Run, output_files_have_the_names_given)
{
    EXPECT_EQ(workspace
                  .run({"a.system", "--board", "qemu_virt_aarch64", "--config", "debug", "-o",
                        "folder/image", "-r", "folder/report"})
                  .exit_code,
              0);
    EXPECT_TRUE(workspace.has("folder/image"));
    EXPECT_TRUE(workspace.has("folder/report"));
    EXPECT_FALSE(workspace.has("loader.img"));
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator{workspace.path() / "folder"}) {
        files += entry.exists() ? 1U : 0U;
    }
    EXPECT_EQ(files, 2U); // no temporary file is left
}

TEST_F(Run, output_that_cannot_be_written_leaves_the_old_image)
{
    workspace.write("old.img", "old");
    const auto outcome = workspace.run({"a.system", "--board", "qemu_virt_aarch64", "--config",
                                        "debug", "-o", "old.img", "-r", "no/such/report"});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_THAT(outcome.err, StartsWith("error: cannot write 'no/such/report': No such file"));
    EXPECT_EQ(workspace.read("old.img"), bytes_of("old"));
}

TEST_F(Run, unknown_names_list_the_known_ones)
{
    EXPECT_EQ(workspace.run({"a.system", "--board", "nowhere", "--config", "debug"}).err,
              "error: unknown board 'nowhere'\n    hint: the SDK has: qemu_virt_aarch64\n");
    EXPECT_EQ(
        workspace.run({"a.system", "--board", "qemu_virt_aarch64", "--config", "smp-debug"}).err,
        "error: unknown configuration 'smp-debug' of board 'qemu_virt_aarch64'\n"
        "    hint: the SDK has: benchmark, debug\n");
}

TEST_F(Run, missing_description)
{
    EXPECT_EQ(workspace.build("nowhere.system").err,
              "nowhere.system: error: 'nowhere.system' does not exist\n"
              "    hint: check that it is a regular file and that you may read it\n");
}

TEST_F(Run, sdk_must_be_a_directory)
{
    ::setenv("MICROKIT_SDK", "/no/such/sdk", 1);
    EXPECT_EQ(workspace.build("a.system").err,
              "error: MICROKIT_SDK='/no/such/sdk' is not a directory\n"
              "    hint: set it to the directory of an SDK, or unset it\n");
    ::unsetenv("MICROKIT_SDK"); // then the SDK is where this program is: nowhere
    EXPECT_THAT(workspace.build("a.system").err, HasSubstr("error: no SDK at "));
    EXPECT_EQ(workspace.run({"--help"}).exit_code, 0);
}

TEST_F(Run, programs_are_searched_in_order_and_here_at_last)
{
    std::filesystem::create_directory(workspace.path() / "first");
    workspace.write("a.system", in_system(R"(<protection_domain name="a">
<program_image path="only_here.elf"/></protection_domain>)"));
    const std::vector<std::string> words{"a.system", "--search-path",     "first",    "folder",
                                         "--board",  "qemu_virt_aarch64", "--config", "debug"};
    EXPECT_EQ(
        workspace.run(words).err,
        "a.system:4:1: error: program image 'only_here.elf' not found\n"
        "    hint: searched in 'first', 'folder', '.'; name its directory with --search-path\n");
    workspace.write("only_here.elf", pd_program().build());
    EXPECT_EQ(workspace.run(words).exit_code, 0);
    // The first hit wins, even if it is wrong.
    workspace.write("folder/only_here.elf", "not an ELF file");
    EXPECT_THAT(workspace.run(words).err, HasSubstr("'folder/only_here.elf' is not an ELF file"));
}

} // namespace
