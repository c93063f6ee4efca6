// SPDX-License-Identifier: BSD-2-Clause
// Random bytes between a driver's ring and those who want some.
#include "backend/entropy_source.hpp"
#include "kit/sddf_links.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>

namespace {

class BackendEntropySource : public testing::Test {
protected:
    struct Bell final : backend::Doorbell {
        void     ring() override { ++rings; }
        unsigned rings = 0;
    };

    BackendEntropySource()
    {
        config = {.magic = sddf::entropy::k_magic, .stream = link.connection(3)};
        EXPECT_TRUE(source.open(config));
        // The driver has filled the ring and asked for space.
        EXPECT_EQ(link.put(std::string(64, 'r')), 64U);
    }

    kit::SerialLink             link{64};
    Bell                        driver;
    backend::EntropySource      source{driver};
    sddf::entropy::ClientConfig config{};
    std::array<std::byte, 64>   buffer{};
};

TEST_F(BackendEntropySource, GivesWhatThereIs)
{
    EXPECT_EQ(source.available(), 64U);
    EXPECT_EQ(source.fill(std::span{buffer}.first(10)), 10U);
    EXPECT_EQ(source.fill(buffer), 54U);
    EXPECT_EQ(source.fill(buffer), 0U);
}

TEST_F(BackendEntropySource, AsksForMoreWhenHalfIsGone)
{
    (void)source.fill(std::span{buffer}.first(31));
    EXPECT_EQ(driver.rings, 0U) << "one notification for many requests";
    (void)source.fill(std::span{buffer}.first(1));
    EXPECT_EQ(driver.rings, 1U);
}

TEST_F(BackendEntropySource, WhatWasTakenIsNowhereInTheRing)
{
    (void)source.fill(std::span{buffer}.first(40));
    const auto data = link.data.bytes();
    EXPECT_EQ(std::ranges::count(data.first(40), std::byte{0}), 40);
    EXPECT_EQ(std::ranges::count(data.subspan(40), std::byte{'r'}), 24);
}

TEST_F(BackendEntropySource, TakeGivesAllOrNothing)
{
    EXPECT_TRUE(source.take(std::span{buffer}.first(60)));
    EXPECT_FALSE(source.take(std::span{buffer}.first(8)));
    EXPECT_EQ(source.available(), 4U);
    EXPECT_EQ(link.put("12345678"), 8U);
    EXPECT_TRUE(source.take(std::span{buffer}.first(8)));
}

TEST_F(BackendEntropySource, GoesOnAcrossTheEndOfTheRing)
{
    EXPECT_TRUE(source.take(std::span{buffer}.first(60)));
    EXPECT_EQ(link.put("abcdefgh"), 8U);
    (void)source.fill(std::span{buffer}.first(4));
    EXPECT_EQ(source.fill(std::span{buffer}.first(8)), 8U);
    EXPECT_EQ(buffer[0], std::byte{'a'});
    EXPECT_EQ(buffer[7], std::byte{'h'});
}

TEST_F(BackendEntropySource, ACounterThatLiesGivesNoMoreThanTheRing)
{
    link.control().tail = 0xffff'0000;
    EXPECT_EQ(source.available(), 64U);
    EXPECT_EQ(source.fill(buffer), 64U);
}

TEST_F(BackendEntropySource, WithoutItsSectionItSaysSoAndGivesNothing)
{
    backend::EntropySource closed{driver};
    config.magic[0]   = 0;
    const auto result = closed.open(config);
    ASSERT_FALSE(result);
    EXPECT_NE(std::string{result.error().what}.find(".entropy_client_config"), std::string::npos);
    EXPECT_EQ(closed.fill(buffer), 0U);
    EXPECT_FALSE(closed.take(buffer));
}

} // namespace
