// SPDX-License-Identifier: BSD-2-Clause
// Configuration sections that are refused, and with which words; rings that are filled once.
#include "sddf/block.hpp"
#include "sddf/config.hpp"
#include "sddf/network.hpp"
#include "sddf/serial.hpp"
#include "sddf/timer.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace {

using sddf::Class;
using sddf::magic_of;

std::string complaint(const base::Result<>& result)
{
    return result ? "fine" : std::string{result.error().what};
}

TEST(SddfConfig, AnEmptySectionAndAnotherClassAreToldApart)
{
    sddf::timer::ClientConfig config{};
    EXPECT_EQ(complaint(sddf::check(config)), "the configuration section is empty");
    config.magic = magic_of(Class::serial);
    EXPECT_EQ(complaint(sddf::check(config)), "the configuration section is of another class");
    config.magic = {0x73, 0x44, 0x44, 0x46, 6};
    EXPECT_EQ(complaint(sddf::check(config)), "fine");
}

TEST(SddfConfig, CountsMustFitTheirLists)
{
    const auto config   = std::make_unique<sddf::block::VirtConfig>();
    config->magic       = magic_of(Class::block);
    config->num_clients = 64;
    EXPECT_EQ(complaint(sddf::check(*config)), "fine");
    config->num_clients = std::uint64_t{1} << 32;
    EXPECT_EQ(complaint(sddf::check(*config)), "the configuration section has too many entries");
}

TEST(SddfConfig, ADriverHasAtLeastWhatItNeeds)
{
    sddf::DeviceResources resources{};
    resources.magic             = magic_of(Class::device_resources);
    resources.num_regions       = 1;
    resources.regions[0].region = {.vaddr = 0x1000, .size = 0x1000};
    EXPECT_EQ(complaint(sddf::check(resources, 1, 0)), "fine");
    EXPECT_EQ(complaint(sddf::check(resources, 1, 1)),
              "the driver lacks a region or an interrupt of its device");
    resources.num_regions = 2;
    EXPECT_EQ(complaint(sddf::check(resources, 2, 0)), "a region of the device is not mapped");
}

TEST(SddfNetwork, FillingMakesEachBufferOnce)
{
    alignas(8) std::array<std::byte, sddf::network::Producer::bytes_for(4)> ring{};
    EXPECT_TRUE(*sddf::network::fill_free_ring(ring, 4, 0x1000'0000)) << "fresh memory asks";
    sddf::network::Consumer consumer;
    ASSERT_TRUE(consumer.open(ring, 4));
    std::set<std::uint64_t> buffers;
    while (const auto buffer = consumer.pop()) {
        EXPECT_EQ(buffer->len, 0);
        EXPECT_EQ(buffer->oid, 0);
        buffers.insert(buffer->io_or_offset);
    }
    EXPECT_EQ(buffers,
              (std::set<std::uint64_t>{0x1000'0000, 0x1000'0800, 0x1000'1000, 0x1000'1800}));
    (void)consumer.release();
    EXPECT_FALSE(*sddf::network::fill_free_ring(ring, 4)) << "a restart makes no buffer again";
    EXPECT_EQ(consumer.available(), 0U);
    EXPECT_FALSE(sddf::network::fill_free_ring({}, 4));
}

TEST(SafeOutstanding, IsThePowerOfTwoItself)
{
    EXPECT_EQ(sddf::safe_outstanding<std::uint32_t>(128), 128U);
    EXPECT_EQ(sddf::safe_outstanding<std::uint32_t>(1), 1U);
    EXPECT_EQ(sddf::safe_outstanding<std::uint16_t>(512), 512U);
    EXPECT_EQ(sddf::safe_outstanding<std::uint32_t>(0), 0U);
}

TEST(SafeOutstanding, KeepsSlotsApartWhereTheCounterWraps)
{
    for (const std::uint16_t capacity :
         std::to_array<std::uint16_t>({3, 5, 6, 12, 384, 640, 896, 1000})) {
        const std::uint16_t most = sddf::safe_outstanding<std::uint16_t>(capacity);
        ASSERT_GE(most, 1);
        ASSERT_LE(most, capacity);
        // Every window of `most` counters that contains the wrap.
        for (unsigned before = 0; before <= most; ++before) {
            std::vector<bool> used(capacity);
            for (unsigned i = 0; i < most; ++i) {
                const auto slot = std::size_t{static_cast<std::uint16_t>(i - before)} % capacity;
                EXPECT_FALSE(used[slot]) << capacity << " " << before << " " << i;
                used[slot] = true;
            }
        }
    }
    EXPECT_EQ(sddf::safe_outstanding<std::uint32_t>(384), 256U);
}

} // namespace
