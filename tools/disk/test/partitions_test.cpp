// SPDX-License-Identifier: BSD-2-Clause
// Images hold what they were made of, where their table says.
#include "partitions.hpp"

#include "kit/temporary_folder.hpp"

#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

namespace {

namespace fs = std::filesystem;

std::string read_all(const fs::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>{stream}, {}};
}

std::uint32_t word(const std::string& bytes, std::size_t at)
{
    std::uint32_t value = 0;
    for (std::size_t i = 4; i-- > 0;) {
        value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    }
    return value;
}

TEST(Disk, PartitionsAreWhereTheTableSays)
{
    const kit::TemporaryFolder folder{"disk"};
    const auto content = std::string(100'000, 'a') + std::string(70'000, '\0') + "end";
    const auto file    = folder.write("content", content);
    const auto image   = folder.path() / "disk.img";
    ASSERT_TRUE(disk::write_image(
        image, {disk::parse_partition("2M").value(), disk::parse_partition(file).value()}));
    const auto bytes = read_all(image);
    EXPECT_EQ(bytes.size(), 4 * disk::k_alignment);
    EXPECT_EQ(bytes.substr(510, 2), "\x55\xaa");
    EXPECT_EQ(word(bytes, 446 + 8), 2048u);
    EXPECT_EQ(word(bytes, 446 + 12), 4096u);
    EXPECT_EQ(word(bytes, 462 + 8), 6144u);
    EXPECT_EQ(word(bytes, 462 + 12), 2048u);
    EXPECT_EQ(word(bytes, 478 + 12), 0u);
    EXPECT_EQ(bytes.substr(3 * disk::k_alignment, content.size()), content);
}

TEST(Disk, WhatIsNoPartitionIsRefused)
{
    const kit::TemporaryFolder folder{"no_partition"};
    EXPECT_EQ(disk::parse_partition("nowhere").error(),
              "nowhere: neither a size such as 16M nor a file that is not empty");
    EXPECT_FALSE(disk::parse_partition("0M"));
    EXPECT_FALSE(disk::parse_partition(folder.write("empty", "")));
    EXPECT_EQ(disk::master_boot_record({}).error(), "0 partitions: give 1 to 4");
    EXPECT_FALSE(disk::master_boot_record(std::vector<disk::Partition>(5)));
    EXPECT_EQ(disk::master_boot_record({{.file = {}, .size = std::uint64_t{2} << 40}}).error(),
              "the partitions are larger than 2 TiB in all");
    EXPECT_EQ(disk::write_image("/nowhere/x.img", {{.file = {}, .size = 1}}).error(),
              "cannot write /nowhere/x.img");
}

} // namespace
