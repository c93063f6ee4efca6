// SPDX-License-Identifier: BSD-2-Clause
// What the parts of the sound driver have in common: streams, buffers, queues.
#pragma once

#include "device.hpp"
#include "protocol.hpp"

#include "sddf/journal.hpp"
#include "sddf/sound.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace sound_virtio {

using sddf::sound::Code;
using sddf::sound::Command;
using sddf::sound::k_max_streams;
using sddf::sound::Pcm;
using sddf::sound::State;
using sddf::sound::Status;
using virtio_driver::Virtqueue;

inline constexpr std::uint16_t k_most_orders = 64; ///< descriptors of the control queue
inline constexpr std::uint16_t k_most_events = 16;
inline constexpr std::size_t   k_most_places = sddf::sound::k_pcm_capacity;

/// In the memory that the device shares; by token but for the first two.
struct Shared {
    Query                                                          query;
    std::array<std::byte, 8 + k_max_streams * sizeof(Information)> answer; ///< to it: a code first
    std::array<Order, k_most_orders>                               orders;
    std::array<std::uint32_t, k_most_orders>                       codes; ///< of responses
    std::array<Event, k_most_events>                               events;
    std::array<std::array<Transfer, Virtqueue::k_most>, 2>         transfers; ///< playback, capture
};
inline constexpr std::array<std::size_t, 4> k_queue_offsets{0x4000, 0x5000, 0x6000, 0x8000};
inline constexpr std::size_t                k_end = 0xa000;
static_assert(sizeof(Shared) <= k_queue_offsets[k_control]);
static_assert(Virtqueue::bytes_for(k_most_orders) <= 0x1000);
static_assert(Virtqueue::bytes_for(Virtqueue::k_most) <= 0x2000);

/// What a restart keeps of a stream; changed with the journal.
struct KeptStream {
    State         state       = State::released;
    bool          has_command = false; ///< that is not answered yet
    std::uint32_t parameters  = 0;     ///< of the last TAKE
    Command       command{};
};
/// Likewise of a buffer.
struct Place {
    Pcm           request{};
    std::uint32_t sequence = 0; ///< in which it came
    std::uint16_t token    = 0; ///< with the device, + 1, for a capture + 257; 0: waits here
    std::uint16_t is_used  = 0;
};
struct Kept {
    std::array<KeptStream, k_max_streams> streams{};
    std::array<Place, k_most_places>      places{};
    std::uint32_t                         sequence = 0;
    sddf::Journal                         journal{};
};
extern Kept kept;

/// What else there is to a stream.
struct Stream {
    std::array<Request, 4> steps{}; ///< what the device is to be told, one after the other
    std::uint8_t           count     = 0;
    std::uint8_t           done      = 0;
    bool                   is_asked  = false; ///< steps[done] is with the device
    bool                   is_back   = true;  ///< where it was before a restart
    bool                   is_output = true;
    Status                 result    = Status::ok; ///< of the steps so far
    std::uint16_t          first     = 0;          ///< place that waits, + 1
    std::uint16_t          last      = 0;
    std::uint32_t          at_device = 0; ///< buffers
};

/// The rest of the driver, made anew by init().
struct Driver {
    std::array<Virtqueue, 4>                queues{};
    std::array<Stream, k_max_streams>       streams{};
    unsigned                                count    = 0;     ///< streams that there are
    bool                                    is_known = false; ///< what they are
    std::array<std::uint8_t, k_most_orders> order_of{};       ///< stream, by token
    std::array<std::array<std::uint16_t, Virtqueue::k_most>, 2> place_of{}; ///< likewise
    std::array<std::uint16_t, k_most_places> next{};         ///< place that waits behind, + 1
    std::uint16_t                            first_free = 0; ///< place, + 1
    std::uint32_t                            places     = 0; ///< in use
    std::uint32_t                            under_way  = 0; ///< commands
    unsigned                                 turn       = 0; ///< who is first with the device

    sddf::sound::CommandConsumer commands;
    sddf::sound::CommandProducer command_answers;
    sddf::sound::PcmConsumer     requests;
    sddf::sound::PcmProducer     answers;
};
extern Driver                driver;
extern virtio_driver::Device device;

inline Shared& shared() { return device.contents<Shared>(); }

/// Before each change: a long event is shown in parts.
void make_room();

/// Writes `value` to what a restart keeps.
template <class T>
void keep(T& object, const T& value)
{
    kept.journal.note(object);
    object = value;
}

// control.cpp

/// Bytes of a period of a stream: a buffer of sDDF's, as far as that has whole frames.
std::uint32_t period_of(unsigned stream);
/// After a restart, before the device is reset: it gives up the streams and the buffers that it
/// has. QEMU's device would go on with them after the reset, and mistake them for new ones.
void take_leave();
/// Of what streams there are.
void ask_for_streams();
void take_control_answers();
void take_commands();

// buffers.cpp

/// Of places that are in use, those that the device is not done with wait again.
void restore_buffers();
void take_buffers_back();
void take_buffers();
void give_buffers_to_device();
/// Answers for the buffers of a stream that wait.
void drop_buffers(unsigned stream);

/// The page that tells about streams.
sddf::sound::SharedState& state_page();

} // namespace sound_virtio

extern sddf::sound::DriverConfig sound_config;
