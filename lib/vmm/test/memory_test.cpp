// SPDX-License-Identifier: BSD-2-Clause
// Guest memory: bounds, regions side by side, windows.
#include "vmm/memory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace {

using base::GuestPhysical;
using base::PdVirtual;

struct alignas(4096) Page {
    std::array<std::byte, 4096> bytes{};
};

PdVirtual address_of(std::vector<Page>& pages)
{
    return PdVirtual{reinterpret_cast<std::uint64_t>(pages.data())};
}

class Memory : public testing::Test {
protected:
    void SetUp() override
    {
        // Two regions side by side for the guest, apart in this program; a third one far away.
        ASSERT_TRUE(memory.add(GuestPhysical{0x4000'2000}, address_of(second), 4096));
        ASSERT_TRUE(memory.add(GuestPhysical{0x4000'0000}, address_of(first), 8192));
        ASSERT_TRUE(memory.add(GuestPhysical{0x8000'0000}, address_of(third), 4096));
    }

    std::vector<Page> first{2};
    std::vector<Page> second{1};
    std::vector<Page> third{1};
    vmm::GuestMemory  memory;
};

TEST_F(Memory, KeepsRegionsInTheGuestsOrder)
{
    ASSERT_EQ(memory.regions().size(), 3u);
    EXPECT_EQ(memory.regions()[0].guest.start(), GuestPhysical{0x4000'0000});
    EXPECT_EQ(memory.regions()[1].guest.start(), GuestPhysical{0x4000'2000});
    EXPECT_EQ(memory.size(), 4u * 4096);
}

TEST_F(Memory, LoadsWhatWasStored)
{
    ASSERT_TRUE(memory.store<std::uint64_t>(GuestPhysical{0x4000'0008}, 0x1122334455667788));
    EXPECT_EQ(memory.load<std::uint64_t>(GuestPhysical{0x4000'0008}), 0x1122334455667788u);
    EXPECT_EQ(memory.load<std::uint32_t>(GuestPhysical{0x4000'0008}), 0x55667788u);
    EXPECT_EQ(memory.load<std::uint16_t>(GuestPhysical{0x4000'000e}), 0x1122u);
    EXPECT_EQ(memory.load<std::uint8_t>(GuestPhysical{0x4000'000f}), 0x11u);
    EXPECT_EQ(memory.load<std::uint32_t>(GuestPhysical{0x4000'0009}), 0x44556677u); // unaligned
}

TEST_F(Memory, CrossesFromOneRegionIntoItsNeighbour)
{
    ASSERT_TRUE(memory.store<std::uint64_t>(GuestPhysical{0x4000'1ffc}, 0x1122334455667788));
    EXPECT_EQ(memory.load<std::uint32_t>(GuestPhysical{0x4000'2000}), 0x11223344u);
    EXPECT_EQ(memory.load<std::uint64_t>(GuestPhysical{0x4000'1ffc}), 0x1122334455667788u);
    EXPECT_TRUE(memory.contains(GuestPhysical{0x4000'0000}, 3 * 4096));
    EXPECT_FALSE(memory.window(GuestPhysical{0x4000'1ffc}, 8));
}

TEST_F(Memory, RefusesWhatIsNotRam)
{
    EXPECT_FALSE(memory.load<std::uint8_t>(GuestPhysical{0x3fff'ffff}));
    EXPECT_FALSE(memory.load<std::uint8_t>(GuestPhysical{0x4000'3000}));
    EXPECT_FALSE(memory.load<std::uint32_t>(GuestPhysical{0x4000'2ffe}));
    EXPECT_FALSE(memory.load<std::uint32_t>(GuestPhysical{0x8000'0ffe}));
    EXPECT_FALSE(
        memory.contains(GuestPhysical{0x4000'0000}, std::numeric_limits<std::uint64_t>::max()));
    EXPECT_FALSE(memory.contains(GuestPhysical{std::numeric_limits<std::uint64_t>::max()}, 2));
}

TEST_F(Memory, AFailedWriteWritesNothing)
{
    std::vector<std::byte> bytes(2 * 4096, std::byte{0xaa});
    EXPECT_FALSE(memory.copy_in(GuestPhysical{0x4000'2000}, bytes));
    EXPECT_EQ(memory.load<std::uint8_t>(GuestPhysical{0x4000'2000}), 0u);
    EXPECT_FALSE(memory.fill(GuestPhysical{0x8000'0000}, 4097, std::byte{1}));
    EXPECT_EQ(memory.load<std::uint8_t>(GuestPhysical{0x8000'0000}), 0u);
}

TEST_F(Memory, CopiesAcrossRegions)
{
    std::vector<std::byte> bytes(3 * 4096);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::byte>(i * 7);
    }
    ASSERT_TRUE(memory.copy_in(GuestPhysical{0x4000'0000}, bytes));
    std::vector<std::byte> back(bytes.size());
    ASSERT_TRUE(memory.copy_out(back, GuestPhysical{0x4000'0000}));
    EXPECT_EQ(back, bytes);
    ASSERT_TRUE(memory.fill(GuestPhysical{0x4000'1000}, 2 * 4096, std::byte{0x5a}));
    EXPECT_EQ(memory.load<std::uint8_t>(GuestPhysical{0x4000'2fff}), 0x5au);
    EXPECT_EQ(memory.load<std::uint8_t>(GuestPhysical{0x4000'0fff}),
              std::to_integer<std::uint8_t>(bytes[0xfff]));
}

TEST_F(Memory, CountsWindows)
{
    {
        auto window = memory.window(GuestPhysical{0x4000'0ff0}, 32);
        ASSERT_TRUE(window);
        auto moved = std::move(*window);
        EXPECT_EQ(memory.open_windows(), 1u);
        EXPECT_FALSE(memory.clear());
        std::ranges::fill(moved.bytes(), std::byte{7});
    }
    EXPECT_EQ(memory.open_windows(), 0u);
    EXPECT_EQ(memory.load<std::uint8_t>(GuestPhysical{0x4000'100f}), 7u);
    EXPECT_TRUE(memory.clear());
    EXPECT_FALSE(memory.contains(GuestPhysical{0x4000'0000}, 1));
}

TEST(MemoryConfiguration, IsChecked)
{
    vmm::GuestMemory memory;
    const PdVirtual  mapping{0x10000};
    EXPECT_FALSE(memory.add(GuestPhysical{0x1000}, mapping, 0));
    EXPECT_FALSE(memory.add(GuestPhysical{0x1800}, mapping, 4096));
    EXPECT_FALSE(memory.add(GuestPhysical{0xffff'ffff'ffff'f000}, mapping, 4096));
    ASSERT_TRUE(memory.add(GuestPhysical{0x1000}, mapping, 8192));
    const auto overlap = memory.add(GuestPhysical{0x2000}, mapping, 4096);
    ASSERT_FALSE(overlap);
    EXPECT_EQ(overlap.error().what, "two regions of guest RAM overlap");
    for (std::uint64_t i = 1; i < vmm::GuestMemory::k_max_regions; ++i) {
        ASSERT_TRUE(memory.add(GuestPhysical{0x10'0000 * i}, mapping, 4096));
    }
    EXPECT_FALSE(memory.add(GuestPhysical{0x1000'0000}, mapping, 4096));
}

} // namespace
