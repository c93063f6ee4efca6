// SPDX-License-Identifier: BSD-2-Clause
// Status machine and MMIO transport, clause by clause of virtIO 1.2, sections 2.1 to 2.6, 3.1, 4.2.
#include "kit/fake_driver.hpp"
#include "virtio/device.hpp"
#include "virtio/mmio.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace {

using kit::FakeDriver;
using kit::Mmio;
using virtio::Fault;

constexpr std::uint64_t k_one   = 1;
constexpr std::uint64_t k_two   = 2; ///< needs k_one
constexpr std::uint64_t k_three = 4; ///< not offered

/// Finishes every request of any queue, and writes down what happens.
class Model final : public virtio::Device {
public:
    Model()
        : Device{virtio::DeviceId::entropy, k_one | k_two, queues_}
    {
        queues_[0].limit(64);
        queues_[1].limit(8);
    }

    void change(std::uint8_t value)
    {
        config[0] = std::byte{value};
        configuration_changed();
    }
    void                                refuse() { fail(Fault::request); }
    void                                finish_reset() { reset_finished(); }
    void                                finish_queue_reset() { queue_reset_finished(queues_[1]); }
    [[nodiscard]] bool                  running() const { return is_running(); }
    std::array<std::byte, 12>           config{};
    std::vector<unsigned>               served;
    std::vector<std::vector<std::byte>> writes;
    unsigned                            resets = 0;
    unsigned                            starts = 0;
    bool                                quiet  = true;

private:
    [[nodiscard]] std::span<const std::byte> configuration() const override { return config; }
    void on_configuration_write(std::uint32_t offset, std::span<const std::byte> from) override
    {
        std::ranges::copy(from, config.begin() + offset);
        writes.emplace_back(from.begin(), from.end());
    }
    [[nodiscard]] bool accepts(std::uint64_t features) const override
    {
        return (features & k_two) == 0 || (features & k_one) != 0;
    }
    void on_start() override { ++starts; }
    void on_notify(unsigned index) override
    {
        do {
            while (virtio::Chain chain = take(queues_[index], room_)) {
                served.push_back(index);
                queues_[index].finish(std::move(chain), 0);
            }
            publish(queues_[index]);
        } while (queues_[index].rest());
    }
    bool on_reset() override
    {
        ++resets;
        return quiet;
    }
    bool on_queue_reset(unsigned) override { return quiet; }

    std::array<virtio::Queue, 2>    queues_{};
    std::array<virtio::Segment, 16> room_{};
};

class VirtioDevice : public testing::Test {
protected:
    void bring_up(std::uint64_t features = ~0ULL)
    {
        ASSERT_TRUE(driver.negotiate(features));
        ring = &driver.set_up(0);
        driver.go();
    }
    void add() { ring->add({kit::to_device(buffer, 4)}); }

    kit::GuestRam  ram;
    Model          model;
    FakeDriver     driver{ram, model};
    kit::FakeRing* ring   = nullptr;
    std::uint64_t  buffer = ram.allocate(64);
};
using VirtioStatus   = VirtioDevice;
using VirtioFeatures = VirtioDevice;
using VirtioConfig   = VirtioDevice;
using VirtioMmio     = VirtioDevice;

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

TEST_F(VirtioMmio, 4_2_2_1_Identity)
{
    EXPECT_EQ(driver.read(Mmio::magic_value), 0x7472'6976u);
    EXPECT_EQ(driver.read(Mmio::version), 2u);
    EXPECT_EQ(driver.read(Mmio::device_id), 4u);
}

TEST_F(VirtioMmio, 4_2_2_2_RegistersAreFourBytesWide)
{
    for (const unsigned size : {1U, 2U, 8U}) {
        EXPECT_EQ(driver.registers.read(0, size), 0u);
        driver.registers.write(0x70, size, 1);
        EXPECT_EQ(driver.status(), 0u);
        driver.registers.write(0x50, size, 0);
    }
    for (std::uint64_t offset = 0; offset < 0x1000; ++offset) { // no access does harm
        for (const unsigned size : {1U, 2U, 4U, 8U}) {
            if (offset % size == 0) {
                (void)driver.registers.read(offset, size);
                driver.registers.write(offset, size, 0x0123'4567'89ab'cdef);
            }
        }
    }
}

TEST_F(VirtioMmio, 4_2_2_QueuesThatDoNotExist)
{
    driver.write(Mmio::queue_sel, 1);
    EXPECT_EQ(driver.read(Mmio::queue_num_max), 8u);
    for (const std::uint32_t queue : {2U, 64U, 0xffff'ffffU}) {
        driver.write(Mmio::queue_sel, queue);
        EXPECT_EQ(driver.read(Mmio::queue_num_max), 0u);
        driver.write(Mmio::queue_ready, 1);
        EXPECT_EQ(driver.read(Mmio::queue_ready), 0u);
        driver.write(Mmio::queue_reset, 1);
        EXPECT_EQ(driver.read(Mmio::queue_reset), 0u);
        driver.notify(queue);
    }
    EXPECT_EQ(driver.status(), 0u);
}

TEST_F(VirtioMmio, 4_2_2_1_InterruptStatusUntilAcknowledged)
{
    bring_up(0);
    add();
    driver.notify(0);
    model.change(1);
    EXPECT_EQ(driver.read(Mmio::interrupt_status), 3u);
    driver.write(Mmio::interrupt_ack, 1);
    EXPECT_EQ(driver.read(Mmio::interrupt_status), 2u);
    EXPECT_TRUE(driver.line.high);
    driver.write(Mmio::interrupt_ack, 0xffff'fffe);
    EXPECT_EQ(driver.read(Mmio::interrupt_status), 0u);
    EXPECT_FALSE(driver.line.high);
    EXPECT_EQ(driver.line.rises, 1u);
}

TEST_F(VirtioMmio, 4_2_2_1_QueueContentsOnlyWhenReady)
{
    ASSERT_TRUE(driver.negotiate());
    kit::FakeRing other{ram, 16};
    driver.configure(0, other.settings());
    driver.write(Mmio::queue_ready, 0);
    EXPECT_EQ(driver.read(Mmio::queue_ready), 0u);
    other.add({kit::to_device(buffer, 4)});
    driver.go();
    driver.notify(0);
    EXPECT_TRUE(model.served.empty());
}

TEST_F(VirtioMmio, 4_2_2_2_SettingsStandWhileReady)
{
    bring_up();
    driver.write(Mmio::queue_sel, 0);
    driver.write(Mmio::queue_num, 8);
    driver.write(Mmio::queue_desc_low, 0);
    add();
    driver.notify(0);
    EXPECT_EQ(model.served.size(), 1u);
    EXPECT_FALSE(driver.needs_reset());
}

TEST_F(VirtioMmio, 4_2_2_ThereIsNoSharedMemory)
{
    for (std::uint64_t offset = 0xb0; offset <= 0xbc; offset += 4) {
        EXPECT_EQ(driver.registers.read(offset, 4), 0xffff'ffffu);
    }
}

TEST_F(VirtioMmio, 2_6_1_AQueueIsResetAloneAndUsedAgain)
{
    bring_up();
    add();
    driver.notify(0);
    driver.write(Mmio::queue_sel, 0);
    driver.write(Mmio::queue_reset, 1);
    EXPECT_EQ(driver.read(Mmio::queue_reset), 0u);
    EXPECT_EQ(driver.read(Mmio::queue_ready), 0u);
    add();
    driver.notify(0); // 2.6.1.1.1: nothing is executed
    EXPECT_EQ(model.served.size(), 1u);
    // 2.6.1.2: with another size, from the beginning.
    auto& smaller = driver.set_up(0, 8);
    smaller.add({kit::to_device(buffer, 4)});
    driver.notify(0);
    EXPECT_EQ(model.served.size(), 2u);
    EXPECT_EQ(smaller.used_index(), 1u);
    EXPECT_EQ(driver.status(), 15u);
}

TEST_F(VirtioMmio, 2_6_1_AQueueResetThatTakesTime)
{
    bring_up();
    auto& second = driver.set_up(1, 8);
    model.quiet  = false;
    driver.write(Mmio::queue_sel, 1);
    driver.write(Mmio::queue_reset, 1);
    EXPECT_EQ(driver.read(Mmio::queue_reset), 1u);
    driver.configure(1, second.settings()); // too early
    EXPECT_EQ(driver.read(Mmio::queue_ready), 0u);
    model.finish_queue_reset();
    EXPECT_EQ(driver.read(Mmio::queue_reset), 0u);
    driver.configure(1, second.settings());
    EXPECT_EQ(driver.read(Mmio::queue_ready), 1u);
}

TEST_F(VirtioMmio, 4_2_2_1_QueueResetNeedsItsFeature)
{
    bring_up(0);
    driver.write(Mmio::queue_sel, 0);
    driver.write(Mmio::queue_reset, 1);
    EXPECT_EQ(driver.read(Mmio::queue_ready), 1u);
}

TEST_F(VirtioMmio, 2_7_10_2_SpuriousNotificationsAreHarmless)
{
    bring_up();
    for (const std::uint32_t value : {0U, 0U, 1U, 2U, 0xffffU, 0xffff'ffffU}) {
        driver.notify(value);
    }
    EXPECT_TRUE(model.served.empty());
    EXPECT_FALSE(driver.needs_reset());
}

} // namespace
