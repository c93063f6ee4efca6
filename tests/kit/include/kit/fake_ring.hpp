// SPDX-License-Identifier: BSD-2-Clause
// The driver's end of a split virtqueue, for tests: obedient by default, hostile on demand.
#pragma once

#include "kit/guest_ram.hpp"
#include "virtio/queue.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace kit {

/// A buffer of a request.
struct Buffer {
    std::uint64_t address;
    std::uint32_t size;
    bool          device_writes;
};
[[nodiscard]] inline Buffer to_device(std::uint64_t address, std::uint32_t size)
{
    return {address, size, false};
}
[[nodiscard]] inline Buffer from_device(std::uint64_t address, std::uint32_t size)
{
    return {address, size, true};
}

class FakeRing {
public:
    static constexpr std::uint16_t k_next     = 1;
    static constexpr std::uint16_t k_write    = 2;
    static constexpr std::uint16_t k_indirect = 4;

    /// An element of the used ring.
    struct Used {
        std::uint32_t id;
        std::uint32_t written;
        bool          operator==(const Used&) const = default;
    };

    /// Lays the three parts out in RAM. `first_index`: with which both idx begin is always 0; see
    /// run_until() to come near the wrap.
    FakeRing(GuestRam& ram, std::uint16_t size);

    [[nodiscard]] virtio::Queue::Settings settings() const;
    [[nodiscard]] std::uint16_t           size() const { return size_; }
    /// As after a reset of the queue.
    void clear();

    // Obedient: each makes a request available and returns the index of its head.

    std::uint16_t add(const std::vector<Buffer>& buffers);
    /// `direct` of the buffers in the table, the others in an indirect table at the end.
    std::uint16_t add_indirect(const std::vector<Buffer>& buffers, std::size_t direct = 0);

    /// The next used element that was not seen yet. Frees its descriptors.
    std::optional<Used> used();
    /// How many are there to be seen.
    [[nodiscard]] std::uint16_t used_waiting();

    /// Whether the device wants a notification for what was added since the last call.
    [[nodiscard]] bool must_notify();

    /// With VIRTIO_F_EVENT_IDX or without.
    void use_event_idx(bool use) { event_idx_ = use; }
    /// The driver's wish: an interrupt with the next used element; or none.
    void want_interrupt();
    void want_interrupt_after(std::uint16_t index);
    void want_no_interrupt();

    // Hostile: everything may be written.

    void descriptor(std::uint16_t index, std::uint64_t address, std::uint32_t size,
                    std::uint16_t flags, std::uint16_t next = 0);
    /// Puts a head into the next slot of the available ring, without showing it.
    void offer(std::uint16_t head);
    /// Shows the device what was offered.
    void show();
    void set_available_index(std::uint16_t index);

    [[nodiscard]] std::uint16_t available_index() const { return next_avail_; }
    [[nodiscard]] std::uint16_t used_index();
    [[nodiscard]] std::uint16_t used_flags();
    [[nodiscard]] std::uint16_t available_event();
    [[nodiscard]] std::uint64_t free_descriptors() const { return free_.size(); }

private:
    std::uint16_t allocate();
    void          write_buffer(std::uint64_t table, std::uint16_t index, const Buffer& buffer,
                               std::optional<std::uint16_t> next);

    GuestRam&                                           ram_;
    std::uint16_t                                       size_;
    std::uint64_t                                       descriptors_;
    std::uint64_t                                       avail_;
    std::uint64_t                                       used_;
    std::vector<std::uint16_t>                          free_;
    std::map<std::uint16_t, std::vector<std::uint16_t>> chains_;
    std::uint16_t                                       next_avail_ = 0;
    std::uint16_t                                       told_       = 0;
    std::uint16_t                                       seen_used_  = 0;
    bool                                                event_idx_  = false;
};

} // namespace kit
