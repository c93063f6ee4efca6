// SPDX-License-Identifier: BSD-2-Clause
// One end of a link: sessions, and a ring each way.
#include "vsock/link.hpp"

#include "base/checked.hpp"
#include "vsock/shared.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

namespace vsock {
namespace {

/// Whether a counter on its way from `before` to `now` passes `event`.
bool passes(std::uint64_t event, std::uint64_t before, std::uint64_t now)
{
    return event >= before && event < now;
}

/// Below this a packet is not cut into pieces.
std::uint32_t least_piece(std::uint64_t capacity)
{
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(capacity / 4, 4096));
}

/// One packet does not fill more than half of a ring, so that both sides can work at a time.
std::uint32_t largest_piece(std::uint64_t capacity)
{
    const std::uint64_t half = base::align_down<std::uint64_t>(capacity / 2, 8) - k_record_header;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(half, 1U << 30));
}

} // namespace

base::Result<> Link::open(std::span<std::byte> own, std::span<const std::byte> peer,
                          backend::Doorbell& doorbell)
{
    for (const auto region : {std::span<const std::byte>{own}, peer}) {
        if (ring_bytes(region.size()) < k_least_ring) {
            return base::fail("a region of a vsock link is missing or too small",
                              "4 KiB or more, one region for each side", region.size());
        }
        if ((reinterpret_cast<std::uintptr_t>(region.data()) & 7) != 0) {
            return base::fail("a region of a vsock link is not aligned", "to 8 bytes at least",
                              reinterpret_cast<std::uintptr_t>(region.data()));
        }
    }
    own_       = static_cast<Half*>(static_cast<void*>(own.data()));
    own_ring_  = own.data() + sizeof(Half);
    own_size_  = ring_bytes(own.size());
    peer_      = static_cast<const Half*>(static_cast<const void*>(peer.data()));
    peer_ring_ = peer.data() + sizeof(Half);
    peer_size_ = ring_bytes(peer.size());
    doorbell_  = &doorbell;
    session_   = load_relaxed(own_->session);
    begin();
    poll();
    return {};
}

/// A new session. The words change in an order in which the other side can never take a counter of
/// the new session for one of the old: no session, counters, session.
void Link::begin()
{
    store_relaxed(own_->session, 0U);
    full_barrier();
    drop();
    store_relaxed(own_->seen, 0U);
    seen_ = 0;
    // Another number than before, and than the one that the other side may still know.
    do {
        ++session_;
    } while (session_ == 0 || session_ == load_relaxed(peer_->seen));
    store_relaxed(own_->magic, k_magic);
    store_release(own_->session, session_);
    doorbell_->ring();
}

/// All counters to the beginning; what was under way is lost.
void Link::drop()
{
    lost_ = lost_ || up_;
    up_   = false;
    tail_ = published_ = head_ = returned_ = available_ = 0;
    asked_                                              = k_never;
    holds_                                              = false;
    store_relaxed(own_->tail, std::uint64_t{0});
    store_relaxed(own_->head, std::uint64_t{0});
    store_relaxed(own_->data_event, std::uint64_t{0}); // the first packet
    store_relaxed(own_->room_event, k_never);
}

/// The other side broke a rule, or was restarted in the middle of our look at it.
void Link::fail()
{
    if (load_acquire(peer_->session) == seen_) {
        begin();
    }
    poll();
}

void Link::restart()
{
    begin();
    poll();
}

bool Link::lost() { return std::exchange(lost_, false); }

void Link::poll()
{
    const std::uint32_t session = load_acquire(peer_->session);
    if (session != seen_) {
        // It does not look at our counters until it finds its new number in `seen`.
        drop();
        seen_ = session;
        store_release(own_->seen, session);
        doorbell_->ring();
    }
    const std::uint32_t knows = load_acquire(peer_->seen);
    if (!up_ && seen_ != 0 && knows == session_ && load_relaxed(peer_->magic) == k_magic) {
        up_ = true;
    } else if (up_ && knows != session_) {
        begin(); // it has left us, though it has not begun anew
    }
}

template <class Copy>
void Link::around(std::uint64_t at, std::uint64_t size, std::uint64_t capacity, Copy&& copy)
{
    const std::uint64_t offset = at % capacity;
    const std::uint64_t first  = std::min(size, capacity - offset);
    copy(offset, first);
    if (first != size) {
        copy(std::uint64_t{0}, size - first);
    }
}

bool Link::has_room(std::uint64_t needed)
{
    const std::uint64_t used = tail_ - load_acquire(peer_->head);
    if (used > own_size_) {
        fail();
        return false;
    }
    return own_size_ - used >= needed;
}

std::optional<std::uint32_t> Link::room(std::uint32_t wanted)
{
    if (!up_) {
        return std::nullopt;
    }
    const std::uint64_t needed = record_bytes(std::min(wanted, least_piece(own_size_)));
    if (!has_room(needed)) {
        if (!up_) {
            return std::nullopt;
        }
        // With this head there will be room.
        store_relaxed(own_->room_event, tail_ + needed - own_size_ - 1);
        full_barrier(); // our wish before its head
        if (!has_room(needed)) {
            return std::nullopt;
        }
        store_relaxed(own_->room_event, k_never);
    }
    const std::uint64_t space = own_size_ - (tail_ - load_acquire(peer_->head));
    if (space > own_size_ || space < needed) { // it changed its mind
        fail();
        return std::nullopt;
    }
    const std::uint64_t most = base::align_down<std::uint64_t>(space - k_record_header, 8);
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>({wanted, most, largest_piece(own_size_)}));
}

void Link::send(const virtio::SocketHeader& header, virtio::Reader& payload)
{
    around(tail_, sizeof(header), own_size_, [&, done = 0UL](auto at, auto size) mutable {
        std::memcpy(own_ring_ + at, reinterpret_cast<const std::byte*>(&header) + done, size);
        done += size;
    });
    around(tail_ + k_record_header, header.len, own_size_, [&](auto at, auto size) {
        (void)payload.read({own_ring_ + at, size});
    });
    tail_ += record_bytes(header.len);
}

void Link::publish()
{
    if (!up_ || published_ == tail_) {
        return;
    }
    store_release(own_->tail, tail_);
    full_barrier(); // our tail before its wish
    if (passes(load_relaxed(peer_->data_event), published_, tail_)) {
        doorbell_->ring();
    }
    published_ = tail_;
}

/// Whether there is something in the ring.
bool Link::look()
{
    if (!up_) {
        return false;
    }
    if (available_ == head_) {
        available_ = load_acquire(peer_->tail);
    }
    if (available_ == head_) {
        return false;
    }
    const std::uint64_t size = available_ - head_;
    if (size > peer_size_ || size < k_record_header || size % 8 != 0) {
        fail();
        return false;
    }
    return true;
}

const virtio::SocketHeader* Link::next()
{
    if (holds_) {
        return &header_;
    }
    if (!look()) {
        return nullptr;
    }
    std::array<std::uint32_t, sizeof(header_) / 4> words;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::byte* const at = peer_ring_ + (head_ + 4 * i) % peer_size_;
        words[i] = load_relaxed(*static_cast<const std::uint32_t*>(static_cast<const void*>(at)));
    }
    header_ = std::bit_cast<virtio::SocketHeader>(words);
    if (record_bytes(header_.len) > available_ - head_) {
        fail();
        return nullptr;
    }
    read_  = 0;
    holds_ = true;
    return &header_;
}

void Link::read(std::span<std::byte> to)
{
    to = to.first(std::min<std::size_t>(to.size(), holds_ ? header_.len - read_ : 0));
    around(head_ + k_record_header + read_, to.size(), peer_size_,
           [&, done = 0UL](auto at, auto size) mutable {
               std::memcpy(to.data() + done, peer_ring_ + at, size);
               done += size;
           });
    read_ += static_cast<std::uint32_t>(to.size());
}

void Link::release()
{
    if (holds_) {
        holds_ = false;
        head_ += record_bytes(header_.len);
        if (head_ - returned_ >= peer_size_ / 4) {
            give_back();
        }
    }
}

void Link::give_back()
{
    if (!up_ || returned_ == head_) {
        return;
    }
    store_release(own_->head, head_);
    full_barrier(); // our head before its wish
    if (passes(load_relaxed(peer_->room_event), returned_, head_)) {
        doorbell_->ring();
    }
    returned_ = head_;
}

bool Link::ask_for_more()
{
    if (!up_) {
        return false;
    }
    if (asked_ != head_) {
        store_relaxed(own_->data_event, head_);
        full_barrier(); // our wish before its tail
        asked_ = head_;
    }
    return load_acquire(peer_->tail) != head_;
}

} // namespace vsock
