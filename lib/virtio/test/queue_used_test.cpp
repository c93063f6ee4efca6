// SPDX-License-Identifier: BSD-2-Clause
// The used ring and the directions of buffers, clause by clause of virtIO 1.2, section 2.7.
#include "queue_fixture.hpp"

#include <gtest/gtest.h>

namespace {

TEST_F(VirtioQueue, 2_7_5_1_OnlyWhatIsForWritingIsWritten)
{
    start();
    const auto text = ram.put("for reading");
    ring.add({to_device(text, 11), from_device(buffer, 8)});
    auto chain  = take();
    auto writer = chain.writer();
    EXPECT_EQ(writer.room(), 8u);
    EXPECT_FALSE(writer.write(std::as_bytes(std::span{"123456789", 9})));
    EXPECT_TRUE(chain.writer().write(std::as_bytes(std::span{"12345678", 8})));
    EXPECT_EQ(ram.text(text, 11), "for reading");
    EXPECT_EQ(ram.text(buffer, 9), std::string("12345678\0", 9));
}

TEST_F(VirtioQueue, 2_7_8_2_TheElementIsThereBeforeTheIndex)
{
    start();
    const auto head = ring.add({from_device(buffer, 64)});
    queue.finish(take(), 17);
    EXPECT_EQ(ring.used_index(), 0u);
    const auto used = ring.settings().device_area;
    EXPECT_EQ(ram.load<std::uint32_t>(used + 4), head);
    EXPECT_EQ(ram.load<std::uint32_t>(used + 8), 17u);
    (void)queue.publish();
    EXPECT_EQ(ring.used_index(), 1u);
    EXPECT_EQ(ring.used(), (FakeRing::Used{head, 17}));
}

} // namespace
