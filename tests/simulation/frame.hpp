// SPDX-License-Identifier: BSD-2-Clause
// Ethernet frames that tell where they come from, and what all of their bytes must be.
#pragma once

#include "virtio/nic.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace simulation {

/// Who sends and receives: guests by their numbers, and what is outside of all.
inline constexpr unsigned k_outside = 63;

inline virtio::MacAddress mac_of(unsigned station)
{
    return {2, 0, 0, 0, 0, static_cast<std::uint8_t>(station)};
}

struct Frame {
    static constexpr std::size_t k_least = 60;
    static constexpr std::size_t k_most  = 1514;

    unsigned      from     = 0;
    unsigned      to       = 0;
    std::uint32_t sequence = 0; ///< of this pair, from 0
    std::size_t   size     = k_least;

    [[nodiscard]] std::byte filler(std::size_t at) const
    {
        return static_cast<std::byte>(sequence * 7 + from * 31 + at);
    }
    [[nodiscard]] std::vector<std::byte> bytes() const
    {
        std::vector<std::byte> all(size);
        const auto             destination = mac_of(to);
        const auto             source      = mac_of(from);
        std::memcpy(all.data(), destination.data(), 6);
        std::memcpy(all.data() + 6, source.data(), 6);
        all[12] = std::byte{0x88};
        all[13] = std::byte{0xb5}; // for experiments
        std::memcpy(all.data() + 14, &sequence, 4);
        for (std::size_t i = 18; i < size; ++i) {
            all[i] = filler(i);
        }
        return all;
    }
    /// What bytes are; nothing where they are no such frame, whole and unharmed.
    [[nodiscard]] static std::optional<Frame> parse(std::span<const std::byte> bytes)
    {
        if (bytes.size() < k_least || bytes.size() > k_most) {
            return std::nullopt;
        }
        Frame frame{.from = std::to_integer<unsigned>(bytes[11]),
                    .to   = std::to_integer<unsigned>(bytes[5]),
                    .size = bytes.size()};
        std::memcpy(&frame.sequence, bytes.data() + 14, 4);
        for (std::size_t i = 18; i < bytes.size(); ++i) {
            if (bytes[i] != frame.filler(i)) {
                return std::nullopt;
            }
        }
        return frame;
    }
};

/// One direction between two stations, as both ends see it together.
struct Flow {
    std::uint32_t sent     = 0;
    std::uint32_t arrived  = 0; ///< frames
    std::uint32_t next     = 0; ///< the least sequence that may come next
    std::uint32_t wanted   = 0; ///< frames that are to be sent
    std::uint32_t window   = 1; ///< most under way
    std::uint32_t lost     = 0; ///< frames
    bool          may_lose = false;
    bool disturbed         = false; ///< what carries it is restarted now and then: it may lose some

    [[nodiscard]] bool can_send() const { return sent < wanted && sent - next < window; }
    /// Nobody can go on: what has not arrived is lost. True: there was something, which may be.
    bool give_up()
    {
        if ((!may_lose && !disturbed) || next == sent) {
            return false;
        }
        lost += sent - next;
        next = sent;
        return true;
    }
    /// What is wrong with the next that arrives; empty: nothing.
    std::string arrive(const Frame& frame)
    {
        const auto pair = std::to_string(frame.from) + " to " + std::to_string(frame.to) +
                          ": frame " + std::to_string(frame.sequence);
        if (frame.sequence >= sent) {
            return pair + " was never sent";
        }
        if (frame.sequence < next) {
            return pair + " came twice, or too late";
        }
        if (frame.sequence != next && !may_lose && !disturbed) {
            return pair + " came instead of " + std::to_string(next);
        }
        lost += frame.sequence - next;
        next = frame.sequence + 1;
        ++arrived;
        return {};
    }
};

} // namespace simulation
