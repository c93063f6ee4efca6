// SPDX-License-Identifier: BSD-2-Clause
// The note comes back as it was stored, whatever its length, over a network that loses packets.
#include "note_server.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace {

using Bytes = std::vector<std::byte>;

const native::Peer k_client{.mac = {1}, .ip = 1, .port = 1000};
const native::Peer k_other{.mac = {2}, .ip = 2, .port = 2000};

Bytes packet(unsigned operation, unsigned number, std::string_view text = {})
{
    Bytes bytes{std::byte{0}, static_cast<std::byte>(operation),
                static_cast<std::byte>(number >> 8), static_cast<std::byte>(number)};
    for (const char c : text) {
        bytes.push_back(static_cast<std::byte>(c));
    }
    return bytes;
}

Bytes request(unsigned operation, std::string_view name = "note", std::string_view mode = "octet")
{
    auto bytes = packet(operation, 0);
    bytes.resize(2);
    for (const auto word : {name, mode}) {
        std::ranges::transform(word, std::back_inserter(bytes),
                               [](char c) { return static_cast<std::byte>(c); });
        bytes.push_back(std::byte{0});
    }
    return bytes;
}

unsigned word(const Bytes& bytes, std::size_t at)
{
    return std::to_integer<unsigned>(bytes.at(at)) << 8 |
           std::to_integer<unsigned>(bytes.at(at + 1));
}

class NoteServer : public testing::Test {
protected:
    NoteServer() { server.set_capacity(100); }

    /// Does what the server asks of the disk until it has a packet or nothing more to do.
    Bytes finish(native::Step step)
    {
        while (step.disk) {
            const auto wish = *step.disk;
            EXPECT_LT(wish.block, 100U);
            auto& block = disk[wish.block];
            block.resize(native::k_block);
            if (wish.action == native::DiskAction::read) {
                std::ranges::copy(block, server.block().begin());
            } else if (wish.action == native::DiskAction::write) {
                block.assign(server.block().begin(), server.block().end());
            }
            flushes += wish.action == native::DiskAction::flush ? 1U : 0U;
            step = server.disk_done(true);
        }
        return {step.packet.begin(), step.packet.end()};
    }
    Bytes say(const Bytes& bytes, const native::Peer& from = k_client)
    {
        return finish(server.received(from, bytes));
    }
    std::string error(const Bytes& bytes, const native::Peer& from = k_client)
    {
        const auto answer = say(bytes, from);
        return answer.size() > 4 && word(answer, 0) == 5
                   ? reinterpret_cast<const char*>(answer.data() + 4)
                   : "";
    }
    void put(const std::string& text)
    {
        ASSERT_EQ(say(request(2)), packet(4, 0));
        for (unsigned number = 1;; ++number) {
            const auto piece =
                text.substr(std::min(text.size(), (number - 1) * std::size_t{512}), 512);
            ASSERT_EQ(say(packet(3, number, piece)), packet(4, number));
            if (piece.size() < 512) {
                return;
            }
        }
    }
    std::string get()
    {
        std::string text;
        auto        answer = say(request(1));
        for (unsigned number = 1;; ++number) {
            if (answer.size() < 4 || word(answer, 0) != 3 || word(answer, 2) != number) {
                return "no data";
            }
            text.append(reinterpret_cast<const char*>(answer.data() + 4), answer.size() - 4);
            const bool last = answer.size() < 516;
            answer          = say(packet(4, number));
            if (last) {
                EXPECT_TRUE(answer.empty());
                return text;
            }
        }
    }

    native::NoteServer             server;
    std::map<std::uint64_t, Bytes> disk;
    unsigned                       flushes = 0;
};

TEST_F(NoteServer, WhatIsStoredComesBack)
{
    for (const std::size_t size :
         {0U, 1U, 511U, 512U, 513U, 4095U, 4096U, 4097U, 12'288U, 100'000U}) {
        std::string text(size, ' ');
        std::ranges::generate(text, [n = size]() mutable { return static_cast<char>(n++ * 31); });
        put(text);
        EXPECT_FALSE(server.is_busy());
        EXPECT_EQ(get(), text) << size;
        EXPECT_FALSE(server.is_busy());
    }
}

TEST_F(NoteServer, TheTextIsOnTheDiskBeforeTheHeaderSaysSo)
{
    put("old");
    ASSERT_EQ(say(request(2)), packet(4, 0));
    flushes   = 0;
    auto step = server.received(k_client, packet(3, 1, "new text"));
    while (step.disk && step.disk->block != 0) {
        ASSERT_TRUE(step.packet.empty());
        step = server.disk_done(true);
    }
    ASSERT_TRUE(step.disk);
    EXPECT_EQ(step.disk->action, native::DiskAction::flush);
    step = server.disk_done(true);
    EXPECT_EQ(step.disk->action, native::DiskAction::write);
    EXPECT_EQ(step.disk->block, 0U);
    step = server.disk_done(true);
    EXPECT_EQ(step.disk->action, native::DiskAction::flush);
    EXPECT_TRUE(step.packet.empty()) << "nothing is promised that is not on the disk";
    EXPECT_EQ(finish(server.disk_done(true)), packet(4, 1));
}

TEST_F(NoteServer, APacketThatGotLostIsSentAgain)
{
    say(request(2));
    say(packet(3, 1, std::string(512, 'a')));
    EXPECT_EQ(say(packet(3, 1, std::string(512, 'a'))), packet(4, 1));
    EXPECT_EQ(finish(server.silence()), packet(4, 1));
    EXPECT_EQ(say(packet(3, 2, "b")), packet(4, 2));
    EXPECT_EQ(say(packet(3, 2, "b")), packet(4, 2)) << "also after the end";
    EXPECT_FALSE(server.is_busy());

    const auto first = say(request(1));
    EXPECT_EQ(finish(server.silence()), first);
    EXPECT_TRUE(say(packet(4, 0)).empty()) << "or every packet from here on would come twice";
    EXPECT_EQ(word(say(packet(4, 1)), 2), 2U);
    for (int i = 0; i < 6; i++) {
        (void)server.silence();
    }
    EXPECT_FALSE(server.is_busy()) << "the client is gone";
    EXPECT_EQ(get(), std::string(512, 'a') + "b");
}

TEST_F(NoteServer, OneAtATime)
{
    put("text");
    const auto first = say(request(1));
    EXPECT_EQ(error(request(1), k_other), "one transfer at a time");
    EXPECT_EQ(server.peer(), k_other);
    EXPECT_TRUE(say(packet(4, 1), k_other).empty());
    EXPECT_EQ(finish(server.silence()), first) << "what the other was told is not repeated";
    EXPECT_EQ(server.peer(), k_client);
    EXPECT_TRUE(say(packet(5, 0)).empty());
    EXPECT_FALSE(server.is_busy()) << "the client gave up";
}

TEST_F(NoteServer, AClientThatGivesUpLeavesTheDiskToFinish)
{
    auto step = server.received(k_client, request(1));
    ASSERT_TRUE(step.disk);
    EXPECT_FALSE(server.received(k_client, packet(5, 0)).disk);
    EXPECT_TRUE(server.is_busy()) << "two requests would share one buffer";
    step = server.disk_done(true);
    EXPECT_FALSE(step.disk);
    EXPECT_FALSE(server.is_busy());
}

TEST_F(NoteServer, WhatCannotBeIsSaid)
{
    EXPECT_EQ(error(request(1)), "nobody has written a note yet");
    EXPECT_EQ(error(request(1, "other")), "the only file is called note");
    EXPECT_EQ(error(request(1, "note", "netascii")), "use the mode octet (binary)");
    EXPECT_EQ(error(request(2, "note", "OCTET")), "");
    (void)say(packet(5, 0));
    (void)server.received(k_client, request(1));
    const auto failed = finish(server.disk_done(false));
    EXPECT_STREQ(reinterpret_cast<const char*>(failed.data() + 4), "the disk reports an error");

    server.set_capacity(2);
    say(request(2));
    for (unsigned number = 1; number <= 8; ++number) {
        EXPECT_EQ(say(packet(3, number, std::string(512, 'x'))), packet(4, number));
    }
    EXPECT_EQ(error(packet(3, 9, "x")), "the note does not fit into its partition");
    server.set_capacity(0);
    EXPECT_EQ(error(request(1)), "the disk is not ready");
}

TEST_F(NoteServer, NonsenseDoesNoHarm)
{
    std::mt19937 engine{1};
    const auto   random = [&] { return static_cast<unsigned>(engine()); };
    put("text");
    for (int i = 0; i < 20'000; ++i) {
        auto bytes =
            random() % 4 == 0 ? request(1 + random() % 2) : packet(random() % 7, random() % 4);
        bytes.resize(random() % 530, static_cast<std::byte>(random()));
        (void)say(bytes, random() % 3 == 0 ? k_other : k_client);
        if (random() % 8 == 0) {
            (void)server.silence();
        }
    }
    for (int i = 0; i < 6; ++i) {
        (void)server.silence();
    }
    put("still here");
    EXPECT_EQ(get(), "still here");
}

} // namespace
