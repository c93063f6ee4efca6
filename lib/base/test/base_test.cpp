// SPDX-License-Identifier: BSD-2-Clause
// The vocabulary: addresses, registers, checked arithmetic, results, printing.
#include "base/address.hpp"
#include "base/checked.hpp"
#include "base/print.hpp"
#include "base/reg.hpp"
#include "base/result.hpp"
#include "base/units.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

namespace {

using namespace base::literals;
constexpr auto k_top = std::numeric_limits<std::uint64_t>::max();

static_assert(!std::convertible_to<base::GuestPhysical, base::HostPhysical>);
static_assert(!std::convertible_to<std::uint64_t, base::GuestPhysical>);
static_assert(256_MiB == 0x1000'0000);

TEST(Checked, SumsAndProductsThatDoNotFitAreNothing)
{
    EXPECT_EQ(base::checked_add<std::uint64_t>(k_top, 0), k_top);
    EXPECT_FALSE(base::checked_add<std::uint64_t>(k_top, 1));
    EXPECT_FALSE(base::checked_add<std::uint8_t>(200, 56));
    EXPECT_EQ(base::checked_multiply<std::uint32_t>(0x1'0000, 0xffff), 0xffff'0000u);
    EXPECT_FALSE(base::checked_multiply<std::uint32_t>(0x1'0000, 0x1'0000));
    EXPECT_EQ(base::checked_multiply<std::uint32_t>(0, 0xffff'ffff), 0u);
}

TEST(Checked, ARangeFitsOnlyWithoutWrapping)
{
    EXPECT_TRUE(base::range_fits<std::uint64_t>(0, 16, 16));
    EXPECT_TRUE(base::range_fits<std::uint64_t>(16, 0, 16));
    EXPECT_FALSE(base::range_fits<std::uint64_t>(1, 16, 16));
    EXPECT_FALSE(base::range_fits<std::uint64_t>(8, k_top, 16));
    EXPECT_FALSE(base::range_fits<std::uint64_t>(k_top, 2, 16));
}

TEST(Checked, AlignUpAtTheTopIsNothing)
{
    EXPECT_EQ(base::align_up<std::uint64_t>(0x1001, 0x1000), 0x2000u);
    EXPECT_EQ(base::align_up<std::uint64_t>(0x1000, 0x1000), 0x1000u);
    EXPECT_FALSE(base::align_up<std::uint64_t>(k_top, 0x1000));
}

TEST(Address, ARangeMayNotWrapAndEndsExclusively)
{
    using base::GuestPhysical;
    using base::GuestRange;
    EXPECT_FALSE(GuestRange::create(GuestPhysical{k_top}, 2));
    const auto ram = GuestRange::create(GuestPhysical{0x4000'0000}, 0x1000).value();
    EXPECT_TRUE(ram.contains(GuestPhysical{0x4000'0fff}));
    EXPECT_FALSE(ram.contains(GuestPhysical{0x4000'0fff}, 2));
    EXPECT_FALSE(ram.contains(GuestPhysical{0x3fff'ffff}));
    const auto next = GuestRange::create(GuestPhysical{0x4000'1000}, 0x1000).value();
    EXPECT_FALSE(ram.overlaps(next));
    EXPECT_TRUE(ram.overlaps(ram));
}

enum class Mode : std::uint8_t { zero, one, two };
struct Sample : base::Register<Sample, std::uint32_t> {
    using Register::Register;
    using enable = base::Flag<0>;
    using mode   = base::Field<5, 4, Mode>;
    using high   = base::Field<31, 24, std::uint8_t>;
};

TEST(Register, FieldsReadAndReplaceOnlyTheirOwnBits)
{
    constexpr Sample sample{0xab00'0021};
    static_assert(sample.get<Sample::enable>());
    static_assert(sample.get<Sample::mode>() == Mode::two);
    static_assert(sample.get<Sample::high>() == 0xab);
    static_assert(sample.with<Sample::mode>(Mode::one).raw() == 0xab00'0011);
    Sample changed = sample;
    changed.set<Sample::high>(0xff);
    EXPECT_EQ(changed.raw(), 0xff00'0021u);
}

base::Result<int> half(int number)
{
    if (number % 2 != 0) {
        return base::fail("the number is odd", "give an even one",
                          static_cast<std::uint64_t>(number));
    }
    return number / 2;
}
base::Result<int> quarter(int number) { return half(TRY(half(number))); }

TEST(Result, TryPassesTheFirstErrorOn)
{
    EXPECT_EQ(quarter(12).value(), 3);
    const auto failed = quarter(14);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().what, "the number is odd");
    EXPECT_EQ(failed.error().value, 7u);
}

std::string output;
void        append(char c) { output += c; }

TEST(Print, WritesNumbersAndText)
{
    output.clear();
    base::print(append, "pc ", base::Hex{0x4008'0000}, ' ', base::Hex{0}, ' ', base::Hex{0xf, 4},
                ' ', -12, ' ', std::uint64_t{k_top}, ' ', std::numeric_limits<int>::min());
    EXPECT_EQ(output, "pc 0x40080000 0x0 0x000f -12 18446744073709551615 -2147483648");
}

} // namespace
