// SPDX-License-Identifier: BSD-2-Clause
// The virtIO sound driver between a fake device and a fake virtualiser.
#pragma once

#include "../driver.hpp"

#include "kit/sound_link.hpp"
#include "test/fixture.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

namespace sound_virtio::test {

using virtio_driver::test::DriverTest;
using virtio_driver::test::k_irq;
using Chain = kit::FakeVirtioDevice::Chain;

inline constexpr unsigned      k_virt      = 1; ///< channel
inline constexpr std::uint32_t k_shared    = 0x8765'0000;
inline constexpr std::uint32_t k_cd_stereo = Command::parameters(2, 5, 6); ///< 44.1 kHz, 16 bits

class SoundVirtio : public DriverTest {
protected:
    SoundVirtio()
        : DriverTest{k_device_type, 0xffff'ffff} // whatever it offers
    {
        std::destroy_at(&kept);
        std::construct_at(&kept);
        sound_config       = {};
        sound_config.magic = sddf::sound::k_magic;
        sound_config.virt  = link.connection(k_virt);
        set_streams({0, 0, 1});
    }
    void set_streams(std::vector<std::uint8_t> directions)
    {
        streams          = std::move(directions);
        const auto count = static_cast<std::uint32_t>(streams.size());
        std::memcpy(&device.config[k_config_streams], &count, sizeof count);
    }
    template <class T>
    static T read(const Chain& chain)
    {
        T value{};
        EXPECT_FALSE(chain.pieces.at(0).device_writes);
        std::memcpy(&value, chain.pieces.at(0).bytes(),
                    std::min<std::size_t>(sizeof value, chain.pieces.at(0).length));
        return value;
    }
    /// The device says what streams it has.
    void tell_streams(std::uint32_t code = k_ok)
    {
        const auto chains = device.take(k_control);
        ASSERT_EQ(chains.size(), 1U);
        const auto query = read<Query>(chains[0]);
        EXPECT_EQ(query.code, Request::information);
        EXPECT_EQ(query.count, streams.size());
        EXPECT_EQ(query.size, sizeof(Information));
        const auto& answer = chains[0].pieces.at(1);
        ASSERT_EQ(answer.length, 4 + streams.size() * sizeof(Information));
        std::memcpy(answer.bytes(), &code, 4);
        for (std::size_t i = 0; i < streams.size(); ++i) {
            Information it{};
            it.formats      = ~0ULL;
            it.rates        = 1U << 7 | 1U << 6;
            it.direction    = streams[i];
            it.channels_min = 1;
            it.channels_max = 2;
            std::memcpy(answer.bytes() + 4 + i * sizeof it, &it, sizeof it);
        }
        device.complete(k_control, chains[0].head, answer.length);
        event(k_irq);
    }
    void start()
    {
        init();
        tell_streams();
    }
    /// What the device is told now; it does all that.
    std::vector<Order> obey(std::uint32_t code = k_ok)
    {
        std::vector<Order> orders;
        for (auto chains = device.take(k_control); !chains.empty();
             chains      = device.take(k_control)) {
            for (const auto& chain : chains) {
                orders.push_back(read<Order>(chain));
                EXPECT_EQ(chain.pieces.at(1).length, 4U);
                std::memcpy(chain.pieces.at(1).bytes(), &code, 4);
                device.complete(k_control, chain.head, 4);
            }
            event(k_irq);
        }
        return orders;
    }
    void tell(Code code, std::uint32_t stream, std::uint32_t value = 0)
    {
        EXPECT_TRUE(link.ask({code, ++cookie, stream, value}));
        event(k_virt);
    }
    /// A command, done by the device with `code`, and what comes of it.
    Status command(Code what, std::uint32_t stream, std::uint32_t value = 0,
                   std::uint32_t code = k_ok)
    {
        tell(what, stream, value);
        (void)obey(code);
        const auto answers = link.take_command_answers();
        EXPECT_EQ(answers.size(), 1U);
        if (answers.empty()) {
            return Status::io;
        }
        EXPECT_EQ(answers[0].cookie, cookie);
        EXPECT_EQ(answers[0].code, what);
        EXPECT_EQ(answers[0].stream_id, stream);
        return answers[0].status();
    }
    void play(std::uint32_t stream)
    {
        EXPECT_EQ(command(Code::take, stream, k_cd_stereo), Status::ok);
        EXPECT_EQ(command(Code::prepare, stream), Status::ok);
        EXPECT_EQ(command(Code::start, stream), Status::ok);
    }
    void give(std::uint32_t stream, std::uint32_t number, std::uint32_t size = 4096)
    {
        EXPECT_TRUE(link.give({.cookie        = number,
                               .stream_id     = stream,
                               .io_or_offset  = k_shared + number * 4096,
                               .len           = size,
                               .status        = Status::ok,
                               .latency_bytes = 0,
                               .reserved      = 0}));
    }
    void finish(unsigned queue, const Chain& chain, std::uint32_t written = 8,
                std::uint32_t status = k_ok, std::uint32_t latency = 0)
    {
        const std::array<std::uint32_t, 2> words{status, latency};
        std::memcpy(chain.pieces.at(2).bytes(), words.data(), sizeof words);
        device.complete(queue, chain.head, written);
    }

    kit::SoundLink            link;
    std::vector<std::uint8_t> streams; ///< directions
    std::uint32_t             cookie = 100;
};

} // namespace sound_virtio::test
