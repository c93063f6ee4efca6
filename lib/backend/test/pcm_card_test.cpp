// SPDX-License-Identifier: BSD-2-Clause
// A sound card on sDDF's sound class, and a guest's driver above it.
#include "backend/pcm_card.hpp"
#include "kit/bell.hpp"
#include "kit/fake_driver.hpp"
#include "kit/fake_sound_server.hpp"
#include "virtio/sound.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using kit::from_device;
using kit::to_device;
using sddf::sound::Status;

TEST(SddfSound, LayoutsByteForByte)
{
    const sddf::sound::Command command{.code      = sddf::sound::Code::stop,
                                       .cookie    = 0x0403'0201,
                                       .stream_id = 5,
                                       .value     = sddf::sound::Command::parameters(2, 5, 7)};
    EXPECT_EQ(std::memcmp(&command, "\4\0\0\0\1\2\3\4\5\0\0\0\2\5\7\0", 16), 0);
    EXPECT_EQ((sddf::sound::Command{.value = 0xee00'0002}.status()), Status::not_supported);
    const sddf::sound::Pcm pcm{1, 2, 0x0807'0605'0403'0201, 4096, Status::busy, 3};
    EXPECT_EQ(
        std::memcmp(&pcm, "\1\0\0\0\2\0\0\0\1\2\3\4\5\6\7\10\0\20\0\0\4\0\0\0\3\0\0\0\0\0\0\0", 32),
        0);
}

class BackendPcmCard : public testing::Test {
protected:
    void SetUp() override
    {
        ASSERT_TRUE(card.open(server.config()));
        device.card_changed();
        start();
    }
    void start()
    {
        ASSERT_TRUE(driver.negotiate());
        for (unsigned i = 0; i < 4; ++i) {
            rings[i] = &driver.set_up(i, 64);
        }
        driver.go();
    }
    void run()
    {
        for (int i = 0; i < 4; ++i) {
            server.command();
            card.notified();
        }
        server.take();
    }
    std::uint64_t ask(const std::vector<std::uint32_t>& words)
    {
        const auto size = static_cast<std::uint32_t>(4 * words.size());
        const auto at   = ram.allocate(size);
        for (std::size_t i = 0; i < words.size(); ++i) {
            ram.store(at + 4 * i, words[i]);
        }
        const auto answer = ram.allocate(4);
        rings[0]->add({to_device(at, size), from_device(answer, 4)});
        driver.notify(0);
        return answer;
    }
    std::uint32_t request(const std::vector<std::uint32_t>& words)
    {
        const auto at = ask(words);
        run();
        return ram.load<std::uint32_t>(at);
    }
    void prepare(std::uint32_t stream = 0, std::uint32_t channels = 1, std::uint32_t format = 5)
    {
        ASSERT_EQ(request({0x101, stream, 40'000, 20'000, 0, channels | format << 8 | 7 << 16}),
                  0x8000u);
        ASSERT_EQ(request({0x102, stream}), 0x8000u);
    }
    void begin(std::uint32_t stream = 0, std::uint32_t channels = 1, std::uint32_t format = 5)
    {
        prepare(stream, channels, format);
        ASSERT_EQ(request({0x104, stream}), 0x8000u);
    }
    std::uint64_t play(const std::string& frames)
    {
        const auto header = ram.allocate(4);
        const auto status = ram.allocate(8);
        rings[2]->add({to_device(header, 4),
                       to_device(ram.put(frames), static_cast<std::uint32_t>(frames.size())),
                       from_device(status, 8)});
        driver.notify(2);
        server.take();
        return status;
    }
    std::pair<std::uint64_t, std::uint64_t> record(std::uint32_t size)
    {
        const auto header = ram.allocate(4);
        ram.store(header, 1U);
        const auto frames = ram.allocate(size);
        const auto status = ram.allocate(8);
        rings[3]->add({to_device(header, 4), from_device(frames, size), from_device(status, 8)});
        driver.notify(3);
        server.take();
        return {frames, status};
    }
    std::uint32_t word(std::uint64_t at) { return ram.load<std::uint32_t>(at); }

    kit::FakeSoundServer          server;
    Bell                          bell;
    backend::PcmCard::Storage<8>  parts;
    backend::PcmCard              card{parts, bell};
    virtio::Sound::Storage<2>     storage;
    virtio::Sound                 device{card, storage};
    kit::GuestRam                 ram;
    kit::FakeDriver               driver{ram, device};
    std::array<kit::FakeRing*, 4> rings{};
};

TEST_F(BackendPcmCard, SectionsThatCannotBe)
{
    backend::PcmCard other{parts, bell};
    EXPECT_FALSE(other.open({}));
    auto config  = server.config();
    config.first = 100;
    EXPECT_FALSE(other.open(config));
    config.first = config.data.size;
    EXPECT_FALSE(other.open(config));
    config            = server.config();
    config.virt.state = {};
    EXPECT_FALSE(other.open(config));
    config               = server.config();
    config.virt.pcm_resp = {};
    EXPECT_FALSE(other.open(config));
    EXPECT_FALSE(backend::PcmCard(parts, bell).is_ready());
}

TEST_F(BackendPcmCard, StreamsAreAsTheDriverSaysIfThatMakesSense)
{
    EXPECT_EQ(driver.config<std::uint32_t>(4), 2u);
    EXPECT_EQ(card.info(1).direction, virtio::PcmDirection::input);
    server.page().streams                     = 1000;
    server.page().stream_info[2].formats      = ~0ULL;
    server.page().stream_info[2].channels_min = 4;
    EXPECT_EQ(card.streams(), 32u);
    EXPECT_EQ(card.info(2).formats, sddf::sound::k_all_formats);
    EXPECT_EQ(card.info(2).channels_max, 4u);
    EXPECT_EQ(card.info(2000).formats, 0u);
    server.page().set_ready(false);
    EXPECT_EQ(card.streams(), 0u);
}

TEST_F(BackendPcmCard, TheLifeOfAStream)
{
    prepare(0, 2);
    EXPECT_EQ(server.log, "0T 0P ");
    EXPECT_EQ(server.last.code, sddf::sound::Code::prepare);
    EXPECT_EQ(request({0x104, 0}), 0x8000u);
    EXPECT_EQ(request({0x105, 0}), 0x8000u);
    EXPECT_EQ(request({0x103, 0}), 0x8000u);
    EXPECT_EQ(request({0x102, 0}), 0x8000u); // takes it anew
    EXPECT_EQ(server.log, "0T 0P 0S 0X 0R 0T 0P ");
    EXPECT_GE(bell.rings, 7u);
}

TEST_F(BackendPcmCard, WhatIsRefusedIsGivenBack)
{
    ASSERT_EQ(request({0x101, 0, 400, 100, 0, 1 | 5 << 8 | 7 << 16}), 0x8000u);
    server.refuse = {Status::busy}; // somebody else has it
    EXPECT_EQ(request({0x102, 0}), 0x8003u);
    EXPECT_EQ(server.log, "0T ");
    server.refuse = {Status::ok, Status::not_supported};
    EXPECT_EQ(request({0x102, 0}), 0x8002u);
    EXPECT_EQ(server.log, "0T 0T 0P 0R ");
    EXPECT_EQ(request({0x102, 0}), 0x8000u);
}

TEST_F(BackendPcmCard, AMessageIsPlayedInParts)
{
    begin(0, 2, 11); // frames of 6 bytes: 4092 in a buffer
    std::string sound;
    for (unsigned i = 0; i < 12'000; ++i) {
        sound += static_cast<char>(i * 7);
    }
    const auto status = play(sound);
    ASSERT_EQ(server.pending.size(), 3u);
    EXPECT_EQ(server.pending[0].len, 4092u);
    EXPECT_EQ(server.pending[0].io_or_offset % 4096, 0u);
    EXPECT_GE(server.pending[0].io_or_offset, kit::FakeSoundServer::k_first);
    std::string played;
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(word(status), 0u);
        played += server.answer();
        card.notified();
    }
    EXPECT_EQ(played, sound);
    EXPECT_EQ(word(status), 0x8000u);
    EXPECT_EQ(word(status + 4), 9u);
    EXPECT_TRUE(driver.line.high);
}

TEST_F(BackendPcmCard, NothingIsSentBeforeTheStartAndNothingWhileStopped)
{
    prepare(0);
    (void)play(std::string(100, 'a'));
    EXPECT_TRUE(server.pending.empty());
    ASSERT_EQ(request({0x104, 0}), 0x8000u);
    EXPECT_EQ(server.pending.size(), 1u);
    ASSERT_EQ(request({0x105, 0}), 0x8000u);
    (void)play(std::string(100, 'b'));
    EXPECT_EQ(server.pending.size(), 1u);
    ASSERT_EQ(request({0x104, 0}), 0x8000u);
    EXPECT_EQ(server.pending.size(), 2u);
}

TEST_F(BackendPcmCard, AStreamHasItsShareOfTheBuffersAndGoesOn)
{
    begin(0);
    begin(1);
    const auto first  = play(std::string(20'000, 'a'));
    const auto second = play(std::string(20'000, 'b'));
    EXPECT_EQ(server.pending.size(), 4u); // half of eight
    (void)record(100);
    EXPECT_EQ(server.pending.size(), 5u); // the other one has its own
    std::string played;
    while (server.pending[0].stream_id == 0 || server.pending.size() > 1) {
        played += server.answer(server.pending[0].stream_id == 0 ? 0 : 1);
        card.notified();
        server.take();
    }
    EXPECT_EQ(played, std::string(20'000, 'a') + std::string(20'000, 'b'));
    EXPECT_EQ(word(first), 0x8000u);
    EXPECT_EQ(word(second), 0x8000u);
}

TEST_F(BackendPcmCard, RecordingFillsTheBufferInOrderOfItsParts)
{
    begin(1);
    const auto [frames, status] = record(6000);
    ASSERT_EQ(server.pending.size(), 2u);
    EXPECT_EQ(server.pending[1].len, 4096u);        // always whole ones
    (void)server.answer(1, std::string(4096, 'z')); // the second part first
    card.notified();
    EXPECT_EQ(word(status), 0u);
    (void)server.answer(0, std::string(4096, 'a'));
    card.notified();
    EXPECT_EQ(word(status), 0x8000u);
    EXPECT_EQ(ram.text(frames, 6000), std::string(4096, 'a') + std::string(1904, 'z'));
    EXPECT_EQ(rings[3]->used()->written, 6008u);
    // The rest of the second part is the beginning of the next.
    const auto [rest, filled] = record(2192);
    EXPECT_TRUE(server.pending.empty());
    EXPECT_EQ(word(filled), 0x8000u);
    EXPECT_EQ(ram.text(rest, 2192), std::string(2192, 'z'));
    const auto [more, failed] = record(100);
    server.take();
    (void)server.answer(0, "", Status::io);
    card.notified();
    EXPECT_EQ(word(failed), 0x8003u);
}

TEST_F(BackendPcmCard, OnePartFillsManySmallMessages)
{
    begin(1);
    std::vector<std::pair<std::uint64_t, std::uint64_t>> all;
    for (unsigned i = 0; i < 8; ++i) {
        all.push_back(record(500));
    }
    ASSERT_EQ(server.pending.size(), 1u); // they lack 4000 bytes
    std::string sound;
    for (unsigned i = 0; i < 4096; ++i) {
        sound += static_cast<char>('a' + i % 23);
    }
    (void)server.answer(0, sound);
    card.notified();
    for (unsigned i = 0; i < all.size(); ++i) {
        EXPECT_EQ(ram.text(all[i].first, 500), sound.substr(500 * i, 500));
        EXPECT_EQ(word(all[i].second), 0x8000u);
    }
}

TEST_F(BackendPcmCard, WhereTheSoundBreaksOffAMessageEnds)
{
    begin(1);
    const auto [frames, status] = record(6000);
    (void)server.answer(0, std::string(1000, 'a')); // less than was asked for
    card.notified();
    EXPECT_EQ(word(status), 0x8000u);
    EXPECT_EQ(rings[3]->used()->written, 1008u);
    EXPECT_EQ(ram.text(frames, 1000), std::string(1000, 'a'));
    // What comes behind the break belongs to the next.
    const auto [next, filled] = record(4096);
    EXPECT_EQ(word(filled), 0u);
    (void)server.answer(0, std::string(4096, 'b'));
    card.notified();
    EXPECT_EQ(word(filled), 0x8000u);
    EXPECT_EQ(ram.text(next, 4096), std::string(4096, 'b'));
}

TEST_F(BackendPcmCard, ReleaseEndsWhatWasNotPlayed)
{
    begin(0);
    const auto sound = play(std::string(5000, 'x'));
    ASSERT_EQ(request({0x105, 0}), 0x8000u);
    EXPECT_EQ(word(sound), 0u);
    EXPECT_EQ(request({0x103, 0}), 0x8000u);
    EXPECT_EQ(word(sound), 0x8003u);
    while (!server.pending.empty()) { // answers that come later free the buffers, and no more
        (void)server.answer();
    }
    card.notified();
    begin(0);
    (void)play(std::string(16'384, 'y'));
    EXPECT_EQ(server.pending.size(), 4u);
}

TEST_F(BackendPcmCard, AGuestThatGoesAwayGivesItsStreamsBack)
{
    prepare(0);
    ASSERT_EQ(request({0x104, 0}), 0x8000u);
    (void)play(std::string(5000, 'x'));
    server.log.clear();
    driver.write(kit::Mmio::status, 0);
    start();
    ASSERT_EQ(request({0x101, 0, 400, 100, 0, 1 | 5 << 8 | 7 << 16}), 0x8000u);
    EXPECT_EQ(request({0x102, 0}), 0x8000u); // waits until that is done
    EXPECT_EQ(server.log, "0X 0R 0T 0P ");
    while (!server.pending.empty()) {
        (void)server.answer();
    }
    card.notified();
    EXPECT_FALSE(rings[2]->used());
}

TEST_F(BackendPcmCard, AGuestThatGoesAwayInTheMiddleOfACommand)
{
    ASSERT_EQ(request({0x101, 0, 400, 100, 0, 1 | 5 << 8 | 7 << 16}), 0x8000u);
    (void)ask({0x102, 0}); // the TAKE is under way
    driver.write(kit::Mmio::status, 0);
    run();
    EXPECT_EQ(server.log, "0T 0R ");
    EXPECT_FALSE(server.owned[0]);
}

TEST_F(BackendPcmCard, AnswersThatNobodyWaitsFor)
{
    begin(0);
    const auto sound = play(std::string(100, 'x'));
    const auto good  = server.pending[0];
    auto       bad   = good;
    bad.cookie += 1000;
    server.answer_raw(bad);
    bad           = good;
    bad.stream_id = 1;
    server.answer_raw(bad);
    bad.stream_id = 0xffff'ffff;
    server.answer_raw(bad);
    server.answer_raw(sddf::sound::Command{.cookie = 1, .stream_id = 0xffff'ffff});
    server.answer_raw(sddf::sound::Command{.cookie = 77, .stream_id = 0});
    card.notified();
    EXPECT_EQ(word(sound), 0u);
    (void)server.answer();
    server.answer_raw(good); // twice
    card.notified();
    EXPECT_EQ(word(sound), 0x8000u);
}

} // namespace
