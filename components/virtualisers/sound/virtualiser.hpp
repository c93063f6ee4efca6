// SPDX-License-Identifier: BSD-2-Clause
// What the parts of the sound virtualiser have in common: streams and their owners, buffers under
// way, rings.
#pragma once

#include "sddf/config.hpp"
#include "sddf/journal.hpp"
#include "sddf/sound.hpp"
#include "sddf/timer.hpp"

#include <array>
#include <cstdint>

extern sddf::sound::VirtConfig   sound_config;
extern sddf::timer::ClientConfig timer_config; ///< not filled in: there is no timer

namespace sound_virt {

using sddf::sound::Code;
using sddf::sound::Command;
using sddf::sound::k_max_clients;
using sddf::sound::k_max_streams;
using sddf::sound::Pcm;
using sddf::sound::State;
using sddf::sound::Status;

inline constexpr std::uint8_t  k_nobody = 0xff;
inline constexpr std::uint32_t k_slots  = sddf::sound::k_pcm_capacity;

/// A TAKE of a stream that somebody has who may be gone: what the owner had taken of its answers
/// then, and how many ticks ago that was.
struct Wait {
    std::uint8_t                 client = k_nobody;
    std::uint8_t                 ticks  = 0;
    std::array<std::uint32_t, 2> taken{};
    Command                      command{};
};

/// One of the device's streams; a restart keeps it.
struct Stream {
    std::uint8_t  owner      = k_nobody; ///< client
    std::uint8_t  asker      = k_nobody; ///< whose command is under way
    bool          is_emptied = false;    ///< by our own RELEASE, before the TAKE under way
    State         state      = State::released;
    std::uint32_t generation = 0; ///< of commands to the driver
    Command       command{};      ///< that is under way, as its client sent it
    Wait          wait{};
};

/// A buffer that is with the driver; likewise.
struct Slot {
    std::uint32_t use    = 0; ///< odd: in use; each use has a number of its own
    std::uint32_t client = 0;
    Pcm           request{}; ///< as the client sent it
};

struct Kept {
    std::array<Stream, k_max_streams> streams{};
    std::array<Slot, k_slots>         slots{};
    sddf::Journal                     journal{};
};
extern Kept kept;

struct Client {
    std::array<std::uint8_t, k_max_streams> streams{}; ///< of the device, by the client's number
    unsigned                                count     = 0;
    std::uint32_t                           commands  = 0; ///< under way
    std::uint32_t                           under_way = 0; ///< buffers
    sddf::sound::CommandConsumer            requests;
    sddf::sound::CommandProducer            command_answers;
    sddf::sound::PcmConsumer                buffers;
    sddf::sound::PcmProducer                answers;
};

/// Made anew by init().
struct Virtualiser {
    std::array<Client, k_max_clients>  clients{};
    std::array<std::uint16_t, k_slots> next{};         ///< free slot, + 1
    std::uint16_t                      first_free = 0; ///< likewise
    unsigned                           count      = 0; ///< streams of the device
    bool                               is_known   = false;
    bool                               needs_tick = false; ///< somebody waits
    sddf::sound::CommandProducer       commands;
    sddf::sound::CommandConsumer       command_answers;
    sddf::sound::PcmProducer           buffers;
    sddf::sound::PcmConsumer           answers;
};
extern Virtualiser virtualiser;

inline unsigned client_count() { return static_cast<unsigned>(sound_config.num_clients); }

/// Before each change: a long event is shown in parts.
void make_room();

/// Writes `value` to what a restart keeps.
template <class T>
void keep(T& object, const T& value)
{
    kept.journal.note(object);
    object = value;
}

// commands.cpp
void restore_commands();
void take_commands(unsigned client);
void take_command_answers();
/// Time has passed: who has waited for an owner that is gone gets the stream.
void tick();

// buffers.cpp
void restore_buffers();
void take_buffers(unsigned client);
void take_buffers_back();

} // namespace sound_virt
