// SPDX-License-Identifier: BSD-2-Clause
// A sound device between its driver and a card, for the tests of the device.
#pragma once

#include "kit/fake_card.hpp"
#include "kit/fake_driver.hpp"
#include "virtio/sound.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

using kit::from_device;
using kit::to_device;
using virtio::Sound;
using virtio::SoundStatus;

inline constexpr std::uint32_t k_ok      = 0x8000;
inline constexpr std::uint32_t k_bad     = 0x8001;
inline constexpr std::uint32_t k_not     = 0x8002;
inline constexpr std::uint32_t k_io      = 0x8003;
inline constexpr std::uint32_t k_none    = 0xeeee'eeee; ///< no answer yet
inline constexpr std::uint32_t k_prepare = 0x102;
inline constexpr std::uint32_t k_release = 0x103;
inline constexpr std::uint32_t k_start   = 0x104;
inline constexpr std::uint32_t k_stop    = 0x105;

class VirtioSound : public testing::Test {
protected:
    void SetUp() override { start(); }
    void start()
    {
        ASSERT_TRUE(driver.negotiate());
        for (unsigned i = 0; i < 4; ++i) {
            rings[i] = &driver.set_up(i, 64);
        }
        driver.go();
    }
    /// A request of words; where its answer will be.
    std::uint64_t ask(const std::vector<std::uint32_t>& words, std::uint32_t room = 4)
    {
        const auto size = static_cast<std::uint32_t>(4 * words.size());
        const auto at   = ram.allocate(size + 4);
        for (std::size_t i = 0; i < words.size(); ++i) {
            ram.store(at + 4 * i, words[i]);
        }
        const auto answer = ram.allocate(room);
        ram.store(answer, k_none);
        rings[0]->add({to_device(at, size), from_device(answer, room)});
        driver.notify(0);
        return answer;
    }
    std::uint32_t request(const std::vector<std::uint32_t>& words)
    {
        return ram.load<std::uint32_t>(ask(words));
    }
    /// SET_PARAMS; by default of stream 0: S16, 48000, stereo, four periods of 400 bytes.
    std::uint32_t set(std::uint32_t stream = 0, std::uint32_t features = 0,
                      std::uint32_t packed = 2 | 5 << 8 | 7 << 16, std::uint32_t buffer = 1600,
                      std::uint32_t period = 400)
    {
        return request({0x101, stream, buffer, period, features, packed});
    }
    void run_stream(std::uint32_t stream = 0, std::uint32_t features = 0)
    {
        const auto packed = stream == 0 ? 2U | 5 << 8 | 7 << 16 : 1U | 5 << 8 | 7 << 16;
        ASSERT_EQ(set(stream, features, packed), k_ok);
        ASSERT_EQ(request({k_prepare, stream}), k_ok);
        ASSERT_EQ(request({k_start, stream}), k_ok);
    }
    /// A message with frames; where its status will be.
    std::uint64_t play(const std::string& frames, std::uint32_t stream = 0)
    {
        const auto header = ram.allocate(4);
        ram.store(header, stream);
        const auto status = ram.allocate(8);
        ram.store(status, k_none);
        rings[2]->add({to_device(header, 4),
                       to_device(ram.put(frames), static_cast<std::uint32_t>(frames.size())),
                       from_device(status, 8)});
        driver.notify(2);
        return status;
    }
    struct Recording {
        std::uint64_t frames;
        std::uint64_t status;
    };
    Recording record(std::uint32_t size, std::uint32_t stream = 1)
    {
        const auto header = ram.allocate(4);
        ram.store(header, stream);
        const Recording it{ram.allocate(size), ram.allocate(8)};
        ram.store(it.status, k_none);
        rings[3]->add(
            {to_device(header, 4), from_device(it.frames, size), from_device(it.status, 8)});
        driver.notify(3);
        return it;
    }
    std::uint32_t word(std::uint64_t at) { return ram.load<std::uint32_t>(at); }
    /// The next event: code and data, or nothing.
    std::string event()
    {
        const auto at = ram.allocate(8);
        rings[1]->add({from_device(at, 8)});
        driver.notify(1);
        events.push_back(at);
        if (!rings[1]->used()) {
            return "";
        }
        const auto first = events.front();
        events.erase(events.begin());
        return std::to_string(word(first) - 0x1000) + ":" + std::to_string(word(first + 4));
    }

    kit::FakeCard                    card;
    std::array<virtio::SoundJack, 2> jacks{
        {{.group = 0, .defconf = 0x11, .caps = 0x22}, {.group = 1, .connected = false}}};
    std::array<virtio::SoundChannelMap, 1> maps{{{.channels = 2, .positions = {3, 4}}}};
    Sound::Storage<4>                      storage;
    Sound                                  device{card, storage, jacks, maps};
    kit::GuestRam                          ram;
    kit::FakeDriver                        driver{ram, device};
    std::array<kit::FakeRing*, 4>          rings{};
    std::vector<std::uint64_t>             events;
};
