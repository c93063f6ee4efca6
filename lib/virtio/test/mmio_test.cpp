// SPDX-License-Identifier: BSD-2-Clause
// The MMIO transport, clause by clause of virtIO 1.2, section 4.2; resets of single queues, 2.6.1.
#include "device_fixture.hpp"

namespace {

using namespace device_test;

using VirtioMmio = VirtioDevice;

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

TEST_F(VirtioMmio, 4_2_2_1_AResetClearsInterruptsAndReadyBits)
{
    bring_up();
    add();
    driver.notify(0);
    model.change(1);
    EXPECT_EQ(driver.read(Mmio::interrupt_status), 3u);
    driver.write(Mmio::status, 0);
    EXPECT_EQ(driver.read(Mmio::interrupt_status), 0u);
    EXPECT_FALSE(driver.line.high);
    for (const std::uint32_t queue : {0U, 1U}) {
        driver.write(Mmio::queue_sel, queue);
        EXPECT_EQ(driver.read(Mmio::queue_ready), 0u);
        EXPECT_EQ(driver.read(Mmio::queue_reset), 0u);
    }
}

TEST_F(VirtioMmio, 2_4_1_NothingIsSaidAfterAReset)
{
    bring_up();
    driver.write(Mmio::status, 0);
    EXPECT_EQ(driver.status(), 0u);
    add();
    driver.notify(0);
    model.change(2);
    EXPECT_TRUE(model.served.empty());
    EXPECT_FALSE(driver.line.high);
    EXPECT_EQ(driver.read(Mmio::interrupt_status), 0u);
}

} // namespace
