// SPDX-License-Identifier: BSD-2-Clause
// A guest that touches what it does not own: each policy does what it says, the report is precise,
// and the protection domain beside it notices nothing (tests/guests/isolation). Power, by the way.
#include "front_door.hpp"
#include "linux_guest.hpp"

#include "qemu/console.hpp"
#include "qemu/machine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using namespace system_test;
using testing::HasSubstr;
using testing::Not;
using Kind = qemu::Outcome::Kind;

constexpr qemu::Limits k_limits{.silence = 600s};

/// The address in "read:0x21000000:1".
std::string address(std::string_view misdeed)
{
    const auto rest = misdeed.substr(misdeed.find(':') + 1);
    return std::string{rest.substr(0, rest.find(':'))};
}

class GuestIsolation : public testing::TestWithParam<const char*> {};

TEST_P(GuestIsolation, EachPolicyAndAnUnharmedNeighbour)
{
    const auto output = output_of(GetParam(), "isolation", "guest_isolation");
    // Ignored: reads as zero, writes go nowhere. An instruction cannot come from nothing.
    EXPECT_THAT(output, HasSubstr("probe read:0x20000000: 0x0\n"));
    EXPECT_THAT(output, HasSubstr("probe write:0x20000004:7: done\n"));
    EXPECT_THAT(output, HasSubstr("probe jump:0x20000000: exception, ESR 0x86000010"));
    // Aborted: a synchronous external abort in the guest, which lives on. Also for accesses that
    // the hardware gives no syndrome for, and for the memory of kernel and VMM.
    for (const auto* misdeed :
         {"read:0x21000000:1", "pair:0x21000000", "read:0x70000000", "read:0x200000"}) {
        EXPECT_THAT(output, HasSubstr("probe " + std::string(misdeed) +
                                      ": exception, ESR 0x96000010, FAR " + address(misdeed)));
    }
    for (const auto* misdeed : {"write:0x21000000:5:8", "zero:0x21000000", "write:0x70000000:1"}) {
        EXPECT_THAT(output, HasSubstr("probe " + std::string(misdeed) +
                                      ": exception, ESR 0x96000050, FAR " + address(misdeed)));
    }
    EXPECT_THAT(output, HasSubstr("probe jump:0x21000000: exception, ESR 0x86000010"));
    EXPECT_THAT(output, HasSubstr("probe hvc:0x84000000: 0x10001\n"));
    // Stopped, with a report.
    EXPECT_THAT(output, HasSubstr("vmm: guest \"intruder\" stopped: vCPU 0 wrote 2 bytes (0xab) at "
                                  "0x22000010, where it has nothing\n"));
    EXPECT_THAT(output, HasSubstr("  no node of its device tree covers the address\n"));
    EXPECT_THAT(output, HasSubstr("ways out: map the device"));
    EXPECT_THAT(output, Not(HasSubstr("probe: end")));
    EXPECT_THAT(output, HasSubstr("witness: all is well\n"));
}

TEST_P(GuestIsolation, PowerByEitherConduit)
{
    for (const auto* off : {"hvc:0x84000008", "smc:0x84000008", "off"}) {
        const auto call =
            run({"simple", "--board", GetParam(), "--kernel", bare_metal("probe.bin"), "--cmdline",
                 std::string{"hvc:0x84000000 smc:0x84000000 "} + off, "--memory", "16M"});
        EXPECT_EQ(call.exit_code, 0) << call.text();
        EXPECT_THAT(call.output, HasSubstr("probe hvc:0x84000000: 0x10001\n"));
        EXPECT_THAT(call.output, HasSubstr("probe smc:0x84000000: 0x10001\n"));
        EXPECT_THAT(call.output, HasSubstr("powered off"));
        EXPECT_THAT(call.output, Not(HasSubstr("probe: end")));
    }
}

TEST_P(GuestIsolation, ResetsAgainAndAgain)
{
    // It never ends by itself.
    LinuxGuest guest({.board = GetParam(), .kernel = bare_metal("probe.bin"), .cmdline = "reset"});
    for (int life = 0; life < 20; ++life) {
        ASSERT_TRUE(guest.says("probe: ready")) << "life " << life << "\n" << guest.log();
    }
    EXPECT_THAT(guest.log(), Not(HasSubstr("stopped")));
}

INSTANTIATE_TEST_SUITE_P(All, GuestIsolation, testing::Values(k_gicv2, k_gicv3),
                         [](const auto& parameter) {
                             return parameter.param == k_gicv2 ? "gicv2" : "gicv3";
                         });

/// QEMU's own machine, with nothing of ours under the guest.
std::string on_bare_qemu(const char* program, const char* machine)
{
    const auto    words = qemu::native_command_line({.machine = machine,
                                                     .memory  = "64M",
                                                     .kernel  = bare_metal(program),
                                                     .time    = qemu::Time::instructions});
    qemu::Console console(qemu::Process::start(words, qemu::Streams::piped).value());
    EXPECT_EQ(console.wait_for({}, k_limits).kind, Kind::ended) << console.complaints();
    return console.transcript();
}

TEST(GuestsOnBareQemu, CountNothingWhereThereIsNothingToPay)
{
    for (const auto* machine : {"virt", "virt,gic-version=3", "virt,virtualization=on",
                                "virt,virtualization=on,gic-version=3"}) {
        for (const auto* program : {"bench.bin", "bench.elf"}) {
            const auto output = on_bare_qemu(program, machine);
            for (const auto* exit : {"hypercall", "gicd_read", "gicd_write", "sgi_self"}) {
                EXPECT_THAT(output, HasSubstr("bench " + std::string(exit) +
                                              " mean 1 min 1 max 1 count 100\n"))
                    << machine;
            }
            for (const auto* latency : {"timer", "wfi"}) {
                EXPECT_THAT(output, HasSubstr("bench " + std::string(latency) +
                                              " mean 0 min 0 max 0 count 100\n"))
                    << machine;
            }
            EXPECT_THAT(output, HasSubstr("bench: done\n"));
        }
    }
}

} // namespace
