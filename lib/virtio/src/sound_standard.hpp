// SPDX-License-Identifier: BSD-2-Clause
// Layouts and numbers of virtIO 1.2, section 5.14.6.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace virtio::sound {

enum Request : std::uint32_t {
    jack_info      = 1,
    jack_remap     = 2,
    pcm_info       = 0x100,
    pcm_set_params = 0x101,
    pcm_prepare    = 0x102,
    pcm_release    = 0x103,
    pcm_start      = 0x104,
    pcm_stop       = 0x105,
    chmap_info     = 0x200,
};

enum Event : std::uint32_t {
    jack_connected    = 0x1000,
    jack_disconnected = 0x1001,
    pcm_xrun          = 0x1101,
};

/// Of a PCM stream, the ones that we have: it tells of xruns. Others are for shared memory, which
/// the standard only has a place for, and for polled queues.
inline constexpr std::uint32_t k_pcm_event_xruns = 1U << 4;

struct Query {
    std::uint32_t start_id;
    std::uint32_t count;
    std::uint32_t size;
};

struct JackInfo {
    std::uint32_t               hda_fn_nid;
    std::uint32_t               features;
    std::uint32_t               hda_reg_defconf;
    std::uint32_t               hda_reg_caps;
    std::uint8_t                connected;
    std::array<std::uint8_t, 7> padding;
};
static_assert(sizeof(JackInfo) == 24);

struct PcmStreamInfo {
    std::uint32_t               hda_fn_nid;
    std::uint32_t               features;
    std::uint64_t               formats;
    std::uint64_t               rates;
    std::uint8_t                direction;
    std::uint8_t                channels_min;
    std::uint8_t                channels_max;
    std::array<std::uint8_t, 5> padding;
};
static_assert(sizeof(PcmStreamInfo) == 32 && offsetof(PcmStreamInfo, direction) == 24);

struct ChannelMapInfo {
    std::uint32_t                hda_fn_nid;
    std::uint8_t                 direction;
    std::uint8_t                 channels;
    std::array<std::uint8_t, 18> positions;
};
static_assert(sizeof(ChannelMapInfo) == 24);

/// The rest of a SET_PARAMS, behind code and stream.
struct SetParameters {
    std::uint32_t buffer_bytes;
    std::uint32_t period_bytes;
    std::uint32_t features;
    std::uint8_t  channels;
    std::uint8_t  format;
    std::uint8_t  rate;
    std::uint8_t  padding;
};
static_assert(sizeof(SetParameters) == 16);

struct EventMessage {
    std::uint32_t code;
    std::uint32_t data;
};

struct PcmStatus {
    std::uint32_t status;
    std::uint32_t latency_bytes;
};
inline constexpr std::uint32_t k_pcm_header = 4; ///< the stream's number

} // namespace virtio::sound
