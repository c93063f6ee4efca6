// SPDX-License-Identifier: BSD-2-Clause
// The guest's translation by hand, on tables that the test writes into guest memory.
#include "vmm/stage1_walk.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace {

using base::GuestPhysical;
using base::GuestVirtual;
using vmm::Stage1Access;
using vmm::Stage1Registers;
using Kind = Stage1Access::Kind;

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
        const auto place = vmm::walk_stage1(GuestVirtual{address}, registers, memory);
        return place ? std::optional{*place} : std::nullopt;
    }
    /// The fault status code of an access; 0: allowed.
    unsigned status(std::uint64_t address, Stage1Access access) const
    {
        const auto place = vmm::walk_stage1(GuestVirtual{address}, registers, memory, access);
        return place ? 0 : place.error().status;
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

TEST_F(Walk, FaultsSayWhatAndAtWhichLevel)
{
    registers.sctlr = arch::SctlrEl1{1};
    registers.tcr   = arch::TcrEl1{}.with<arch::TcrEl1::t0sz>(25); // 39 bits: levels 1 to 3
    registers.ttbr0 = arch::TtbrEl1{k_ram};
    entry(k_ram, 1, (k_ram + 0x1000) | k_page);
    entry(k_ram, 2, 0x1000'0000 | k_page); // its table is not in RAM
    entry(k_ram + 0x1000, 0, (k_ram + 0x2000) | k_page);
    entry(k_ram + 0x2000, 0, 0x0a00'0000 | k_page);
    ASSERT_TRUE(memory.store<std::uint64_t>(GuestPhysical{k_ram + 0x2008}, 0x0a00'1000 | k_page));
    constexpr std::uint64_t k_start = 0x4000'0000;
    EXPECT_EQ(status(k_start, {}), 0u);
    EXPECT_EQ(status(k_start + 0x1000, {}), 0b001011u);    // access flag, level 3
    EXPECT_EQ(status(k_start + 0x2000, {}), 0b000111u);    // translation, level 3
    EXPECT_EQ(status(k_start + 0x20'0000, {}), 0b000110u); // level 2
    EXPECT_EQ(status(0, {}), 0b000101u);                   // level 1
    EXPECT_EQ(status(0x8000'0000, {}), 0b010110u);         // external abort at level 2
    EXPECT_EQ(status(1ULL << 40, {}), 0b000100u);          // outside: level 0
    registers.tcr = registers.tcr.with<arch::TcrEl1::epd0>(true);
    EXPECT_EQ(status(k_start, {}), 0b000100u);
    registers.tcr = arch::TcrEl1{}.with<arch::TcrEl1::t0sz>(25).with<arch::TcrEl1::e0pd0>(true);
    EXPECT_EQ(status(k_start, {}), 0u);
    EXPECT_EQ(status(k_start, {.privileged = false}), 0b000100u);
}

TEST_F(Walk, PermissionsOfPagesAndTables)
{
    registers.sctlr                      = arch::SctlrEl1{1};
    registers.tcr                        = arch::TcrEl1{}.with<arch::TcrEl1::t0sz>(25);
    registers.ttbr0                      = arch::TtbrEl1{k_ram};
    constexpr std::uint64_t k_af         = 1 << 10;
    constexpr std::uint64_t k_el0        = 1 << 6;
    constexpr std::uint64_t k_read_only  = 1 << 7;
    constexpr std::uint64_t k_pxn        = 1ULL << 53;
    constexpr std::uint64_t k_uxn        = 1ULL << 54;
    constexpr unsigned      k_permission = 0b001101; // level 1
    const auto              allowed      = [&](std::uint64_t bits, Stage1Access access) {
        EXPECT_TRUE(memory.store(GuestPhysical{k_ram}, 0x8000'0000 | k_block | k_af | bits));
        const auto code = status(0x123, access);
        EXPECT_TRUE(code == 0 || code == k_permission) << code;
        return code == 0;
    };
    constexpr Stage1Access k_read{.kind = Kind::read};
    constexpr Stage1Access k_write{.kind = Kind::write};
    constexpr Stage1Access k_fetch{.kind = Kind::fetch};
    constexpr Stage1Access k_user_read{.kind = Kind::read, .privileged = false};
    constexpr Stage1Access k_user_write{.kind = Kind::write, .privileged = false};
    constexpr Stage1Access k_user_fetch{.kind = Kind::fetch, .privileged = false};
    constexpr Stage1Access k_pan_read{.kind = Kind::read, .privileged = true, .pan = true};

    EXPECT_TRUE(allowed(0, k_read) && allowed(0, k_write) && allowed(0, k_fetch));
    EXPECT_FALSE(allowed(0, k_user_read) || allowed(0, k_user_write));
    EXPECT_TRUE(allowed(0, k_user_fetch)); // execute-only
    EXPECT_TRUE(allowed(k_el0, k_user_read) && allowed(k_el0, k_user_write));
    EXPECT_FALSE(allowed(k_el0, k_fetch)); // EL0 may write it
    EXPECT_TRUE(allowed(k_el0 | k_read_only, k_fetch));
    EXPECT_FALSE(allowed(k_read_only, k_write) || allowed(k_el0 | k_read_only, k_user_write));
    EXPECT_FALSE(allowed(k_pxn, k_fetch) || allowed(k_uxn, k_user_fetch));
    EXPECT_FALSE(allowed(k_el0, k_pan_read));
    EXPECT_TRUE(allowed(0, k_pan_read));
    registers.sctlr = registers.sctlr.with<arch::SctlrEl1::wxn>(true);
    EXPECT_FALSE(allowed(0, k_fetch) || allowed(k_el0, k_user_fetch));
    EXPECT_TRUE(allowed(k_read_only, k_fetch));

    // A table takes rights from all below, unless TCR_EL1.HPD0 says that tables have none.
    registers.sctlr = arch::SctlrEl1{1};
    entry(k_ram, 1, (k_ram + 0x1000) | k_page | 1ULL << 62 | 1ULL << 61);
    ASSERT_TRUE(memory.store(GuestPhysical{k_ram + 0x1000}, 0x8000'0000 | k_block | k_af | k_el0));
    EXPECT_EQ(status(0x4000'0000, k_read), 0u);
    EXPECT_EQ(status(0x4000'0000, k_write), 0b001110u);
    EXPECT_EQ(status(0x4000'0000, k_user_read), 0b001110u);
    registers.tcr = registers.tcr.with<arch::TcrEl1::hpd0>(true);
    EXPECT_EQ(status(0x4000'0000, k_write), 0u);
}

TEST_F(Walk, TablesOfABigEndianGuest)
{
    registers.sctlr = arch::SctlrEl1{1}.with<arch::SctlrEl1::ee>(true);
    registers.tcr   = arch::TcrEl1{}.with<arch::TcrEl1::t0sz>(25);
    registers.ttbr0 = arch::TtbrEl1{k_ram};
    ASSERT_TRUE(memory.store<std::uint64_t>(
        GuestPhysical{k_ram}, __builtin_bswap64(0x8000'0000 | k_block | k_attributes)));
    EXPECT_EQ(walk(0x123), GuestPhysical{0x8000'0123});
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
