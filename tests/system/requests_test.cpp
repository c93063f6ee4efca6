// SPDX-License-Identifier: BSD-2-Clause
// What a request to a virtIO device costs at most, in instructions of all programs of the system.
#include "front_door.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace {

using namespace system_test;
using testing::HasSubstr;
using testing::Not;

/// The least that a measure of tests/guests/bench_virtio gave; 0: it is not there.
std::uint64_t least_of(const std::string& output, const std::string& name)
{
    std::istringstream lines{output};
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words{line};
        std::string        bench, it, mean, min;
        std::uint64_t      average = 0, least = 0;
        if (words >> bench >> it >> mean >> average >> min >> least && bench == "bench" &&
            it == name && min == "min") {
            return least;
        }
    }
    return 0;
}

TEST(Requests, CostNoMoreThanTheyDid)
{
    const auto call = run(
        {"linux", "--kernel", bare_metal("bench_virtio.bin"), "--icount", "--config", "release"});
    EXPECT_EQ(call.exit_code, 0) << call.text();
    EXPECT_THAT(call.output, HasSubstr("bench: done"));
    EXPECT_THAT(call.output, Not(HasSubstr("status"))) << "a request failed";
    EXPECT_THAT(call.output, Not(HasSubstr("not exact")));
    // By the host's clock a guest may have to sleep until its answer comes; that is included here.
    for (const auto& [name, most] :
         {std::pair{"disk_read_4k", 18'000U}, std::pair{"disk_read_64k", 26'000U},
          std::pair{"disk_read_1m", 160'000U}, std::pair{"disk_write_4k", 24'000U},
          std::pair{"disk_write_64k", 28'000U}, std::pair{"disk_write_1m", 120'000U},
          std::pair{"net_send_64", 8'000U}, std::pair{"net_echo_64", 16'000U},
          std::pair{"net_send_1514", 8'000U}, std::pair{"net_echo_1514", 16'000U},
          std::pair{"console_line", 7'000U}}) {
        const auto least = least_of(call.output, name);
        EXPECT_NE(least, 0U) << name << " was not measured:\n" << call.text();
        EXPECT_LE(least, most) << name;
    }
}

} // namespace
