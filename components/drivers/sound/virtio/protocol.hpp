// SPDX-License-Identifier: BSD-2-Clause
// What goes over the queues of a virtIO sound device (virtIO 1.2, 5.14), as far as this driver uses
// it.
#pragma once

#include "sddf/sound.hpp"

#include <array>
#include <cstdint>

namespace sound_virtio {

inline constexpr std::uint32_t k_device_type    = 25;
inline constexpr unsigned      k_config_streams = 4;

enum QueueIndex : unsigned { k_control, k_events, k_playback, k_capture };

/// virtio_snd_hdr.code of requests.
enum class Request : std::uint32_t {
    information    = 0x100,
    set_parameters = 0x101,
    prepare        = 0x102,
    release        = 0x103,
    start          = 0x104,
    stop           = 0x105,
};

/// Of responses.
inline constexpr std::uint32_t k_ok            = 0x8000;
inline constexpr std::uint32_t k_bad_message   = 0x8001;
inline constexpr std::uint32_t k_not_supported = 0x8002;
inline constexpr std::uint32_t k_no_answer     = 0; ///< not written by the device

[[nodiscard]] constexpr sddf::sound::Status status_of(std::uint32_t code)
{
    switch (code) {
    case k_ok:
        return sddf::sound::Status::ok;
    case k_bad_message:
        return sddf::sound::Status::bad_message;
    case k_not_supported:
        return sddf::sound::Status::not_supported;
    default:
        return sddf::sound::Status::io;
    }
}

/// virtio_snd_query_info
struct Query {
    Request       code;
    std::uint32_t first;
    std::uint32_t count;
    std::uint32_t size; ///< of an Information
};

/// virtio_snd_pcm_info
struct Information {
    std::uint32_t               function;
    std::uint32_t               features;
    std::uint64_t               formats;
    std::uint64_t               rates;
    std::uint8_t                direction;
    std::uint8_t                channels_min;
    std::uint8_t                channels_max;
    std::array<std::uint8_t, 5> padding;
};

/// virtio_snd_pcm_set_params; of other requests to a stream only its first two words.
struct Order {
    Request       code;
    std::uint32_t stream;
    std::uint32_t buffer_bytes;
    std::uint32_t period_bytes;
    std::uint32_t features;
    std::uint8_t  channels;
    std::uint8_t  format;
    std::uint8_t  rate;
    std::uint8_t  padding;
};
inline constexpr std::uint32_t k_short_order = 8;

/// virtio_snd_pcm_xfer without its frames, and virtio_snd_pcm_status.
struct Transfer {
    std::uint32_t stream;
    std::uint32_t status;
    std::uint32_t latency_bytes;
};
inline constexpr std::uint32_t k_transfer_head = 4;
inline constexpr std::uint32_t k_transfer_tail = 8;

/// virtio_snd_event
struct Event {
    std::uint32_t code;
    std::uint32_t data;
};

static_assert(sizeof(Query) == 16 && sizeof(Information) == 32 && sizeof(Order) == 24);
static_assert(sizeof(Transfer) == 12 && sizeof(Event) == 8);

} // namespace sound_virtio
