// SPDX-License-Identifier: BSD-2-Clause
// Few of the jobs of linux_fio_long_test.cpp.
#include "linux_fio.hpp"

#include <gtest/gtest.h>

namespace {

using namespace system_test;

TEST(LinuxFio, EveryBlockComesBackAsItWasWritten)
{
    Fio fio({.config = "release", .vcpus = 2});
    ASSERT_TRUE(fio.boots()) << fio.log();
    for (const auto* job : {"--rw=randwrite --bs=4k --iodepth=32 --direct=1 --size=4M",
                            "--rw=write --bs=1m --iodepth=4 --direct=1 --size=16M",
                            "--rw=randrw --bsrange=512-64k --blockalign=512"
                            " --iodepth=16 --numjobs=2 --direct=1 --size=4M",
                            "--rw=randwrite --bs=4k --iodepth=1 --fsync=8 --size=1M"}) {
        EXPECT_EQ(fio.run(job), "") << job;
    }
    EXPECT_EQ(fio.end(), "");
}

} // namespace
