// SPDX-License-Identifier: BSD-2-Clause
// Status machine, features and configuration, clause by clause of virtIO 1.2, sections 2.1
// to 2.5, 3.1, 6.
#include "device_fixture.hpp"

namespace {

using namespace device_test;
using VirtioStatus   = VirtioDevice;
using VirtioFeatures = VirtioDevice;
using VirtioConfig   = VirtioDevice;

TEST_F(VirtioStatus, 2_1_2_IsZeroAfterReset)
{
    EXPECT_EQ(driver.status(), 0u);
    bring_up();
    EXPECT_EQ(driver.status(), 15u);
    driver.write(Mmio::status, 0);
    EXPECT_EQ(driver.status(), 0u);
    EXPECT_EQ(model.resets, 2u); // negotiate() began with one
}

TEST_F(VirtioStatus, 2_1_2_NothingIsConsumedBeforeDriverOk)
{
    ASSERT_TRUE(driver.negotiate());
    ring = &driver.set_up(0);
    add();
    driver.notify(0);
    EXPECT_TRUE(model.served.empty());
    EXPECT_FALSE(driver.line.high);
    model.change(1);
    EXPECT_FALSE(driver.line.high);
    driver.go(); // and what was there already is not forgotten
    EXPECT_EQ(model.served.size(), 1u);
    EXPECT_TRUE(driver.line.high);
}

TEST_F(VirtioStatus, 2_1_1_BitsAreNotCleared)
{
    bring_up();
    driver.write(Mmio::status, FakeDriver::k_acknowledge);
    EXPECT_EQ(driver.status(), 15u);
}

TEST_F(VirtioStatus, 2_1_ReservedAndForeignBitsCannotBeSet)
{
    driver.write(Mmio::status, 0x70 | FakeDriver::k_acknowledge);
    EXPECT_EQ(driver.status(), FakeDriver::k_acknowledge);
    driver.write(Mmio::status, 0x100);
    EXPECT_EQ(driver.status(), 0u); // the register has a byte: that was a reset
}

TEST_F(VirtioStatus, 2_1_2_AnErrorIsToldAfterDriverOk)
{
    bring_up();
    ring->descriptor(0, 0, 4, 0);
    ring->offer(0);
    ring->show();
    driver.notify(0);
    EXPECT_TRUE(driver.needs_reset());
    EXPECT_EQ(driver.read(Mmio::interrupt_status), 2u);
    EXPECT_TRUE(driver.line.high);
    EXPECT_EQ(model.last_fault(), Fault::outside_memory);
    EXPECT_FALSE(model.running());
    // Nothing moves until the reset.
    driver.take_interrupt();
    ring->clear();
    add();
    driver.notify(0);
    model.change(1);
    EXPECT_FALSE(driver.line.high);
    EXPECT_TRUE(model.served.empty());
    driver.add_status(FakeDriver::k_driver_ok);
    EXPECT_FALSE(model.running());
    // And then all is well.
    bring_up();
    add();
    driver.notify(0);
    EXPECT_EQ(model.served.size(), 1u);
}

TEST_F(VirtioStatus, 2_1_2_AnErrorBeforeDriverOkIsNotToldByInterrupt)
{
    ASSERT_TRUE(driver.negotiate());
    driver.configure(0, {.size = 3});
    EXPECT_TRUE(driver.needs_reset());
    EXPECT_FALSE(driver.line.high);
    EXPECT_EQ(model.last_fault(), Fault::queue_size);
    driver.go();
    EXPECT_FALSE(model.running());
}

TEST_F(VirtioStatus, 2_1_FailedStopsTheDevice)
{
    bring_up();
    driver.add_status(FakeDriver::k_failed);
    add();
    driver.notify(0);
    EXPECT_TRUE(model.served.empty());
}

TEST_F(VirtioStatus, 2_4_AResetIsPossibleAtAnyMoment)
{
    for (unsigned steps = 0; steps < 6; ++steps) {
        if (steps > 0) {
            driver.add_status(FakeDriver::k_acknowledge);
        }
        if (steps > 1) {
            ASSERT_TRUE(driver.negotiate());
        }
        if (steps > 2) {
            ring = &driver.set_up(0);
        }
        if (steps > 3) {
            driver.go();
        }
        if (steps > 4) {
            add();
            driver.notify(0);
        }
        driver.write(Mmio::status, 0);
        EXPECT_EQ(driver.status(), 0u);
        EXPECT_FALSE(driver.line.high);
        EXPECT_EQ(driver.read(Mmio::interrupt_status), 0u);
        driver.write(Mmio::queue_sel, 0);
        EXPECT_EQ(driver.read(Mmio::queue_ready), 0u);
        EXPECT_EQ(model.driver_features(), 0u);
        driver.notify(0);
    }
    EXPECT_EQ(model.served.size(), 1u);
}

TEST_F(VirtioStatus, 2_4_AResetThatTakesTimeReadsAsNotDone)
{
    bring_up();
    model.quiet = false;
    driver.write(Mmio::status, 0);
    EXPECT_EQ(driver.status(), 15u);
    EXPECT_FALSE(model.running());
    model.finish_reset();
    EXPECT_EQ(driver.status(), 0u);
}

TEST_F(VirtioFeatures, 2_2_TheOfferIsWholeAndReadInTwoWords)
{
    EXPECT_EQ(driver.offered(), k_one | k_two | virtio::k_common_features);
    driver.write(Mmio::device_features_sel, 2);
    EXPECT_EQ(driver.read(Mmio::device_features), 0u);
}

TEST_F(VirtioFeatures, 6_WhatIsWithheldIsNeitherOfferedNorAccepted)
{
    model.withhold(virtio::k_feature_event_idx | virtio::k_feature_version_1 | k_one);
    const auto rest = virtio::k_common_features & ~virtio::k_feature_event_idx;
    EXPECT_EQ(driver.offered(), k_one | k_two | rest);
    EXPECT_TRUE(driver.negotiate(rest));
    driver.write(Mmio::status, 0);
    driver.add_status(FakeDriver::k_acknowledge);
    driver.add_status(FakeDriver::k_driver);
    driver.accept(virtio::k_common_features);
    driver.add_status(FakeDriver::k_features_ok);
    EXPECT_EQ(driver.status() & FakeDriver::k_features_ok, 0u);
}

TEST_F(VirtioFeatures, 2_2_2_ImpossibleSetsAreRefused)
{
    const std::array<std::pair<std::uint64_t, bool>, 6> cases{
        {{0, false}, // without VERSION_1
         {virtio::k_feature_version_1, true},
         {virtio::k_feature_version_1 | k_one | k_two, true},
         {virtio::k_feature_version_1 | k_two, false},   // needs k_one
         {virtio::k_feature_version_1 | k_three, false}, // not offered
         {virtio::k_feature_version_1 | 1ULL << 63, false}}};
    for (const auto& [features, good] : cases) {
        driver.write(Mmio::status, 0);
        driver.add_status(FakeDriver::k_acknowledge);
        driver.add_status(FakeDriver::k_driver);
        driver.accept(features);
        driver.add_status(FakeDriver::k_features_ok);
        EXPECT_EQ((driver.status() & FakeDriver::k_features_ok) != 0, good) << features;
        driver.add_status(FakeDriver::k_driver_ok);
        EXPECT_EQ(model.running(), good);
    }
}

TEST_F(VirtioFeatures, 3_1_1_NothingIsAcceptedAfterFeaturesOk)
{
    ASSERT_TRUE(driver.negotiate(k_one));
    const auto before = model.driver_features();
    driver.accept(virtio::k_feature_version_1 | k_one | k_two);
    EXPECT_EQ(model.driver_features(), before);
    driver.write(Mmio::driver_features_sel, 7);
    driver.write(Mmio::driver_features, 0xffff'ffff);
    EXPECT_EQ(model.driver_features(), before);
}

TEST_F(VirtioFeatures, 3_1_1_DriverOkNeedsFeaturesOk)
{
    driver.add_status(FakeDriver::k_acknowledge | FakeDriver::k_driver | FakeDriver::k_driver_ok);
    EXPECT_EQ(driver.status(), 3u);
    EXPECT_FALSE(model.running());
}

TEST_F(VirtioConfig, 2_5_2_IsReadableBeforeFeaturesOk)
{
    model.config[4] = std::byte{0x12};
    model.config[5] = std::byte{0x34};
    EXPECT_EQ(driver.config<std::uint16_t>(4), 0x3412u);
    EXPECT_EQ(driver.config<std::uint8_t>(5), 0x34u);
    EXPECT_EQ(driver.config<std::uint32_t>(4), 0x3412u);
    EXPECT_EQ(driver.config<std::uint64_t>(0), 0x0000'3412'0000'0000u);
}

TEST_F(VirtioConfig, 2_5_BeyondItsEndIsZero)
{
    std::ranges::fill(model.config, std::byte{0xff});
    EXPECT_EQ(driver.config<std::uint64_t>(8), 0xffff'ffffu);
    EXPECT_EQ(driver.config<std::uint32_t>(12), 0u);
    EXPECT_EQ(driver.config<std::uint32_t>(0xe00), 0u);
    driver.set_config<std::uint64_t>(8, 0); // not wholly inside
    driver.set_config<std::uint32_t>(12, 0);
    EXPECT_TRUE(model.writes.empty());
    driver.set_config<std::uint16_t>(10, 0x5678);
    EXPECT_EQ(driver.config<std::uint32_t>(8), 0x5678'ffffu);
}

TEST_F(VirtioConfig, 2_5_EachChangeIsANewGenerationAndTold)
{
    bring_up();
    const auto before = driver.read(Mmio::config_generation);
    model.change(7);
    EXPECT_NE(driver.read(Mmio::config_generation), before);
    EXPECT_EQ(driver.read(Mmio::interrupt_status), 2u);
    EXPECT_TRUE(driver.take_interrupt());
    EXPECT_FALSE(driver.line.high);
}

TEST_F(VirtioFeatures, 6_2_Version1IsOfferedAndNeeded)
{
    EXPECT_NE(driver.offered() & virtio::k_feature_version_1, 0u);
    driver.write(Mmio::status, 0);
    driver.add_status(FakeDriver::k_acknowledge);
    driver.add_status(FakeDriver::k_driver);
    driver.accept(driver.offered() & ~virtio::k_feature_version_1);
    driver.add_status(FakeDriver::k_features_ok);
    EXPECT_EQ(driver.status() & FakeDriver::k_features_ok, 0u);
}

TEST_F(VirtioFeatures, 2_2_2_WhatWasAcceptedOnceIsAcceptedAgain)
{
    for (unsigned i = 0; i < 3; ++i) {
        ASSERT_TRUE(driver.negotiate(k_one | k_two));
        EXPECT_EQ(driver.features & (k_one | k_two), k_one | k_two);
    }
}

} // namespace
