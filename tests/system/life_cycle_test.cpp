// SPDX-License-Identifier: BSD-2-Clause
// What a guest does over time, watched from its console: it reboots, again and again; it idles.
#include "front_door.hpp"

#include "build.hpp"
#include "qemu/console.hpp"
#include "qemu/machine.hpp"
#include "system.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

namespace {

using namespace std::chrono_literals;
using namespace system_test;
using Kind = qemu::Outcome::Kind;

constexpr qemu::Limits k_limits{.silence = 600s};
const auto             k_prompt = qemu::text("guest:/root# ");

/// The example simple on `board`, built and started.
qemu::Console boot(const char* board)
{
    const auto product = vmm::build_product(vmm::this_tree(), board, "debug", "simple_system");
    const auto system  = vmm::read_system(product.value() / "examples/simple/simple.json").value();
    const auto machine = qemu::read_board(system.board_json).value();
    return qemu::Console(
        qemu::Process::start(qemu::command_line(machine, system.image, {}), qemu::Streams::piped)
            .value());
}

class LifeCycle : public testing::TestWithParam<const char*> {};

TEST_P(LifeCycle, RebootsTenTimesFromPristineImages)
{
    auto console = boot(GetParam());
    for (int round = 0; round <= 10; round++) {
        // The prompt after this line: the last life printed one too, after its last answer.
        ASSERT_EQ(console.wait_for({qemu::line_starting("guest: ready")}, k_limits).kind,
                  Kind::matched)
            << "round " << round << "\n"
            << console.transcript();
        ASSERT_EQ(console.wait_for({k_prompt}, k_limits).kind, Kind::matched);
        // Nothing of the last life may be left: neither a file nor the time since boot.
        ASSERT_TRUE(console.send("test -e /run/trace && echo left\"over\" || echo cle\"an\"\n"));
        const auto trace =
            console.wait_for({qemu::text("leftover"), qemu::text("clean")}, k_limits);
        ASSERT_EQ(trace.kind, Kind::matched) << "round " << round << "\n" << console.transcript();
        EXPECT_EQ(trace.index, 1u);
        ASSERT_TRUE(console.send(round == 10 ? "poweroff -f\n" : "touch /run/trace; reboot -f\n"));
    }
    ASSERT_EQ(console.wait_for({}, k_limits).kind, Kind::ended) << console.transcript();
    EXPECT_TRUE(console.process().wait().is_success());
}

/// Processor time that process `id` has used, in seconds.
double processor_time(pid_t id)
{
    std::ifstream stat("/proc/" + std::to_string(id) + "/stat");
    std::string   word;
    double        user   = 0;
    double        system = 0;
    for (int field = 1; field <= 13; field++) {
        stat >> word; // QEMU's name has no blank
    }
    stat >> user >> system;
    return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

TEST_P(LifeCycle, AnIdleGuestLeavesTheHostIdle)
{
    auto console = boot(GetParam());
    ASSERT_EQ(console.wait_for({k_prompt}, k_limits).kind, Kind::matched) << console.transcript();
    constexpr auto   k_time  = 20s;
    constexpr double k_limit = 3.0;
    double           share   = 100;
    // What a boot leaves behind may take its time on a busy host; then there is nothing more to do.
    for (int look = 0; look < 5 && share > k_limit; ++look) {
        std::this_thread::sleep_for(5s);
        const double before = processor_time(console.process().id());
        std::this_thread::sleep_for(k_time);
        const double used = processor_time(console.process().id()) - before;
        share             = 100 * used / std::chrono::duration<double>(k_time).count();
    }
    RecordProperty("host_cpu_percent", std::to_string(share));
    std::printf("an idle guest takes %.2f %% of a host CPU\n", share);
    EXPECT_LE(share, k_limit);
}

INSTANTIATE_TEST_SUITE_P(All, LifeCycle, testing::Values(k_gicv2, k_gicv3),
                         [](const auto& parameter) {
                             return parameter.param == k_gicv2 ? "gicv2" : "gicv3";
                         });

} // namespace
