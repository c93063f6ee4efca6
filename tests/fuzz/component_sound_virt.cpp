// SPDX-License-Identifier: BSD-2-Clause
// The sound virtualiser between a hostile client and a hostile driver; or with a good driver, which
// looks at what it is asked, and a good client, which is served whatever the other one does.
#include "component.hpp"

#include "kit/sound_link.hpp"
#include "virtualisers/sound/virtualiser.hpp"

#include <algorithm>
#include <array>
#include <memory>

namespace {

using namespace sound_virt;

constexpr std::uint32_t k_offered = Command::parameters(2, 5, 7);

struct System {
    explicit System(bool good_driver)
        : has_good_driver{good_driver}
    {
        std::destroy_at(&kept);
        std::construct_at(&kept);
        sound_config             = {};
        sound_config.magic       = sddf::sound::k_magic;
        sound_config.num_clients = 2;
        sound_config.driver      = driver.connection(0);
        auto& page               = driver.page();
        page.streams             = 3; // two to play on and one to record from, which both see
        for (unsigned i = 0; i < page.streams; ++i) {
            page.stream_info[i] = {1U << 5, 1U << 7, static_cast<std::uint8_t>(i / 2), 1, 2};
        }
        page.set_ready(true);
        share(clients[0]);
        for (std::uint8_t i = 0; i < 2; ++i) {
            sound_config.clients[i] = {clients[i].connection(static_cast<std::uint8_t>(1 + i)),
                                       fuzz::with_device(data[i]), 1, 1};
        }
        if (!has_good_driver) {
            share(driver);
            component.share(driver.state.bytes().first(sizeof(sddf::sound::SharedState)));
        }
        component.start();
    }
    void share(kit::SoundLink& link)
    {
        component.share(link.commands.bytes());
        component.share(link.command_answers.bytes());
        component.share(link.buffers.bytes());
        component.share(link.buffer_answers.bytes());
    }

    /// As a good driver does: nothing outside of the owner's memory, and commands in their turn.
    void answer()
    {
        // First what was given before the last command.
        for (const auto& buffer : driver.take_buffers()) {
            fuzz::require(buffer.stream_id < 3 && states[buffer.stream_id] != State::released);
            fuzz::require(buffer.len != 0 && buffer.len <= 4096);
            fuzz::require(std::ranges::any_of(
                std::span{sound_config.clients}.first(2), [&](const auto& client) {
                    const auto offset = buffer.io_or_offset - client.data.io_addr;
                    return offset <= client.data.region.size &&
                           buffer.len <= client.data.region.size - offset;
                }));
            (void)driver.answer(buffer);
        }
        for (const auto& command : driver.take_commands()) {
            fuzz::require(command.stream_id < 3);
            auto&      state = states[command.stream_id];
            const auto next  = sddf::sound::after(state, command.code);
            fuzz::require(next.has_value());
            state = *next;
            (void)driver.answer(command, Status::ok);
        }
        component.event(0);
    }
    Status ask(Code code, std::uint32_t stream)
    {
        (void)clients[1].ask({code, 77, stream, code == Code::take ? k_offered : 0});
        for (unsigned i = 0; i < 4; ++i) {
            component.event(2);
            answer();
        }
        const auto answers = clients[1].take_command_answers();
        fuzz::require(answers.size() == 1 && answers[0].cookie == 77);
        return answers[0].status();
    }

    bool                          has_good_driver;
    fuzz::Component               component;
    kit::SoundLink                driver;
    std::array<kit::SoundLink, 2> clients;
    std::array<kit::Memory, 2>    data{kit::Memory{8192}, kit::Memory{8192}};
    std::array<State, 3>          states{};
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    fuzz::Input input{bytes, size};
    System      system{(input.take(1) & 1) != 0};
    while (!input.ended()) {
        const auto what = input.take(1);
        switch (what & 7) {
        case 0:
        case 1:
            system.component.scribble(input);
            break;
        case 2:
            (void)system.clients[0].ask({static_cast<Code>(what >> 3 & 7),
                                         static_cast<std::uint32_t>(what),
                                         static_cast<std::uint32_t>(what >> 6), k_offered});
            break;
        case 3:
            (void)system.clients[0].give({.cookie       = static_cast<std::uint32_t>(what),
                                          .stream_id    = static_cast<std::uint32_t>(what >> 7),
                                          .io_or_offset = input.take(1) * 1024,
                                          .len    = 1 + static_cast<std::uint32_t>(input.take(2)),
                                          .status = Status::ok,
                                          .latency_bytes = 0,
                                          .reserved      = 0});
            break;
        case 4:
            (void)system.clients[0].take_command_answers();
            (void)system.clients[0].take_buffer_answers();
            break;
        case 5:
            if (system.has_good_driver) {
                system.answer();
                break;
            }
            (void)system.driver.answer({Code::take, static_cast<std::uint32_t>(input.take(1)),
                                        static_cast<std::uint32_t>(what >> 6), 0},
                                       static_cast<Status>(what >> 3 & 3));
            (void)system.driver.answer({.cookie        = static_cast<std::uint32_t>(input.take(2)),
                                        .stream_id     = 0,
                                        .io_or_offset  = 0,
                                        .len           = static_cast<std::uint32_t>(input.take(2)),
                                        .status        = Status::ok,
                                        .latency_bytes = 0,
                                        .reserved      = 0});
            break;
        case 6:
            if (what >> 3 == 0) {
                system.component.start(); // a restart
                break;
            }
            [[fallthrough]];
        default:
            system.component.event(static_cast<unsigned>(what >> 3) % 3);
            break;
        }
    }
    if (system.has_good_driver) {
        for (unsigned i = 0; i < 4; ++i) {
            system.answer();
        }
        // Its stream for playback is nobody else's.
        fuzz::require(system.ask(Code::take, 0) == Status::ok);
        fuzz::require(system.ask(Code::prepare, 0) == Status::ok);
        (void)system.clients[1].give({.cookie        = 5,
                                      .stream_id     = 0,
                                      .io_or_offset  = 4096,
                                      .len           = 4096,
                                      .status        = Status::ok,
                                      .latency_bytes = 0,
                                      .reserved      = 0});
        system.component.event(2);
        system.answer();
        const auto answers = system.clients[1].take_buffer_answers();
        fuzz::require(answers.size() == 1 && answers[0].cookie == 5 &&
                      answers[0].status == Status::ok);
    }
    return 0;
}
