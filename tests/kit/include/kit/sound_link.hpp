// SPDX-License-Identifier: BSD-2-Clause
// Memory of a link of sDDF's sound class for host tests: both ends in one program.
#pragma once

#include "kit/sddf_links.hpp"
#include "sddf/sound.hpp"

#include <cstdint>
#include <vector>

namespace kit {

struct SoundLink {
    using Command = sddf::sound::Command;
    using Pcm     = sddf::sound::Pcm;

    Memory state{4096};
    Memory commands{4096};
    Memory command_answers{4096};
    Memory buffers{0x3000};
    Memory buffer_answers{0x3000};

    [[nodiscard]] sddf::sound::Connection connection(std::uint8_t id)
    {
        return {.state    = state.region(),
                .cmd_req  = commands.region(),
                .cmd_resp = command_answers.region(),
                .pcm_req  = buffers.region(),
                .pcm_resp = buffer_answers.region(),
                .id       = id};
    }
    [[nodiscard]] sddf::sound::SharedState& page()
    {
        return *reinterpret_cast<sddf::sound::SharedState*>(state.bytes().data());
    }

    // What a client does. False: the ring is full.
    bool                 ask(const Command& command) { return put(commands, command); }
    bool                 give(const Pcm& buffer) { return put(buffers, buffer); }
    std::vector<Command> take_command_answers() { return take<Command>(command_answers); }
    std::vector<Pcm>     take_buffer_answers() { return take<Pcm>(buffer_answers); }

    // What a driver does.
    std::vector<Command> take_commands() { return take<Command>(commands); }
    std::vector<Pcm>     take_buffers() { return take<Pcm>(buffers); }
    bool                 answer(Command command, sddf::sound::Status status)
    {
        // As the official code does: a byte of before stays.
        command.value = static_cast<std::uint32_t>(status) | 0xab00'0000;
        return put(command_answers, command);
    }
    bool answer(const Pcm& buffer) { return put(buffer_answers, buffer); }

private:
    static bool put(Memory& ring, const Command& slot)
    {
        return put<sddf::sound::CommandProducer>(ring, slot, sddf::sound::k_command_capacity);
    }
    static bool put(Memory& ring, const Pcm& slot)
    {
        return put<sddf::sound::PcmProducer>(ring, slot, sddf::sound::k_pcm_capacity);
    }
    template <class End, class Slot>
    static bool put(Memory& ring, const Slot& slot, std::uint32_t capacity)
    {
        auto       end    = opened<End>(ring.bytes(), capacity);
        const bool pushed = end.push(slot);
        (void)end.publish();
        return pushed;
    }
    template <class Slot>
    static std::vector<Slot> take(Memory& ring)
    {
        constexpr bool k_is_command = std::is_same_v<Slot, Command>;
        using End                   = std::conditional_t<k_is_command, sddf::sound::CommandConsumer,
                                       sddf::sound::PcmConsumer>;
        auto end = opened<End>(ring.bytes(), k_is_command ? sddf::sound::k_command_capacity
                                                          : sddf::sound::k_pcm_capacity);
        std::vector<Slot> all;
        for (auto left = end.available(); left != 0; --left) {
            all.push_back(*end.pop());
        }
        (void)end.release();
        return all;
    }
};

} // namespace kit
