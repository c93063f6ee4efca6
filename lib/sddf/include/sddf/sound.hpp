// SPDX-License-Identifier: BSD-2-Clause
// sDDF's sound class: rings of commands and of PCM buffers, the page that tells about the streams.
//
// The rings and the page are sDDF's byte for byte. It has no configuration sections for this class
// (its virtualiser has patched variables instead); the section here is ours, in the style of the
// others, with a magic of our own.
#pragma once

#include "sddf/resources.hpp"
#include "sddf/ring.hpp"
#include "sddf/shared.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sddf::sound {

/// Capacities that sDDF compiles in, and the size of a PCM buffer, in bytes.
inline constexpr std::uint32_t k_command_capacity = 64;
inline constexpr std::uint32_t k_pcm_capacity     = 256;
inline constexpr std::uint32_t k_buffer_size      = 4096;
inline constexpr std::uint32_t k_max_streams      = 32;

struct RingHeader {
    std::uint32_t tail;
    std::uint32_t head;
};
struct alignas(8) PcmRingHeader { // the slots are
    std::uint32_t tail;
    std::uint32_t head;
};

enum class Code : std::uint32_t {
    take    = 0, ///< the stream, with parameters
    prepare = 1,
    release = 2,
    start   = 3,
    stop    = 4,
};

enum class Status : std::uint32_t {
    ok            = 0,
    bad_message   = 1,
    not_supported = 2,
    io            = 3,
    busy          = 4,
};

/// A command, or the response to one.
struct Command {
    Code          code      = Code::take;
    std::uint32_t cookie    = 0; ///< the sender's choice; comes back in the response
    std::uint32_t stream_id = 0;
    std::uint32_t value     = 0; ///< see parameters() and status()

    /// Of a take: numbers of virtIO's, as is the format and the rate below.
    [[nodiscard]] static constexpr std::uint32_t parameters(std::uint8_t channels,
                                                            std::uint8_t format, std::uint8_t rate)
    {
        return std::uint32_t{channels} | std::uint32_t{format} << 8 | std::uint32_t{rate} << 16;
    }
    /// Of a response. The official code copies three of the four bytes, so the last may be
    /// anything.
    [[nodiscard]] constexpr Status status() const { return Status{value & 0xff'ffff}; }
};

/// A buffer to be played or filled, or the response about it.
struct Pcm {
    std::uint32_t cookie        = 0;
    std::uint32_t stream_id     = 0;
    std::uint64_t io_or_offset  = 0; ///< client: in the data region, a multiple of k_buffer_size
    std::uint32_t len           = 0; ///< bytes, at most k_buffer_size
    Status        status        = Status::ok;
    std::uint32_t latency_bytes = 0;
    std::uint32_t reserved      = 0; ///< padding with a name, so that it is written as zero
};

using CommandProducer = RingProducer<RingHeader, Command>;
using CommandConsumer = RingConsumer<RingHeader, Command>;
using PcmProducer     = RingProducer<PcmRingHeader, Pcm>;
using PcmConsumer     = RingConsumer<PcmRingHeader, Pcm>;

/// Formats are 0 to 24 and rates 0 to 13, numbered as in virtIO 1.2.
inline constexpr std::uint64_t k_all_formats = (std::uint64_t{1} << 25) - 1;
inline constexpr std::uint64_t k_all_rates   = (std::uint64_t{1} << 14) - 1;

/// Bytes of one sample of one channel; of compressed formats, of what is counted.
[[nodiscard]] constexpr std::uint32_t sample_bytes(std::uint8_t format)
{
    constexpr std::string_view k_digits = "1111122333333444444481244";
    return format < k_digits.size() ? static_cast<std::uint32_t>(k_digits[format] - '0') : 1;
}

struct StreamInfo {
    std::uint64_t formats;   ///< a bit for each
    std::uint64_t rates;     ///< likewise
    std::uint8_t  direction; ///< 0 playback, 1 capture
    std::uint8_t  channels_min;
    std::uint8_t  channels_max;
};

/// The page that the driver fills; then it sets `ready`. Nobody notifies of that.
struct SharedState {
    std::uint8_t                          ready;
    std::uint32_t                         streams;
    std::array<StreamInfo, k_max_streams> stream_info;

    [[nodiscard]] bool is_ready() const { return load_acquire(ready) != 0; }
    void set_ready(bool value) { store_release(ready, static_cast<std::uint8_t>(value ? 1 : 0)); }
};

/// What a stream may be told next (virtIO 1.2, 5.14.6.6.1). A TAKE gives it to a client, and a
/// RELEASE takes it back from any state.
enum class State : std::uint8_t { released, taken, prepared, started, stopped };

/// The state after `code`, if that is allowed in `state`.
[[nodiscard]] constexpr std::optional<State> after(State state, Code code)
{
    switch (code) {
    case Code::take:
        if (state != State::started && state != State::stopped) {
            return State::taken;
        }
        break;
    case Code::prepare:
        if (state == State::taken || state == State::prepared) {
            return State::prepared;
        }
        break;
    case Code::release:
        if (state != State::released) {
            return State::released;
        }
        break;
    case Code::start:
        if (state == State::prepared || state == State::stopped) {
            return State::started;
        }
        break;
    case Code::stop:
        if (state == State::started) {
            return State::stopped;
        }
        break;
    }
    return std::nullopt;
}

/// In place of "sDDF" and a class.
inline constexpr Magic k_magic = {'l', 'v', 'm', 'm', 2};

struct Connection {
    Region       state; ///< SharedState
    Region       cmd_req;
    Region       cmd_resp;
    Region       pcm_req;  ///< what carries requests. sDDF's own names for the two are exchanged:
    Region       pcm_resp; ///< its virtualiser's variable c0_pcm_req is the ring of responses
    std::uint8_t id;       ///< the channel
};

/// `.sound_driver_config`
struct DriverConfig {
    Magic              magic;
    Connection         virt;
    [[nodiscard]] bool is_valid() const { return magic == k_magic; }
};

/// A client of the virtualiser's.
struct VirtClient {
    Connection connection; ///< the page is this client's own: it lists the streams that it may
                           ///< use
    DeviceRegion data;     ///< its buffers, of which nobody else has any
    std::uint8_t playback; ///< how many streams it gets
    std::uint8_t capture;
};

inline constexpr std::size_t k_max_clients = 16;

/// `.sound_virt_config`
struct VirtConfig {
    Magic                                 magic;
    Connection                            driver;
    std::uint64_t                         num_clients;
    std::array<VirtClient, k_max_clients> clients;
    [[nodiscard]] bool is_valid() const { return magic == k_magic && num_clients <= k_max_clients; }
};

/// `.sound_client_config`
struct ClientConfig {
    Magic         magic;
    Connection    virt;
    Region        data;  ///< all clients of the official virtualiser share one; offsets count from
    std::uint64_t first; ///< its start; this client's part begins here, a multiple of 4096
    std::uint64_t size;  ///< and has so many bytes
    [[nodiscard]] bool is_valid() const { return magic == k_magic; }
};

static_assert(sizeof(RingHeader) == 8 && sizeof(PcmRingHeader) == 8);
static_assert(offsetof(RingHeader, head) == 4 && offsetof(PcmRingHeader, head) == 4);
static_assert(sizeof(Command) == 16 && alignof(Command) == 4 && offsetof(Command, value) == 12);
static_assert(offsetof(Command, cookie) == 4 && offsetof(Command, stream_id) == 8);
static_assert(sizeof(Pcm) == 32 && alignof(Pcm) == 8 && offsetof(Pcm, io_or_offset) == 8);
static_assert(offsetof(Pcm, stream_id) == 4 && offsetof(Pcm, len) == 16);
static_assert(offsetof(Pcm, status) == 20 && offsetof(Pcm, latency_bytes) == 24);
static_assert(sizeof(StreamInfo) == 24 && offsetof(StreamInfo, direction) == 16);
static_assert(offsetof(StreamInfo, channels_min) == 17 && offsetof(StreamInfo, rates) == 8);
static_assert(offsetof(StreamInfo, channels_max) == 18);
static_assert(sizeof(SharedState) == 776 && offsetof(SharedState, streams) == 4);
static_assert(offsetof(SharedState, stream_info) == 8);
static_assert(sizeof(Connection) == 88 && sizeof(ClientConfig) == 128);
static_assert(sizeof(DriverConfig) == 96 && offsetof(DriverConfig, virt) == 8);
static_assert(sizeof(VirtClient) == 120 && offsetof(VirtClient, data) == 88);
static_assert(offsetof(VirtClient, playback) == 112 && offsetof(VirtClient, capture) == 113);
static_assert(sizeof(VirtConfig) == 2024 && offsetof(VirtConfig, driver) == 8);
static_assert(offsetof(VirtConfig, num_clients) == 96 && offsetof(VirtConfig, clients) == 104);
static_assert(offsetof(ClientConfig, virt) == 8 && offsetof(ClientConfig, data) == 96);

} // namespace sddf::sound
