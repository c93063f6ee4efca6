// SPDX-License-Identifier: BSD-2-Clause
#include "kit/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using kit::TemporaryFolder;
namespace fs = std::filesystem;

std::string content(const fs::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>{stream}, {}};
}

TEST(TemporaryFolder, IsEmptyAtFirstAndGoneAtTheEnd)
{
    fs::path path;
    {
        const TemporaryFolder folder{"kit_folder"};
        path            = folder.path();
        const auto file = folder.write("a", "one");
        EXPECT_EQ(content(folder.write("a", "two")), "two");
        EXPECT_EQ(file, path / "a");
    }
    EXPECT_FALSE(fs::exists(path));
    fs::create_directories(path / "left/by a test that was killed");
    const TemporaryFolder again{"kit_folder"};
    EXPECT_EQ(again.path(), path);
    EXPECT_TRUE(fs::is_empty(path));
}

TEST(TemporaryFolder, BelongsToOneProcess)
{
    const TemporaryFolder ours{"kit_folder_of_two"};
    const auto            file  = ours.write("a", "ours");
    const pid_t           child = ::fork();
    if (child == 0) {
        {
            const TemporaryFolder theirs{"kit_folder_of_two"};
            (void)theirs.write("a", "theirs");
        }
        ::_exit(0);
    }
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    EXPECT_EQ(content(file), "ours");
}

} // namespace
