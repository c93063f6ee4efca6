// SPDX-License-Identifier: BSD-2-Clause
// The entropy device, clause by clause of virtIO 1.2, section 5.4.
#include "kit/fake_driver.hpp"
#include "virtio/entropy.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace {

using kit::FakeRing;
using kit::from_device;

class Source final : public virtio::EntropySource {
public:
    std::size_t fill(std::span<std::byte> to) override
    {
        const auto size = std::min(to.size(), left);
        for (auto& byte : to.first(size)) {
            byte = std::byte{++next};
        }
        left -= size;
        return size;
    }
    std::size_t  left = 1'000'000;
    std::uint8_t next = 0;
};

class VirtioEntropy : public testing::Test {
protected:
    void SetUp() override
    {
        ASSERT_TRUE(driver.negotiate());
        ring = &driver.set_up(0);
        driver.go();
    }

    kit::GuestRam   ram;
    Source          source;
    virtio::Entropy device{source};
    kit::FakeDriver driver{ram, device};
    FakeRing*       ring   = nullptr;
    std::uint64_t   buffer = ram.allocate(8192);
};

TEST_F(VirtioEntropy, 5_4_6_FillsBuffers)
{
    const auto first  = ring->add({from_device(buffer, 4), from_device(buffer + 100, 4)});
    const auto second = ring->add({from_device(buffer + 200, 1)});
    driver.notify(0);
    EXPECT_EQ(ring->used(), (FakeRing::Used{first, 8}));
    EXPECT_EQ(ring->used(), (FakeRing::Used{second, 1}));
    EXPECT_EQ(ram.load<std::uint32_t>(buffer + 100), 0x0807'0605u);
    EXPECT_EQ(ram.load<std::uint8_t>(buffer + 200), 9u);
    EXPECT_EQ(ram.load<std::uint8_t>(buffer + 201), 0u);
    EXPECT_TRUE(driver.line.high);
    EXPECT_EQ(driver.line.rises, 1u);
}

TEST_F(VirtioEntropy, 5_4_6_2_AHugeBufferGetsAPart)
{
    ring->add({from_device(buffer, 8192)});
    driver.notify(0);
    EXPECT_EQ(ring->used()->written, virtio::Entropy::k_most);
    EXPECT_EQ(source.left, 1'000'000 - virtio::Entropy::k_most);
}

TEST_F(VirtioEntropy, 5_4_6_2_WithoutABytesARequestWaits)
{
    source.left = 0;
    ring->add({from_device(buffer, 4)});
    ring->add({from_device(buffer + 8, 4)});
    driver.notify(0);
    driver.notify(0);
    EXPECT_FALSE(ring->used());
    source.left = 6;
    device.resume();
    EXPECT_EQ(ring->used()->written, 4u);
    EXPECT_EQ(ring->used()->written, 2u); // less than the whole is allowed
    device.resume();
    EXPECT_FALSE(ring->used());
}

TEST_F(VirtioEntropy, 2_4_AWaitingRequestDoesNotSurviveAReset)
{
    source.left = 0;
    ring->add({from_device(buffer, 4)});
    driver.notify(0);
    SetUp();
    source.left = 100;
    device.resume();
    EXPECT_FALSE(ring->used());
    EXPECT_EQ(ram.load<std::uint32_t>(buffer), 0u);
    ring->add({from_device(buffer, 4)});
    driver.notify(0);
    EXPECT_EQ(ring->used()->written, 4u);
}

TEST_F(VirtioEntropy, 5_4_6_1_NothingToRead)
{
    ring->add({kit::to_device(buffer, 4), from_device(buffer, 4)});
    driver.notify(0);
    EXPECT_TRUE(driver.needs_reset());
    EXPECT_EQ(device.last_fault(), virtio::Fault::request);
}

TEST_F(VirtioEntropy, 5_4_6_2_NoRoomForAByte)
{
    ring->add({from_device(buffer, 0)});
    driver.notify(0);
    EXPECT_TRUE(driver.needs_reset());
}

} // namespace
