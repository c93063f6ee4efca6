// SPDX-License-Identifier: BSD-2-Clause
// fio --verify: patterns, block sizes, queue depths, jobs at once, with and without the page cache.
#include "linux_fio.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace {

using namespace system_test;

class LinuxFioAll : public testing::TestWithParam<LinuxOptions> {};

TEST_P(LinuxFioAll, EveryBlockComesBackAsItWasWritten)
{
    Fio fio(GetParam());
    ASSERT_TRUE(fio.boots()) << fio.log();
    unsigned jobs = 0;
    for (const auto* pattern : {"write", "randwrite", "rw", "randrw"}) {
        for (const auto* block : {"--bs=512", "--bs=4k", "--bs=64k", "--bs=1m",
                                  "--bsrange=512-256k --blockalign=512"}) {
            for (const auto* depth : {"1", "4", "32", "128"}) {
                const bool is_small = block == std::string("--bs=512");
                const auto job      = std::string("--rw=") + pattern + " " + block +
                                 " --iodepth=" + depth +
                                 " --direct=1 --size=" + (is_small ? "512k" : "4M") +
                                 (jobs % 3 == 0 ? " --numjobs=4" : "");
                EXPECT_EQ(fio.run(job), "") << job;
                ++jobs;
            }
        }
    }
    for (const auto* more : {"--bs=4k --iodepth=1 --fsync=1 --size=512k",
                             "--bs=4k --iodepth=8 --fdatasync=16 --size=2M",
                             "--bs=16k --iodepth=8 --numjobs=8 --size=2M",
                             "--bs=4k --iodepth=64 --direct=1 --ioengine=io_uring --size=4M",
                             "--bs=128k --ioengine=mmap --size=4M",
                             "--bs=4k --direct=1 --iodepth=32 --verify=sha256 --size=2M"}) {
        const auto job = std::string("--rw=randwrite ") + more;
        EXPECT_EQ(fio.run(job), "") << job;
        ++jobs;
    }
    EXPECT_EQ(fio.end(), "");
    const auto name = std::string(GetParam().board) + ", " + GetParam().kernel;
    record(std::string("fio_") + GetParam().board + "_" + GetParam().kernel,
           name + ": " + std::to_string(jobs) + " jobs of fio --verify, " +
               std::to_string(GetParam().vcpus) + " vCPUs: " +
               (HasFailure() ? "NOT all blocks as written" : "every block as it was written"));
}

INSTANTIATE_TEST_SUITE_P(
    All, LinuxFioAll,
    testing::Values(LinuxOptions{.board = k_gicv2, .config = "release"},
                    LinuxOptions{.board = k_gicv3, .config = "release", .vcpus = 4},
                    LinuxOptions{
                        .board = k_gicv3, .config = "release", .kernel = "linux-6.12", .vcpus = 2}),
    [](const auto& parameter) {
        return parameter.param.vcpus == 1   ? "one"
               : parameter.param.vcpus == 2 ? "two_6_12"
                                            : "four";
    });

} // namespace
