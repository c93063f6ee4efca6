// SPDX-License-Identifier: BSD-2-Clause
// A guest's virtIO console: many bytes at once in both directions, and its further ports.
#include "linux_disk.hpp"
#include "linux_guest.hpp"

#include "qemu/descriptor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <fcntl.h>
#include <poll.h>
#include <regex>
#include <termios.h>
#include <unistd.h>

namespace {

using namespace system_test;

/// Lines of characters that no terminal takes for a command of its own; a number in each tells
/// where something is missing.
std::string lines(std::size_t count)
{
    std::string text;
    for (unsigned number = 0; text.size() < count; number++) {
        auto line = std::to_string(number) + ":";
        for (unsigned i = 0; line.size() < 79; i++) {
            line += static_cast<char>('!' + (number + i) % ('~' - '!' + 1));
        }
        text += line + "\n";
    }
    text.resize(count);
    text.back() = '\n';
    return text;
}

std::string sha256(const std::string& bytes)
{
    return host("sha256sum < '" + write_file("bytes", bytes) + "' | cut -d' ' -f1");
}

TEST(LinuxConsole, APasteOf100KilobytesComesBackUnharmed)
{
    LinuxGuest linux_guest({.system = "examples/linux/linux", .cmdline = "console=hvc0"});
    ASSERT_TRUE(linux_guest.boots()) << linux_guest.log();
    const auto paste = lines(100'000);
    // What the shell gets as it stands, and sends back.
    linux_guest.type(
        "stty raw -echo; echo be''gin; head -c 100000 | tee /run/paste; stty sane; echo; "
        "echo e''nd");
    ASSERT_TRUE(linux_guest.until("begin\n"));
    ASSERT_TRUE(linux_guest.send(paste));
    const auto echo = linux_guest.until("\nend\n");
    ASSERT_TRUE(echo) << linux_guest.log().size();
    EXPECT_EQ(*echo, paste);
    EXPECT_EQ(linux_guest.run("sha256sum < /run/paste | cut -d' ' -f1"), sha256(paste));

    // The same through a terminal that collects and echoes lines.
    linux_guest.type("echo be''gin; cat > /run/paste; echo e''nd");
    ASSERT_TRUE(linux_guest.until("begin\n"));
    ASSERT_TRUE(linux_guest.send(paste + "\x04"));
    const auto typed = linux_guest.until("end\n");
    ASSERT_TRUE(typed) << "the end of what came:\n"
                       << linux_guest.log().substr(linux_guest.log().size() - 4000);
    EXPECT_EQ(*typed, paste);
    EXPECT_EQ(linux_guest.run("sha256sum < /run/paste | cut -d' ' -f1"), sha256(paste));
    linux_guest.type("poweroff");
    EXPECT_TRUE(linux_guest.ends()) << linux_guest.log();
}

/// The other end of a serial line of QEMU: a terminal of this machine.
class Line {
public:
    /// QEMU names it at the beginning of what the machine prints.
    Line(const std::string& log, const std::string& label)
    {
        std::smatch match;
        if (std::regex_search(log, match,
                              std::regex("(/dev/pts/[0-9]+) \\(label " + label + "\\)"))) {
            terminal_ = qemu::Descriptor{
                ::open(match[1].str().c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)};
            termios mode{};
            ::tcgetattr(terminal_.number(), &mode);
            ::cfmakeraw(&mode);
            ::tcsetattr(terminal_.number(), TCSANOW, &mode);
        }
    }
    [[nodiscard]] bool is_open() const { return terminal_.is_open(); }

    /// Sends all of `bytes`, and reads until `count` have come or nothing moves for ten minutes.
    std::string exchange(std::string bytes, std::size_t count)
    {
        std::string            came;
        std::array<char, 4096> piece{};
        while (!bytes.empty() || came.size() < count) {
            pollfd     wait{terminal_.number(), POLLIN, 0};
            const auto wanted = static_cast<short>(bytes.empty() ? POLLIN : POLLIN | POLLOUT);
            wait.events       = wanted;
            if (::poll(&wait, 1, 600'000) <= 0) {
                break;
            }
            const auto got = ::read(terminal_.number(), piece.data(), piece.size());
            came.append(piece.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
            const auto sent =
                bytes.empty() ? 0 : ::write(terminal_.number(), bytes.data(), bytes.size());
            bytes.erase(0, sent > 0 ? static_cast<std::size_t>(sent) : 0);
        }
        return came;
    }

private:
    qemu::Descriptor terminal_;
};

TEST(LinuxConsole, HasFurtherPorts)
{
    LinuxGuest linux_guest(
        {.system = "tests/guests/three_ports/three_ports", .cmdline = "console=hvc0"});
    ASSERT_TRUE(linux_guest.boots()) << linux_guest.log();
    EXPECT_EQ(linux_guest.run(
                  "cat /sys/class/virtio-ports/vport*p2/name; ls /dev/hvc1 /dev/vport*p2 | wc -l"),
              "data\n2\n");
    const auto text = lines(20'000);
    for (const auto& [label, file] :
         {std::pair{"second", "/dev/hvc1"}, std::pair{"third", "/dev/vport*p2"}}) {
        Line line(linux_guest.log(), label);
        ASSERT_TRUE(line.is_open()) << linux_guest.log();
        // A terminal forgets its settings when it is closed.
        linux_guest.type("exec 3<> $(echo " + std::string(file) +
                         "); stty raw -echo <&3 2> /dev/null; echo l''istens; head -c 1 <&3; "
                         "echo a''rrived; head -c 20000 <&3 >&3; exec 3<&-; echo d''one");
        // What comes before is echoed, or is lost with nobody there to take it.
        ASSERT_TRUE(linux_guest.says("listens")) << linux_guest.log();
        // QEMU forwards nothing before it has seen that somebody is there.
        EXPECT_EQ(line.exchange("!", 0), "");
        ASSERT_TRUE(linux_guest.says("arrived")) << linux_guest.log();
        EXPECT_EQ(line.exchange(text, text.size()), text);
        ASSERT_TRUE(linux_guest.says("done")) << linux_guest.log();
    }
    linux_guest.type("poweroff");
    EXPECT_TRUE(linux_guest.ends()) << linux_guest.log();
    EXPECT_THAT(complaints(linux_guest.log()), testing::IsEmpty());
}

} // namespace
