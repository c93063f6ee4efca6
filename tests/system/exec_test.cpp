// SPDX-License-Identifier: BSD-2-Clause
// The control channel of examples/vsock: commands and files in two guests, and guests, callers and
// agents that end in the middle.
#include "linux_disk.hpp"
#include "linux_guest.hpp"

#include "qemu/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <unistd.h>

namespace {

using namespace system_test;
using testing::HasSubstr;

TEST(Exec, ReachesBothGuestsWhateverEndsInTheMiddle)
{
    LinuxGuest both{
        {.system = "examples/vsock/vsock", .board = k_gicv3, .cmdline = "console=hvc0 quiet"}};
    // The guests start while we wait.
    const auto in_one =
        both.exec({"--guest", "one", "--", "sh", "-c", "vsock id; echo to errors >&2; exit 3"});
    ASSERT_EQ(in_one.exit_code, 3) << in_one.text() << both.log();
    EXPECT_THAT(in_one.output, HasSubstr("3"));
    EXPECT_EQ(in_one.errors, "to errors\n");
    const auto in_two = both.exec({"--guest", "two", "--", "vsock", "id"});
    EXPECT_THAT(in_two.output, HasSubstr("4")) << in_two.text();
    EXPECT_EQ(both.exec({"--guest", "4", "--", "no-such-program"}).exit_code, 127);
    EXPECT_EQ(both.exec({"--guest", "4", "--", "/etc/passwd"}).exit_code, 126);

    // Files there and back, several and a command in one conversation.
    std::string bytes;
    for (unsigned i = 0; i < 500'000; ++i) {
        bytes += static_cast<char>(i * i >> 7);
    }
    const auto there = write_file("there", bytes);
    const auto small = write_file("small", "a line\n");
    const auto back  = write_file("back", "");
    const auto copied =
        both.exec({"--guest", "two", "--put", there + ":/run/file", "--put", small + ":/run/",
                   "--get", "/run/file:" + back, "--", "sha256sum", "/run/file", "/run/small"});
    EXPECT_EQ(copied.exit_code, 0) << copied.text();
    EXPECT_THAT(copied.output,
                HasSubstr(host("sha256sum < '" + there + "' | cut -d' ' -f1").substr(0, 64)));
    EXPECT_EQ(host("cmp '" + there + "' '" + back + "'"), "");

    // A caller that is killed while much comes; the next one has the channel, and the command is
    // gone.
    {
        const auto socket = both.control();
        auto flooded = qemu::Process::start({root() / "run", "exec", "--socket", socket, "--guest",
                                             "one", "--", "cat", "/dev/zero"},
                                            qemu::Streams::piped);
        ASSERT_TRUE(flooded);
        std::array<char, 100'000> some{};
        EXPECT_GT(::read(flooded->output.number(), some.data(), some.size()), 0);
        flooded->stop();
    }
    const auto left = both.exec({"--guest", "one", "--timeout", "600", "--", "sh", "-c",
                                 "while pidof cat; do usleep 10000; done > /dev/null; echo gone"});
    EXPECT_EQ(left.output, "gone\n") << left.text();

    // A guest calls another's agent, which does not serve it.
    const auto refused = both.exec({"--guest", "two", "--", "guest-agent", "--call", "3", "true"});
    EXPECT_EQ(refused.exit_code, 125);
    EXPECT_THAT(refused.errors, HasSubstr("does not serve this caller"));

    // A guest that is rebooted, while a command runs in it.
    const auto ended = both.exec({"--guest", "two", "--", "sh", "-c", "reboot -f; sleep 1000"});
    EXPECT_EQ(ended.exit_code, 125);
    EXPECT_THAT(ended.errors, HasSubstr("the connection to the guest ended"));
    EXPECT_EQ(both.exec({"--guest", "one", "--", "true"}).exit_code, 0);
    const auto again = both.exec({"--guest", "two", "--", "sh", "-c", "[ ! -e /run/file ]"});
    EXPECT_EQ(again.exit_code, 0) << "it has been reset: " << again.text();
}

TEST(Exec, RunsACommandInTheFirstGuestOfASystem)
{
    const auto call = run({"vsock", "--board", k_gicv3, "--exec",
                           "vsock connect -w 4 79 < /dev/null; echo $0 >&2; exit 9"});
    EXPECT_EQ(call.exit_code, 9) << call.text();
    EXPECT_THAT(call.output, HasSubstr("context ID 4"));
    EXPECT_THAT(call.errors, HasSubstr("/bin/sh"));
}

} // namespace
