// SPDX-License-Identifier: BSD-2-Clause
// Serial ports of every kind: switched on where need be, written to when there is room.
#include "kernel/uart.hpp"

#include <gtest/gtest.h>

namespace kernel::test {
namespace {

constexpr std::uint64_t k_base = 0xff00'0000;

class AnyUart : public testing::TestWithParam<Uart> {
protected:
    AnyUart() { machine::fake = {}; }

    static void set(std::uint32_t offset, std::uint32_t value)
    {
        machine::fake.devices[k_base + offset] = value;
    }
    /// Bytes that went to the data register.
    static std::size_t sent()
    {
        std::size_t count = 0;
        for (const auto& [address, value] : machine::fake.device_writes) {
            count += address == k_base + GetParam().data && value == 'x' ? 1U : 0U;
        }
        return count;
    }
};

TEST_P(AnyUart, SendsWhenThereIsRoom)
{
    set(GetParam().status, GetParam().room);
    put(GetParam(), k_base, 'x');
    EXPECT_EQ(sent(), 1U);
}

TEST_P(AnyUart, DoesNotWaitForEver)
{
    set(GetParam().status, ~GetParam().room & GetParam().mask);
    put(GetParam(), k_base, 'x');
    EXPECT_EQ(sent(), 1U);
}

TEST_P(AnyUart, IsLeftAloneOnceItIsOn)
{
    set(GetParam().control, (GetParam().not_on | ~GetParam().off) & 0xff);
    start(GetParam(), k_base);
    EXPECT_TRUE(machine::fake.device_writes.empty());
}

TEST_P(AnyUart, IsSwitchedOnIfItCanBe)
{
    set(GetParam().control, GetParam().off);
    start(GetParam(), k_base);
    EXPECT_EQ(machine::fake.device_writes.size(), GetParam().enable != 0 ? 1U : 0U);
    start(GetParam(), k_base);
    EXPECT_LE(machine::fake.device_writes.size(), 1U) << "what was written is not on";
}

INSTANTIATE_TEST_SUITE_P(All, AnyUart, testing::ValuesIn(k_uarts), [](const auto& test) {
    std::string name{test.param.compatible};
    std::ranges::replace_if(
        name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
    return name;
});

TEST(Uart, IsChosenByAnyOfItsNames)
{
    constexpr std::array<std::string_view, 2> k_imx{"fsl,imx8mq-uart", "fsl,imx6q-uart"};
    EXPECT_EQ(k_uarts[uart_for(k_imx)].data, 0x40U);
    constexpr std::array<std::string_view, 1> k_other{"acme,uart"};
    EXPECT_EQ(uart_for(k_other), k_uarts.size());
}

} // namespace
} // namespace kernel::test
