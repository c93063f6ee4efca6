// SPDX-License-Identifier: BSD-2-Clause
// Messages in any pieces, and what is none.
#include "control/message.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace {

using namespace control;

/// Feeds `bytes` in pieces of `size`; the kinds and payloads of what comes out.
std::vector<std::pair<Kind, std::string>>
read_in_pieces(MessageReader& reader, std::span<const std::byte> bytes, std::size_t size)
{
    std::vector<std::pair<Kind, std::string>> messages;
    while (!bytes.empty() && !reader.is_broken()) {
        const auto room = reader.room();
        const auto part = bytes.first(std::min({size, room.size(), bytes.size()}));
        std::ranges::copy(part, room.begin());
        reader.advance(part.size());
        bytes = bytes.subspan(part.size());
        while (const auto message = reader.next()) {
            messages.emplace_back(
                message->kind, std::string{reinterpret_cast<const char*>(message->payload.data()),
                                           message->payload.size()});
        }
    }
    return messages;
}

TEST(Message, ComesInAnyPieces)
{
    std::vector<std::byte> stream;
    const auto             add = [&](MessageWriter writer) {
        const auto bytes = writer.bytes();
        stream.insert(stream.end(), bytes.begin(), bytes.end());
    };
    add(MessageWriter{Kind::hello}.u32(k_version));
    add(MessageWriter{Kind::eof});
    add(MessageWriter{Kind::data}.raw(std::vector(k_most_payload, std::byte{'x'})));
    add(MessageWriter{Kind::done});
    for (const std::size_t size : {1UL, 7UL, 8UL, 9UL, 100'000UL}) {
        MessageReader reader;
        const auto    messages = read_in_pieces(reader, stream, size);
        ASSERT_EQ(messages.size(), 4U) << size;
        EXPECT_EQ(messages[0].first, Kind::hello);
        EXPECT_EQ(messages[1].second, "");
        EXPECT_EQ(messages[2].second, std::string(k_most_payload, 'x'));
        EXPECT_EQ(messages[3].first, Kind::done);
    }
}

TEST(Message, FieldsAreReadAsWritten)
{
    MessageWriter writer{Kind::run};
    writer.u32(7).string("ls").string("").u64(0x1'0000'0002).string("-l");
    ASSERT_TRUE(writer.fits());
    Fields fields{writer.bytes().subspan(k_header)};
    EXPECT_EQ(fields.u32(), 7U);
    EXPECT_EQ(fields.string(), "ls");
    EXPECT_EQ(fields.string(), "");
    EXPECT_EQ(fields.u64(), 0x1'0000'0002U);
    EXPECT_FALSE(fields.are_right()) << "something is left";
    EXPECT_EQ(fields.string(), "-l");
    EXPECT_TRUE(fields.are_right());
    EXPECT_EQ(fields.u32(), 0U);
    EXPECT_FALSE(fields.are_right()) << "nothing was left";
}

TEST(Message, AStringIsNoLongerThanItsMessage)
{
    MessageWriter writer{Kind::get};
    writer.u32(0xffff'ffff).u32(1);
    Fields fields{writer.bytes().subspan(k_header)};
    EXPECT_EQ(fields.string(), "");
    EXPECT_FALSE(fields.are_right());
}

TEST(Message, WhatDoesNotFitIsSaid)
{
    MessageWriter writer{Kind::run};
    writer.string(std::string(k_most_payload - 4, 'x'));
    EXPECT_TRUE(writer.fits());
    writer.u32(1);
    EXPECT_FALSE(writer.fits());
    EXPECT_EQ(writer.bytes().size(), k_header + k_most_payload);
}

TEST(Message, WhatIsNoneBreaksTheReader)
{
    for (const auto& [place, value] : {std::pair{1U, 0x41}, {3U, 1}, {5U, 1}, {7U, 0x80}}) {
        auto bytes   = std::vector(k_header, std::byte{0});
        bytes[place] = static_cast<std::byte>(value);
        MessageReader reader;
        EXPECT_TRUE(read_in_pieces(reader, bytes, 3).empty());
        EXPECT_TRUE(reader.is_broken()) << place;
        EXPECT_TRUE(reader.room().empty());
        EXPECT_FALSE(reader.next());
    }
}

} // namespace
