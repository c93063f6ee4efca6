// SPDX-License-Identifier: BSD-2-Clause
// A virtqueue from the device's end: requests are taken, finished in any order, and published.
#pragma once

#include "virtio/chain.hpp"
#include "virtio/memory.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace virtio {

/// What a driver did that no driver may do. Each costs it the device (DEVICE_NEEDS_RESET).
enum class Fault : std::uint8_t {
    none,
    queue_size,         ///< zero, no power of two, or above the maximum
    queue_alignment,    ///< of one of the three parts
    queue_memory,       ///< a part of the ring is not in RAM
    too_many_available, ///< more than the queue has entries
    head_out_of_range,  ///< of a chain, beyond the descriptor table
    next_out_of_range,  ///< of a descriptor, beyond its table
    chain_too_long,     ///< a loop, or more descriptors than the queue has
    chain_too_large,    ///< more than 2^32 bytes
    too_many_segments,  ///< more than the device takes in one request
    outside_memory,     ///< a buffer or an indirect table
    write_before_read,  ///< a device-readable buffer after a device-writable one
    indirect_not_negotiated,
    indirect_in_indirect,
    indirect_and_next,
    indirect_size, ///< no multiple of 16, or zero
    request,       ///< a request that the device type's section forbids
};
[[nodiscard]] std::string_view to_text(Fault fault);

/// One virtqueue of a device: the driver's settings and, while it is live, the ring. Split rings so
/// far; devices see requests only, so that they need not know when packed ones come.
class Queue {
public:
    constexpr Queue()              = default;
    Queue(const Queue&)            = delete;
    Queue& operator=(const Queue&) = delete;

    // For devices.

    /// The next request of the driver, as a snapshot in `room`. Empty: there is none, or the driver
    /// broke a rule, see fault().
    [[nodiscard]] Chain take(std::span<Segment> room);

    /// Puts a request into the used ring, its first `written` bytes of room written. The driver
    /// does not see it before publish(). A request from before a reset of the queue is dropped.
    void finish(Chain&& chain, std::uint32_t written);

    /// Shows the driver all that was finished. True: it wants a notification.
    [[nodiscard]] bool publish();

    /// Says that the device looks at nothing more for now, so that it wants a notification when
    /// there is more. True: more came in between, and may stay without a notification: look again.
    [[nodiscard]] bool rest();

    /// Says that the device will look again by itself, so that it wants no notification until the
    /// next rest().
    void suppress();

    /// Whether a request was taken since the last reset of the queue. Memory of one that was not
    /// belongs to the driver again.
    [[nodiscard]] bool owns(const Chain& chain) const { return live_ && chain.epoch_ == epoch_; }

    /// Requests taken and not finished.
    [[nodiscard]] std::uint16_t in_flight() const
    {
        return static_cast<std::uint16_t>(next_avail_ - next_used_);
    }

    /// Whether the driver has put in more than was taken.
    [[nodiscard]] bool has_more() const;

    /// How far driver and device are, in requests since the queue went live (modulo 2^16). For
    /// reports: the first is read from the guest's memory now.
    struct Progress {
        std::uint16_t offered;   ///< by the driver
        std::uint16_t taken;     ///< by the device
        std::uint16_t finished;  ///< by the device
        std::uint16_t published; ///< to the driver
    };
    /// Nothing of a queue that is not live.
    [[nodiscard]] std::optional<Progress> progress() const;

    /// What the driver did wrong, if take() gave nothing because of that.
    [[nodiscard]] Fault fault() const { return fault_; }

    [[nodiscard]] bool is_live() const { return live_; }

    // For the device's status machine and its transport.

    /// What a driver says about a queue before it makes it ready.
    struct Settings {
        std::uint32_t size        = 0;
        std::uint64_t descriptors = 0; ///< guest-physical addresses of the three parts
        std::uint64_t driver_area = 0;
        std::uint64_t device_area = 0;
    };
    Settings settings{};

    void                        limit(std::uint16_t max_size) { max_size_ = max_size; }
    [[nodiscard]] std::uint16_t max_size() const { return max_size_; }

    /// Checks the settings. Any fault: not ready.
    [[nodiscard]] Fault make_ready(const Memory& memory);
    [[nodiscard]] bool  is_ready() const { return ready_; }

    /// Begins to use a ready queue, with the features that were negotiated.
    void go_live(const Memory& memory, std::uint64_t features);
    /// Touches the ring no more, until it is made ready anew.
    void halt() { live_ = false; }
    /// Back to the state after a reset: not ready, no settings, and what was taken is forgotten.
    void reset();

private:
    [[nodiscard]] Fault walk(std::uint16_t head, std::span<Segment> room, Chain& chain) const;
    Chain               refuse(Fault fault);

    // The ring, in the order of use.
    const std::byte* avail_       = nullptr;
    const std::byte* descriptors_ = nullptr;
    std::byte*       used_        = nullptr;
    const Memory*    memory_      = nullptr;
    std::uint32_t    size_        = 0;
    std::uint32_t    epoch_       = 0; ///< counts the lives of this queue
    std::uint16_t    next_avail_  = 0; ///< what take() takes next
    std::uint16_t    seen_avail_  = 0; ///< the driver's idx when we last looked
    std::uint16_t    next_used_   = 0; ///< where finish() writes
    std::uint16_t    published_   = 0; ///< our idx, as the driver sees it
    bool             live_        = false;
    bool             event_idx_   = false;
    bool             indirect_    = false;
    bool             suppressed_  = false; ///< by the flag; without VIRTIO_F_EVENT_IDX
    bool             ready_       = false;
    Fault            fault_       = Fault::none;
    std::uint16_t    max_size_    = 0;
};

} // namespace virtio
