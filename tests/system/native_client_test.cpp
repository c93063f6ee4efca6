// SPDX-License-Identifier: BSD-2-Clause
// examples/native-client from all sides: the guest next to it, the host's network, the disk's
// bytes.
#include "front_door.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

namespace {

using namespace system_test;
using testing::HasSubstr;
namespace fs = std::filesystem;

constexpr std::size_t k_mebibyte = 1024 * 1024;

std::string read(const fs::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>{stream}, {}};
}

class NativeClient : public testing::TestWithParam<const char*> {};

TEST_P(NativeClient, KeepsANoteForTheGuestNextToIt)
{
    const auto     before = read(root() / "build/guest/small.img");
    const fs::path disk   = write_file("native.img", before);
    const fs::path traces = write_file("native.pcap", "");
    // Twenty-eight kB go through the network into the note and come back; the guest's own disk
    // works beside.
    const std::string command =
        "cd /tmp && seq 1 6000 > note && tftp -p -l note -r note 10.0.2.50 && "
        "cp note /debian/copy && sync && "
        "tftp -g -l back -r note 10.0.2.50 && cmp note back && "
        "ping -c 2 10.0.2.50 && ping -c 1 10.0.2.2 && "
        "! tftp -g -l other -r other 10.0.2.50";
    const auto call =
        run({"native-client", "--board", GetParam(), "--disk", disk, "--exec", command,
             "--qemu-args", "-object filter-dump,id=trace,netdev=net,file=" + traces.string()});
    ASSERT_EQ(call.exit_code, 0) << call.text();
    EXPECT_THAT(call.output, HasSubstr("2 packets transmitted, 2 packets received"));
    EXPECT_THAT(call.text(), HasSubstr("the only file is called note"));

    std::string note;
    for (int i = 1; i <= 6000; ++i) {
        note += std::to_string(i) + "\n";
    }
    // Partition 1 begins behind the first mebibyte and the 32 of partition 0. Its block 0 is the
    // header: magic, length.
    const auto        after = read(disk);
    const std::size_t start = 33 * k_mebibyte;
    ASSERT_EQ(after.size(), before.size());
    EXPECT_EQ(after.substr(start, 8), "vmm note");
    std::uint64_t length = 0;
    std::memcpy(&length, after.data() + start + 8, sizeof length);
    EXPECT_EQ(length, note.size());
    EXPECT_TRUE(after.substr(start + 4096, note.size()) == note);
    // Neither wrote where the other is, or into the partition table.
    const auto end = start + 4096 + (note.size() + 4095) / 4096 * 4096;
    EXPECT_TRUE(after.substr(end) == before.substr(end));
    EXPECT_TRUE(after.substr(0, k_mebibyte) == before.substr(0, k_mebibyte));
    EXPECT_THAT(after.substr(k_mebibyte, 32 * k_mebibyte), HasSubstr(note.substr(0, 1000)));

    // What is between the two stays at the switch; what is for outside leaves it.
    const auto trace = read(traces);
    EXPECT_THAT(trace, HasSubstr(std::string("\x52\x54\0\0\0\x01\x08\0\x45", 9)));
    EXPECT_FALSE(trace.contains("5999\n6000\n"));
}

INSTANTIATE_TEST_SUITE_P(Boards, NativeClient, testing::Values(k_gicv2, k_gicv3),
                         [](const auto& parameter) {
                             return parameter.param == std::string(k_gicv2) ? "gicv2" : "gicv3";
                         });

} // namespace
