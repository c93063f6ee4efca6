// SPDX-License-Identifier: BSD-2-Clause
// What a sound device stands on: a card with PCM streams that are commanded, and fed or emptied.
#pragma once

#include "virtio/chain.hpp"

#include <array>
#include <cstdint>

namespace virtio {

/// Numbers of virtIO 1.2, section 5.14.6.6.2: formats 0 to 24, rates 0 to 13.
inline constexpr std::uint64_t k_all_pcm_formats = (std::uint64_t{1} << 25) - 1;
inline constexpr std::uint64_t k_all_pcm_rates   = (std::uint64_t{1} << 14) - 1;

enum class PcmDirection : std::uint8_t { output = 0, input = 1 };

struct PcmInfo {
    std::uint64_t formats      = 0; ///< a bit for each number
    std::uint64_t rates        = 0;
    PcmDirection  direction    = PcmDirection::output;
    std::uint8_t  channels_min = 1;
    std::uint8_t  channels_max = 1;
};

struct PcmParameters {
    std::uint32_t buffer_bytes = 0;
    std::uint32_t period_bytes = 0;
    std::uint8_t  channels     = 0;
    std::uint8_t  format       = 0;
    std::uint8_t  rate         = 0;
};

/// Bytes that a sample has in memory; 1 for formats whose samples are less.
[[nodiscard]] constexpr std::uint32_t sample_bytes(std::uint8_t format)
{
    constexpr std::array<std::uint8_t, 25> k_bytes{1, 1, 1, 1, 1, 2, 2, 3, 3, 3, 3, 3, 3,
                                                   4, 4, 4, 4, 4, 4, 4, 8, 1, 2, 4, 4};
    return format < k_bytes.size() ? k_bytes[format] : 1;
}

enum class PcmCommand : std::uint8_t { prepare, start, stop, release };

/// Status codes of the standard.
enum class SoundStatus : std::uint32_t {
    ok            = 0x8000,
    bad_message   = 0x8001,
    not_supported = 0x8002,
    io            = 0x8003,
};

/// Frames to be played from, or recorded to, the guest's memory. The owner's until submit(), and
/// again after SoundClient::finished().
struct PcmJob {
    Reader        from{}; ///< of a playback
    Writer        to{};   ///< of a capture
    std::uint32_t size = 0;

    // The answer.
    std::uint32_t recorded = 0; ///< bytes at the beginning of `to`
    std::uint32_t latency  = 0; ///< bytes that the device still has before it
    bool          failed   = false;

    // The card's own notes.
    std::uint32_t begun = 0; ///< bytes
    std::uint32_t ended = 0;
    PcmJob*       next  = nullptr;
};

class SoundClient {
public:
    /// A job is over: all of it was played, or it is full, or its stream was released.
    virtual void finished(unsigned stream, PcmJob& job) = 0;
    /// The command to a stream was carried out, or not.
    virtual void commanded(unsigned stream, SoundStatus status) = 0;
    /// No more of both for now: time to tell the guest.
    virtual void batch_done() = 0;

protected:
    ~SoundClient() = default;
};

class SoundCard {
public:
    static constexpr unsigned k_most_streams = 32;

    virtual void connect(SoundClient& client) = 0;

    /// At most k_most_streams.
    [[nodiscard]] virtual unsigned streams() const             = 0;
    [[nodiscard]] virtual PcmInfo  info(unsigned stream) const = 0;

    /// Commands a stream, one thing at a time; commanded() follows, perhaps at once. `prepare`
    /// comes with parameters that info() allows. `release` ends all jobs of the stream first.
    virtual void command(unsigned stream, PcmCommand what, const PcmParameters& parameters) = 0;

    /// Takes a job for a prepared stream, behind those that it has.
    virtual void submit(unsigned stream, PcmJob& job) = 0;
    /// A batch of submit() and command() is over.
    virtual void kick() = 0;

    /// Forgets all jobs, at once and without finished(), and releases all streams when it can.
    /// Commands that come meanwhile wait for that. No commanded() for those of before.
    virtual void reset() = 0;

protected:
    ~SoundCard() = default;
};

} // namespace virtio
