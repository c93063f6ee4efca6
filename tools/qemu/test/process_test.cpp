// SPDX-License-Identifier: BSD-2-Clause
// Children start, end as they say, and never stay behind.
#include "qemu/process.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <string>
#include <thread>

namespace {

using qemu::Process;
using qemu::Streams;

std::string read_all(const qemu::Descriptor& descriptor)
{
    std::string all;
    char        piece[256];
    for (ssize_t count = 0; (count = ::read(descriptor.number(), piece, sizeof piece)) > 0;) {
        all.append(piece, static_cast<std::size_t>(count));
    }
    return all;
}

/// Whether `id` has ended. A zombie counts as ended.
bool has_ended(pid_t id)
{
    const auto path = "/proc/" + std::to_string(id) + "/stat";
    std::FILE* file = std::fopen(path.c_str(), "r");
    char       state{};
    const bool found = file != nullptr && std::fscanf(file, "%*d (%*[^)]) %c", &state) == 1;
    if (file != nullptr) {
        std::fclose(file);
    }
    return !found || state == 'Z';
}

/// Whether `id` ends; it has been told to.
bool is_gone(pid_t id)
{
    for (int i = 0; i < 6000 && !has_ended(id); i++) {
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    return has_ended(id);
}

TEST(Process, GivesOutputErrorsAndExitCode)
{
    auto process =
        Process::start({"sh", "-c", "echo out; echo err >&2; exit 7"}, Streams::piped).value();
    EXPECT_EQ(read_all(process.output), "out\n");
    EXPECT_EQ(read_all(process.errors), "err\n");
    EXPECT_EQ(process.wait().text(), "exit code 7");
}

TEST(Process, StartsInAFolder)
{
    auto process = Process::start({"pwd"}, Streams::piped, "/usr").value();
    EXPECT_EQ(read_all(process.output), "/usr\n");
}

TEST(Process, SaysWhyItCannotStart)
{
    const auto process = Process::start({"no-such-program"}, Streams::piped);
    ASSERT_FALSE(process);
    EXPECT_EQ(process.error(), "cannot start no-such-program: No such file or directory");
}

TEST(Process, TakesItsWholeGroupWithIt)
{
    pid_t grandchild = 0;
    {
        auto process =
            Process::start({"sh", "-c", "sleep 1000 & echo $!; wait"}, Streams::piped).value();
        char       text[32]{};
        const auto count = ::read(process.output.number(), text, sizeof text - 1);
        ASSERT_GT(count, 0);
        grandchild = std::stoi(text);
        EXPECT_FALSE(process.poll());
    }
    EXPECT_TRUE(is_gone(grandchild));
}

TEST(Process, DiesWithUs)
{
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const pid_t middle = ::fork();
    if (middle == 0) {
        auto process = Process::start({"sleep", "1000"}, Streams::piped).value();
        // The pid is the group's, and the group's is that of the one child.
        char                  path[64];
        std::FILE*            children = std::fopen("/proc/thread-self/children", "r");
        const auto            count    = std::fread(path, 1, sizeof path, children);
        [[maybe_unused]] auto said     = ::write(ends[1], path, count);
        ::kill(::getpid(), SIGKILL);
    }
    char       text[64]{};
    const auto count = ::read(ends[0], text, sizeof text - 1);
    ASSERT_GT(count, 0);
    const pid_t child = std::stoi(text);
    EXPECT_TRUE(is_gone(child));
}

} // namespace
