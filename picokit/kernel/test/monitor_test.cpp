// SPDX-License-Identifier: BSD-2-Clause
// What the monitor writes to the console.
#include "kit/world.hpp"

#include "kernel/decode.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kernel::test {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string console()
{
    std::string text;
    for (const auto& [address, value] : machine::fake.device_writes) {
        if (address == board::console.base().raw() && value != '\r') {
            text += static_cast<char>(value);
        }
    }
    return text;
}

struct Monitor : testing::Test {
    World    world;
    unsigned crasher = world.add_pd("crasher", {.priority = 200});
    unsigned other   = world.add_pd("other", {});

    void SetUp() override { world.boot(); }
    void write_to(std::uint64_t address)
    {
        machine::fake[Register::far_el2] = address;
        world.trap(0x24ull << 26 | 1u << 25 | 1u << 6 | 0x7);
    }
};

TEST_F(Monitor, NamesThePdAndWhatItDid)
{
    world.pd(crasher).context[Word::pc]  = 0x20'1234;
    world.pd(crasher).context[Word::x30] = 0xabcd;
    write_to(0x1000);
    EXPECT_THAT(console(), HasSubstr("MON|ERROR: faulting PD: crasher\n"));
    EXPECT_THAT(console(), HasSubstr("VMFault: write of 0x1000: nothing is mapped there\n"));
    EXPECT_THAT(console(), HasSubstr("pc    0x0000000000201234"));
    EXPECT_THAT(console(), HasSubstr("x30   0x000000000000abcd"));
    EXPECT_THAT(console(), Not(HasSubstr("stack overflow")));
    EXPECT_EQ(world.current(), &world.pd(other));
}

TEST_F(Monitor, SeesAStackOverflow)
{
    write_to(0xff'ffff'bff0);
    EXPECT_THAT(console(), HasSubstr("stack overflow"));
}

TEST_F(Monitor, ExplainsOtherFaults)
{
    world.trap(0x0200'0000);
    EXPECT_THAT(console(), HasSubstr("undefined instruction"));
    EXPECT_THAT(console(), HasSubstr("esr 0x2000000; it is stopped"));
}

TEST_F(Monitor, ShowsNoNumberAsAnEsrThatIsNone)
{
    world.trap(0xf200'0001); // BRK #1: its report has a reason, 3, and no syndrome
    EXPECT_THAT(console(), HasSubstr("BRK instruction"));
    EXPECT_THAT(console(), Not(HasSubstr("esr")));
    EXPECT_THAT(console(), HasSubstr("MON|ERROR: it is stopped, the others go on; registers:\n"));
}

TEST_F(Monitor, SaysWhoBecamePassive)
{
    world.pd(crasher).may_be_passive = true;
    world.syscall(crasher, PICOKIT_SYS_BECOME_PASSIVE);
    EXPECT_THAT(console(), HasSubstr("MON|INFO: PD 'crasher' is now passive!\n"));
}

TEST(Decode, KnowsReadsWritesAndFetches)
{
    EXPECT_EQ(decode_abort(0x9200'0006).access, "read");
    EXPECT_EQ(decode_abort(0x9200'0046).access, "write");
    EXPECT_EQ(decode_abort(0x8200'0006).access, "instruction fetch");
    EXPECT_EQ(decode_abort(0x9200'004f).reason, "the mapping does not permit this");
    EXPECT_EQ(decode_abort(0x9200'0010).reason, "external abort: no device answers there");
}

} // namespace
} // namespace kernel::test
