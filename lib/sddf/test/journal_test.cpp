// SPDX-License-Identifier: BSD-2-Clause
// The journal: a batch that a restart interrupts has happened as a whole, or not at all.
#include "sddf/journal.hpp"
#include "sddf/network.hpp"
#include "sddf/serial.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <gtest/gtest.h>
#include <span>

namespace {

using sddf::network::Descriptor;

class SddfJournal : public testing::Test {
protected:
    static constexpr std::uint32_t k_slots = 8;

    void open()
    {
        EXPECT_TRUE(from.open(std::as_writable_bytes(std::span{from_memory}), k_slots));
        EXPECT_TRUE(to.open(std::as_writable_bytes(std::span{to_memory}), k_slots));
    }
    /// One buffer from one ring to the other, and written down.
    void move_one()
    {
        const auto buffer = from.pop();
        ASSERT_TRUE(buffer);
        journal.note(moved);
        ++moved;
        EXPECT_TRUE(to.push(*buffer));
    }
    void stage()
    {
        journal.stage(from);
        journal.stage(to);
    }
    void restart()
    {
        journal.recover();
        open();
    }
    [[nodiscard]] std::uint16_t tail_of(const std::array<std::uint64_t, 32>& memory) const
    {
        return static_cast<std::uint16_t>(memory[0]);
    }
    [[nodiscard]] std::uint16_t head_of(const std::array<std::uint64_t, 32>& memory) const
    {
        return static_cast<std::uint16_t>(memory[0] >> 16);
    }

    void SetUp() override
    {
        sddf::network::Producer other;
        ASSERT_TRUE(other.open(std::as_writable_bytes(std::span{from_memory}), k_slots));
        for (std::uint64_t i = 0; i < 4; ++i) {
            ASSERT_TRUE(other.push({.io_or_offset = 2048 * i}));
        }
        (void)other.publish();
        open();
    }

    std::array<std::uint64_t, 32> from_memory{};
    std::array<std::uint64_t, 32> to_memory{};
    sddf::network::Consumer       from;
    sddf::network::Producer       to;
    sddf::Journal                 journal;
    unsigned                      moved = 0;
};

TEST_F(SddfJournal, BeforeCommitNothingHasHappened)
{
    move_one();
    move_one();
    stage();
    restart();
    EXPECT_EQ(moved, 0U);
    EXPECT_EQ(from.available(), 4U);
    EXPECT_EQ(tail_of(to_memory), 0U);
}

TEST_F(SddfJournal, AfterCommitAllHasHappenedHoweverMuchWasShown)
{
    for (const unsigned shown : {0U, 1U, 2U}) {
        const auto tail = tail_of(to_memory);
        move_one();
        stage();
        journal.commit();
        if (shown >= 1) {
            (void)to.publish();
        }
        if (shown >= 2) {
            (void)from.release();
        }
        restart();
        EXPECT_EQ(moved, shown + 1);
        EXPECT_EQ(head_of(from_memory), shown + 1);
        EXPECT_EQ(tail_of(to_memory), tail + 1);
    }
}

TEST_F(SddfJournal, AfterDoneARestartChangesNothing)
{
    move_one();
    stage();
    journal.commit();
    (void)to.publish();
    (void)from.release();
    journal.done();
    restart();
    restart();
    EXPECT_EQ(moved, 1U);
    EXPECT_EQ(tail_of(to_memory), 1U);
    EXPECT_EQ(head_of(from_memory), 1U);
}

TEST_F(SddfJournal, WhatWasNotedTwiceGoesBackToTheFirst)
{
    std::array<std::byte, 13> book{};
    journal.note(book);
    book[12] = std::byte{1};
    journal.note(book);
    book[12] = std::byte{2};
    book[0]  = std::byte{3};
    journal.recover();
    EXPECT_EQ(book, (std::array<std::byte, 13>{}));
}

TEST_F(SddfJournal, CountersOfTheSerialClassToo)
{
    std::array<std::uint32_t, 3> queue{};
    std::array<std::byte, 16>    data{};
    sddf::serial::Producer       bytes;
    ASSERT_TRUE(bytes.open(std::as_writable_bytes(std::span{queue}), data));
    EXPECT_EQ(bytes.write(std::span{data}.first(5)), 5U);
    journal.stage(bytes);
    journal.commit();
    journal.recover();
    EXPECT_EQ(queue[0], 5U);
}

TEST_F(SddfJournal, SaysWhenABatchIsFull)
{
    std::uint64_t word = 0;
    EXPECT_TRUE(journal.has_room(8 * sddf::Journal::k_words));
    for (std::size_t i = 0; i < sddf::Journal::k_words; ++i) {
        journal.note(word);
    }
    EXPECT_FALSE(journal.has_room(1));
    journal.done();
    EXPECT_TRUE(journal.has_room(8));
}

} // namespace
