// SPDX-License-Identifier: BSD-2-Clause
// Which QEMU a machine gets.
#include "qemu/machine.hpp"
#include "qemu/program.hpp"

#include <gtest/gtest.h>

namespace {

TEST(Program, AVersionIsReadFromWhatQemuSays)
{
    const auto said = qemu::parse_version("QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-2)");
    EXPECT_EQ(said, (qemu::Version{10, 0, 2}));
    EXPECT_EQ(said.value_or(qemu::Version{}).text(), "10.0.2");
    EXPECT_EQ(qemu::parse_version("8.2"), (qemu::Version{8, 2}));
    EXPECT_EQ(qemu::parse_version("8"), std::nullopt);
    EXPECT_EQ(qemu::parse_version("8."), std::nullopt);
    EXPECT_EQ(qemu::parse_version("no version"), std::nullopt);
    EXPECT_EQ(qemu::parse_version("99999999999.1"), std::nullopt);
    EXPECT_LT((qemu::Version{8, 2}), (qemu::Version{10, 0}));
    EXPECT_LT((qemu::Version{10, 0, 2}), (qemu::Version{10, 0, 13}));
    EXPECT_LT((qemu::Version{10, 0, 13}), (qemu::Version{10, 1}));
}

TEST(Program, OnlyWhatNeedsANewerOneGetsIt)
{
    EXPECT_EQ(qemu::program_for(qemu::k_plain), "qemu-system-aarch64");
    EXPECT_TRUE(qemu::provide(qemu::k_plain));
    EXPECT_TRUE(qemu::program_for({99, 0}).ends_with("/.cache/qemu/qemu-system-aarch64"));
}

TEST(Program, SoundAndSomeBoardsNeedANewerOne)
{
    const std::vector<qemu::Device> sound{{"sound", 27, qemu::Sound{}}};
    const qemu::Board               plain{"b", "virt", "cortex-a53", "2G", 0};
    qemu::Board                     newer = plain;
    newer.version                         = {9, 0};
    EXPECT_EQ(qemu::version_needed(plain, {}), qemu::k_plain);
    EXPECT_EQ(qemu::version_needed(plain, sound), (qemu::Version{8, 2}));
    EXPECT_EQ(qemu::version_needed(newer, sound), (qemu::Version{9, 0}));
}

} // namespace
