// SPDX-License-Identifier: BSD-2-Clause
// ./run without an example: a guest with virtIO devices only, and what the options give QEMU.
#include "front_door.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using namespace system_test;
using testing::HasSubstr;
namespace fs = std::filesystem;

/// A copy of the small disk, which may be written.
fs::path disk_copy(const char* name)
{
    const fs::path copy = write_file(name, "");
    fs::copy_file(root() / "build/guest/small.img", copy, fs::copy_options::overwrite_existing);
    return copy;
}

bool contains(const fs::path& file, const std::string& text)
{
    std::ifstream     stream(file, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>{stream}, {}};
    return bytes.contains(text);
}

TEST(Devices, ADiskThatIsGivenKeepsWhatIsWritten)
{
    const auto        disk = disk_copy("kept.img");
    const std::string text = "written by the guest, seen from outside";
    const auto call = run({"--disk", disk, "--exec", "echo '" + text + "' > /debian/new && sync"});
    EXPECT_EQ(call.exit_code, 0) << call.text();
    EXPECT_TRUE(contains(disk, text));
    EXPECT_EQ(run({"--disk", disk, "--exec", "cat /debian/new"}).output, text + "\n");
}

TEST(Devices, TheExamplesOwnDiskStaysAsItIs)
{
    const auto call = run({"linux", "--board", k_gicv3, "--exec",
                           "echo gone > /debian/new && sync && cat /debian/new"});
    EXPECT_EQ(call.output, "gone\n") << call.text();
    EXPECT_EQ(run({"linux", "--exec", "ls /debian/new"}).exit_code, 1);
}

TEST(Devices, TheGuestMayBeAnother)
{
    const auto call = run({"--memory", "512M", "--vcpus", "2", "--kernel", guest("linux-cloud"),
                           "--cmdline", "console=hvc0 quiet word", "--config", "release", "--exec",
                           "nproc; uname -r; cat /proc/cmdline; grep 'System RAM' /proc/iomem"});
    EXPECT_EQ(call.exit_code, 0) << call.text();
    EXPECT_THAT(call.output, HasSubstr("cloud"));
    EXPECT_TRUE(call.output.starts_with("2\n")) << call.text();
    EXPECT_THAT(call.output, HasSubstr("console=hvc0 quiet word\n40000000-5fffffff : System RAM"));
}

TEST(Devices, APortOfTheHostLeadsIntoTheGuest)
{
    // A free one, as the kernel gives it.
    sockaddr_in address{};
    address.sin_family      = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto*     raw           = reinterpret_cast<sockaddr*>(&address);
    socklen_t size          = sizeof address;
    const int probe         = ::socket(AF_INET, SOCK_STREAM, 0);
    ASSERT_EQ(::bind(probe, raw, size), 0);
    ASSERT_EQ(::getsockname(probe, raw, &size), 0);
    ::close(probe);

    // The guest answers one connection and is done; until it listens, QEMU takes the connection and
    // drops it.
    Call        call;
    std::thread machine([&] {
        call = run({"--forward", std::to_string(ntohs(address.sin_port)) + ":80", "--exec",
                    "echo hello from the guest | nc -l -p 80 && echo served"});
    });
    std::string answer;
    for (int attempt = 0; attempt < 3000 && !answer.contains("guest"); ++attempt) {
        const int client = ::socket(AF_INET, SOCK_STREAM, 0);
        if (::connect(client, raw, size) == 0) {
            std::array<char, 100> bytes{};
            const auto            count = ::recv(client, bytes.data(), bytes.size(), 0);
            answer.append(bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
        }
        ::close(client);
        ::usleep(200'000); // a machine boots: asked again until it answers
    }
    machine.join();
    EXPECT_EQ(answer, "hello from the guest\n") << call.text();
    EXPECT_EQ(call.output, "served\n") << call.text();
}

} // namespace
