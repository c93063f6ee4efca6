// SPDX-License-Identifier: BSD-2-Clause
// One end of a link between two protection domains: a ring of packets each way.
#pragma once

#include "backend/doorbell.hpp"
#include "base/result.hpp"
#include "virtio/chain.hpp"
#include "virtio/socket_packet.hpp"
#include "vsock/layout.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace vsock {

/// Whatever the other side writes costs it this link at most: each word of it is read once,
/// checked, and used as it was checked. A link that is broken starts anew by itself (a new
/// session), as it does when the other side was restarted; either way lost() says so once.
class Link {
public:
    /// Begins a session. `own` is written by this side only, `peer` by the other. Errors: a region
    /// is missing, too small, or not aligned to 8.
    base::Result<> open(std::span<std::byte> own, std::span<const std::byte> peer,
                        backend::Doorbell& doorbell);

    /// Whether both sides have taken each other up.
    [[nodiscard]] bool is_up() const { return up_; }
    /// Looks whether the other side has come, gone or begun anew. After each notification.
    void poll();
    /// Whether packets were lost since the last call: those of before do not count any more.
    [[nodiscard]] bool lost();
    /// Ends the session and begins another.
    void restart();

    // To the other side.

    /// Payload that a packet can have now, if `wanted` is there: a good part of it, or all;
    /// nothing: a notification follows when there is room.
    [[nodiscard]] std::optional<std::uint32_t> room(std::uint32_t wanted);
    /// Writes a packet for which there is room, unseen until publish().
    void send(const virtio::SocketHeader& header, virtio::Reader& payload);
    void publish();

    // From the other side.

    /// The next packet's header, the same until release(). Nothing: there is none. Its addresses
    /// are whatever the other side wrote.
    [[nodiscard]] const virtio::SocketHeader* next();
    /// The next bytes of its payload, which the other side can still change.
    void read(std::span<std::byte> to);
    void release();
    /// Gives back the room of what was released.
    void give_back();
    /// Asks for a notification. True: there is a packet already.
    [[nodiscard]] bool ask_for_more();

private:
    void               begin();
    void               fail();
    void               drop();
    [[nodiscard]] bool has_room(std::uint64_t needed);
    [[nodiscard]] bool look();
    template <class Copy>
    static void around(std::uint64_t at, std::uint64_t size, std::uint64_t capacity, Copy&& copy);

    static constexpr std::uint64_t k_never = ~std::uint64_t{0};

    Half*              own_       = nullptr;
    std::byte*         own_ring_  = nullptr;
    const Half*        peer_      = nullptr;
    const std::byte*   peer_ring_ = nullptr;
    backend::Doorbell* doorbell_  = nullptr;
    std::uint64_t      own_size_  = 0;
    std::uint64_t      peer_size_ = 0;

    std::uint32_t session_ = 0;
    std::uint32_t seen_    = 0; ///< the other's session that counts; 0: none
    bool          up_      = false;
    bool          lost_    = false;

    std::uint64_t tail_      = 0; ///< ours, and what the other side knows of it
    std::uint64_t published_ = 0;
    std::uint64_t head_      = 0;
    std::uint64_t returned_  = 0;
    std::uint64_t available_ = 0;       ///< the other's tail, when we last looked
    std::uint64_t asked_     = k_never; ///< our wish for more that the other side surely sees
    std::uint32_t read_      = 0;       ///< of the current packet's payload

    bool                 holds_ = false; ///< a packet in header_
    virtio::SocketHeader header_{};
};

} // namespace vsock
