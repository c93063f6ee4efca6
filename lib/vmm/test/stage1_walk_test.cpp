// SPDX-License-Identifier: BSD-2-Clause
// The guest's translation by hand, on tables that the test writes into guest memory.
#include "vmm/stage1_walk.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace {

using base::GuestPhysical;
using base::GuestVirtual;
using vmm::Stage1Registers;

constexpr std::uint64_t k_ram   = 0x4000'0000;
constexpr std::uint64_t k_page  = 0b11; // page or table, valid
constexpr std::uint64_t k_block = 0b01;
/// What else stands in the entries of a real kernel: AF, shareability, UXN, PXN.
constexpr std::uint64_t k_attributes = 0x0060'0000'0000'0700;

class Walk : public testing::Test {
protected:
    Walk()
        : backing(64 * 4096 / 8 + 512)
    {
        const auto start = (reinterpret_cast<std::uint64_t>(backing.data()) + 4095) & ~4095ULL;
        EXPECT_TRUE(memory.add(GuestPhysical{k_ram}, base::PdVirtual{start}, 63 * 4096));
    }

    void entry(std::uint64_t table, std::uint64_t index, std::uint64_t value)
    {
        ASSERT_TRUE(memory.store(GuestPhysical{table + 8 * index}, value | k_attributes));
    }
    std::optional<GuestPhysical> walk(std::uint64_t address) const
    {
        return vmm::walk_stage1(GuestVirtual{address}, registers, memory);
    }

    std::vector<std::uint64_t> backing;
    vmm::GuestMemory           memory;
    Stage1Registers            registers{};
};

TEST_F(Walk, OffMeansTheSameAddress) { EXPECT_EQ(walk(0x1234'5678), GuestPhysical{0x1234'5678}); }

TEST_F(Walk, LinuxWithFourKiBPages)
{
    // 48 bits in both halves, as Debian's kernel sets it up.
    registers.sctlr = arch::SctlrEl1{1};
    registers.tcr   = arch::TcrEl1{}
                        .with<arch::TcrEl1::t0sz>(16)
                        .with<arch::TcrEl1::t1sz>(16)
                        .with<arch::TcrEl1::tg1>(2);
    registers.ttbr1 = arch::TtbrEl1{0x00ab'0000'0000'0000 | k_ram | 1}; // with ASID and CnP
    entry(k_ram, 256, (k_ram + 0x1000) | k_page);
    entry(k_ram + 0x1000, 0, (k_ram + 0x2000) | k_page);
    entry(k_ram + 0x2000, 64, 0x0900'0000 | k_block); // 2 MiB at …0800'0000
    entry(k_ram + 0x2000, 65, (k_ram + 0x3000) | k_page);
    entry(k_ram + 0x3000, 7, 0x4765'4000 | k_page);
    entry(k_ram + 0x1000, 1, 0x8000'0000 | k_block); // 1 GiB

    EXPECT_EQ(walk(0xffff'8000'0812'3456), GuestPhysical{0x0912'3456});
    EXPECT_EQ(walk(0xffff'8000'0820'7abc), GuestPhysical{0x4765'4abc});
    EXPECT_EQ(walk(0xffff'8000'4123'4567), GuestPhysical{0x8123'4567});
    EXPECT_EQ(walk(0xffff'8000'0820'8abc), std::nullopt); // not mapped
    EXPECT_EQ(walk(0xfffe'8000'0812'3456), std::nullopt); // between the halves
    EXPECT_EQ(walk(0x0000'0000'0812'3456), std::nullopt); // TTBR0 has no table in RAM
}

TEST_F(Walk, SmallAddressSpacesStartLower)
{
    registers.sctlr = arch::SctlrEl1{1};
    registers.tcr   = arch::TcrEl1{}.with<arch::TcrEl1::t0sz>(32); // 4 GiB: starts at level 1
    registers.ttbr0 = arch::TtbrEl1{k_ram};
    entry(k_ram, 2, 0xc000'0000 | k_block);
    EXPECT_EQ(walk(0x8000'0123), GuestPhysical{0xc000'0123});
    EXPECT_EQ(walk(0x1'8000'0123), std::nullopt);
}

TEST_F(Walk, OtherGranules)
{
    registers.sctlr = arch::SctlrEl1{1};
    registers.tcr =
        arch::TcrEl1{}.with<arch::TcrEl1::t0sz>(22).with<arch::TcrEl1::tg0>(1); // 64 KiB
    registers.ttbr0 = arch::TtbrEl1{k_ram};
    entry(k_ram, 1, 0x6000'0000 | k_block); // 512 MiB
    entry(k_ram, 2, (k_ram + 0x1'0000) | k_page);
    entry(k_ram + 0x1'0000, 3, 0x7003'0000 | k_page);
    EXPECT_EQ(walk(0x2012'3456), GuestPhysical{0x6012'3456});
    EXPECT_EQ(walk(0x4003'1234), GuestPhysical{0x7003'1234});

    registers.tcr =
        arch::TcrEl1{}.with<arch::TcrEl1::t0sz>(28).with<arch::TcrEl1::tg0>(2); // 16 KiB
    entry(k_ram, 5, (k_ram + 0x4000) | k_page);
    entry(k_ram + 0x4000, 1, 0x7000'4000 | k_page);
    EXPECT_EQ(walk(5ULL * 0x200'0000 + 0x4000 + 0x21), GuestPhysical{0x7000'4021});
}

TEST_F(Walk, TagsAreIgnoredWhereTheGuestSaysSo)
{
    registers.sctlr = arch::SctlrEl1{1};
    registers.tcr   = arch::TcrEl1{}.with<arch::TcrEl1::t0sz>(32);
    registers.ttbr0 = arch::TtbrEl1{k_ram};
    entry(k_ram, 0, 0xc000'0000 | k_block);
    EXPECT_EQ(walk(0x5a00'0000'0000'0123), std::nullopt);
    registers.tcr = registers.tcr.with<arch::TcrEl1::tbi0>(true);
    EXPECT_EQ(walk(0x5a00'0000'0000'0123), GuestPhysical{0xc000'0123});
}

TEST_F(Walk, NonsenseIsNowhere)
{
    registers.sctlr    = arch::SctlrEl1{1};
    std::uint64_t seed = 1;
    const auto    next = [&] { return seed = seed * 6364136223846793005 + 1442695040888963407; };
    for (unsigned i = 0; i < 63 * 512; ++i) {
        ASSERT_TRUE(memory.store(GuestPhysical{k_ram + 8ULL * i}, next()));
    }
    for (unsigned i = 0; i < 100'000; ++i) {
        registers.tcr   = arch::TcrEl1{next()};
        registers.ttbr0 = arch::TtbrEl1{(next() & 0x3f000) | k_ram};
        registers.ttbr1 = arch::TtbrEl1{(next() & 0x3f000) | k_ram};
        (void)walk(next());
    }
}

} // namespace
