// SPDX-License-Identifier: BSD-2-Clause
// The sound virtualiser between clients and a driver that a test plays.
#pragma once

#include "../virtualiser.hpp"

#include "kit/fake_microkit.hpp"
#include "kit/sound_link.hpp"
#include "microkit/microkit.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <vector>

namespace sound_virt::test {

inline constexpr unsigned      k_driver  = 0; ///< channel
inline constexpr std::size_t   k_clients = 3;
inline constexpr unsigned      k_timer   = 9;
inline constexpr std::uint64_t k_io      = 0x5'0000'0000; ///< device addresses are not ours
inline constexpr std::uint32_t k_offered = Command::parameters(2, 5, 7);

class SoundVirt : public testing::Test {
protected:
    SoundVirt()
    {
        fake.reset();
        std::destroy_at(&kept);
        std::construct_at(&kept);
        timer_config             = {};
        sound_config             = {};
        sound_config.magic       = sddf::sound::k_magic;
        sound_config.num_clients = k_clients;
        sound_config.driver      = driver.connection(k_driver);
        for (std::uint8_t i = 0; i < k_clients; ++i) {
            auto& client      = sound_config.clients[i];
            client.connection = links[i].connection(static_cast<std::uint8_t>(1 + i));
            client.data       = {data[i].region(), data[i].region().vaddr + k_io};
            client.playback   = 1;
            client.capture    = 1;
        }
    }
    /// The driver says what streams there are: of each direction so many.
    void set_streams(unsigned playback, unsigned capture)
    {
        auto& page   = driver.page();
        page.streams = playback + capture;
        for (unsigned i = 0; i < page.streams; ++i) {
            page.stream_info[i] = {.formats      = 1U << 5,
                                   .rates        = 1U << 7,
                                   .direction    = static_cast<std::uint8_t>(i < playback ? 0 : 1),
                                   .channels_min = 1,
                                   .channels_max = 2};
        }
        page.set_ready(true);
    }
    void start(unsigned playback = 3, unsigned capture = 3)
    {
        set_streams(playback, capture);
        init();
        fake.end_of_entry_point();
    }
    void event(unsigned channel)
    {
        fake.notifications.clear();
        notified(microkit::Channel{channel});
        fake.end_of_entry_point();
    }
    /// There is a timer; what it was asked for is in `timeouts`.
    void have_timer()
    {
        timer_config = {.magic = sddf::magic_of(sddf::Class::timer), .driver_id = k_timer};
        fake.on_call = [this](unsigned channel, microkit::MessageInfo info) {
            EXPECT_EQ(channel, k_timer);
            ++timeouts;
            return info;
        };
    }
    void tell(unsigned client, Code code, std::uint32_t stream, std::uint32_t value = 0)
    {
        EXPECT_TRUE(links[client].ask({code, ++cookie, stream, value}));
        event(1 + client);
    }
    /// The driver obeys; which commands.
    std::vector<Command> obey(Status status = Status::ok)
    {
        std::vector<Command> all;
        for (auto some = driver.take_commands(); !some.empty(); some = driver.take_commands()) {
            for (const auto& command : some) {
                all.push_back(command);
                EXPECT_TRUE(driver.answer(command, status));
            }
            event(k_driver);
        }
        return all;
    }
    Status command(unsigned client, Code code, std::uint32_t stream,
                   std::uint32_t value = k_offered)
    {
        tell(client, code, stream, code == Code::take ? value : 0);
        (void)obey();
        const auto answers = links[client].take_command_answers();
        EXPECT_EQ(answers.size(), 1U);
        if (answers.empty()) {
            return Status::io;
        }
        EXPECT_EQ(answers[0].cookie, cookie);
        EXPECT_EQ(answers[0].code, code);
        EXPECT_EQ(answers[0].stream_id, stream);
        return answers[0].status();
    }
    void play(unsigned client, std::uint32_t stream)
    {
        EXPECT_EQ(command(client, Code::take, stream), Status::ok);
        EXPECT_EQ(command(client, Code::prepare, stream), Status::ok);
        EXPECT_EQ(command(client, Code::start, stream), Status::ok);
    }
    static Pcm buffer(std::uint32_t number, std::uint32_t stream, std::uint64_t offset,
                      std::uint32_t size = 4096)
    {
        return {.cookie        = number,
                .stream_id     = stream,
                .io_or_offset  = offset,
                .len           = size,
                .status        = Status::ok,
                .latency_bytes = 0,
                .reserved      = 0};
    }
    void give(unsigned client, std::uint32_t number, std::uint32_t stream, std::uint64_t offset,
              std::uint32_t size = 4096)
    {
        EXPECT_TRUE(links[client].give(buffer(number, stream, offset, size)));
    }
    [[nodiscard]] std::uint64_t address(unsigned client, std::uint64_t offset) const
    {
        return sound_config.clients[client].data.io_addr + offset;
    }

    kit::FakeMicrokit&                    fake = kit::FakeMicrokit::instance();
    kit::SoundLink                        driver;
    std::array<kit::SoundLink, k_clients> links;
    std::array<kit::Memory, k_clients>    data{kit::Memory{16384}, kit::Memory{16384},
                                            kit::Memory{16384}};
    std::uint32_t                         cookie   = 1000;
    unsigned                              timeouts = 0;
};

} // namespace sound_virt::test
