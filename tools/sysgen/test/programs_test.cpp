// SPDX-License-Identifier: BSD-2-Clause
// Sections of a program are filled, or it is refused. The program is sample.c.
#include "kit.hpp"
#include "programs.hpp"

#include "kit/temporary_folder.hpp"

#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>

namespace {

namespace fs = std::filesystem;
using sysgen::ConfigFile;

constexpr const char* k_sample = SYSGEN_SAMPLE;
constexpr std::size_t k_size   = 16; ///< of its section

ConfigFile config(std::string section, std::size_t size)
{
    return {.domain  = "linux",
            .section = std::move(section),
            .file    = "f",
            .bytes   = std::vector<std::byte>(size, std::byte{0xa5})};
}

TEST(FillProgram, ReplacesTheSectionAndNothingElse)
{
    const kit::TemporaryFolder folder{"sysgen_programs"};
    const auto                 to = folder.path() / "made/linux.elf";
    const ConfigFile           files[]{config(".sysgen_test", k_size)};
    ASSERT_TRUE(sysgen::fill_program(k_sample, to, files));
    const auto before = sysgen::test::read_text(k_sample);
    const auto after  = sysgen::test::read_text(to);
    ASSERT_EQ(before.size(), after.size());
    const auto section = after.find(std::string(k_size, '\xa5'));
    ASSERT_NE(section, std::string::npos);
    auto restored = after;
    restored.replace(section, k_size, k_size, '\0');
    EXPECT_TRUE(restored == before);
}

TEST(FillProgram, RefusesAProgramWithoutTheSection)
{
    const ConfigFile files[]{config(".blk_client_config", 80)};
    const auto       done = sysgen::fill_program(k_sample, "/nowhere/x.elf", files);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().what,
              SYSGEN_SAMPLE " has no section .blk_client_config, which 'linux' needs");
}

TEST(FillProgram, RefusesASectionOfAnotherSize)
{
    const ConfigFile files[]{config(".sysgen_test", 80)};
    const auto       done = sysgen::fill_program(k_sample, "/nowhere/x.elf", files);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().what,
              "the section .sysgen_test of " SYSGEN_SAMPLE " has 16 bytes, not 80");
}

TEST(FillProgram, RefusesWhatIsNoProgram)
{
    const auto done = sysgen::fill_program("/proc/self/status", "/nowhere/x.elf", {});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().what, "/proc/self/status is no ELF program");
}

} // namespace
