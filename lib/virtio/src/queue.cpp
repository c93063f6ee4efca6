// SPDX-License-Identifier: BSD-2-Clause
// The split virtqueue: the one file that reads descriptors and knows who writes what when.
#include "virtio/queue.hpp"

#include "base/checked.hpp"
#include "virtio/shared.hpp"
#include "virtio/split_ring.hpp"
#include "virtio/standard.hpp"

#include <algorithm>
#include <bit>

namespace virtio {
namespace {

using namespace split;

/// Copies a descriptor once. What is checked afterwards is the copy: the empty assembler statements
/// make its words values of their own, which the compiler cannot read again from guest memory.
Descriptor load_descriptor(const std::byte* at)
{
    std::uint64_t low  = 0;
    std::uint64_t high = 0;
    if ((reinterpret_cast<std::uintptr_t>(at) & 7) == 0) {
        low  = load_relaxed<std::uint64_t>(at);
        high = load_relaxed<std::uint64_t>(at + 8);
    } else { // only indirect tables, which may be anywhere
        for (unsigned i = 0; i < 8; ++i) {
            low |= std::uint64_t{load_relaxed<std::uint8_t>(at + i)} << (8 * i);
            high |= std::uint64_t{load_relaxed<std::uint8_t>(at + 8 + i)} << (8 * i);
        }
    }
    asm volatile("" : "+r"(low), "+r"(high));
    return {.address = low,
            .size    = static_cast<std::uint32_t>(high),
            .flags   = static_cast<std::uint16_t>(high >> 32),
            .next    = static_cast<std::uint16_t>(high >> 48)};
}

/// Distance from `from` forward to `to` on the circle of 16-bit indices. Arithmetic on uint16_t
/// happens in int: the result must be cut, or all goes wrong after 65,535.
std::uint16_t distance(std::uint16_t from, std::uint16_t to)
{
    return static_cast<std::uint16_t>(to - from);
}

} // namespace

std::string_view to_text(Fault fault)
{
    switch (fault) {
    case Fault::none:
        return "nothing";
    case Fault::queue_size:
        return "a queue's size is zero, no power of two, or above the maximum";
    case Fault::queue_alignment:
        return "a part of a queue is not aligned";
    case Fault::queue_memory:
        return "a part of a queue is not in RAM";
    case Fault::too_many_available:
        return "more requests are available than the queue has entries";
    case Fault::head_out_of_range:
        return "the available ring names a descriptor beyond the table";
    case Fault::next_out_of_range:
        return "a descriptor's next is beyond its table";
    case Fault::chain_too_long:
        return "a descriptor chain is longer than its table, or a loop";
    case Fault::chain_too_large:
        return "a descriptor chain has more than 2^32 bytes";
    case Fault::too_many_segments:
        return "a descriptor chain has more buffers than the device takes";
    case Fault::outside_memory:
        return "a descriptor points outside of RAM";
    case Fault::write_before_read:
        return "a device-readable descriptor follows a device-writable one";
    case Fault::indirect_not_negotiated:
        return "an indirect descriptor without VIRTIO_F_INDIRECT_DESC";
    case Fault::indirect_in_indirect:
        return "an indirect descriptor inside an indirect table";
    case Fault::indirect_and_next:
        return "an indirect descriptor that has a next one";
    case Fault::indirect_size:
        return "an indirect table's size is zero or no multiple of 16";
    case Fault::request:
        return "a request that the device type does not allow";
    }
    return "unknown";
}

std::optional<Queue::Progress> Queue::progress() const
{
    if (!live_) {
        return std::nullopt;
    }
    return Progress{.offered   = load_acquire<std::uint16_t>(avail_ + k_avail_idx),
                    .taken     = next_avail_,
                    .finished  = next_used_,
                    .published = published_};
}

Fault Queue::make_ready(const Memory& memory)
{
    const auto& it = settings;
    if (it.size == 0 || it.size > max_size_ || !std::has_single_bit(it.size)) {
        return Fault::queue_size;
    }
    if (!base::is_aligned(it.descriptors, k_descriptor_alignment) ||
        !base::is_aligned(it.driver_area, k_avail_alignment) ||
        !base::is_aligned(it.device_area, k_used_alignment)) {
        return Fault::queue_alignment;
    }
    descriptors_ = memory.window(it.descriptors, descriptor_bytes(it.size));
    avail_       = memory.window(it.driver_area, avail_bytes(it.size));
    used_        = memory.window(it.device_area, used_bytes(it.size));
    if (descriptors_ == nullptr || avail_ == nullptr || used_ == nullptr) {
        return Fault::queue_memory;
    }
    ready_ = true;
    return Fault::none;
}

void Queue::go_live(const Memory& memory, std::uint64_t features)
{
    memory_     = &memory;
    size_       = settings.size;
    event_idx_  = (features & k_feature_event_idx) != 0;
    indirect_   = (features & k_feature_indirect) != 0;
    next_avail_ = 0;
    seen_avail_ = 0;
    next_used_  = 0;
    published_  = 0;
    suppressed_ = false;
    fault_      = Fault::none;
    live_       = true;
    ++epoch_;
    epoch_ += epoch_ == 0 ? 1 : 0; // 0 is the epoch of an empty Chain
}

void Queue::reset()
{
    live_    = false;
    ready_   = false;
    settings = {};
    fault_   = Fault::none;
    ++epoch_;
    epoch_ += epoch_ == 0 ? 1 : 0;
    next_avail_ = 0;
    next_used_  = 0;
}

Chain Queue::refuse(Fault fault)
{
    fault_ = fault;
    live_  = false;
    return {};
}

Chain Queue::take(std::span<Segment> room)
{
    if (!live_) {
        return {};
    }
    if (next_avail_ == seen_avail_) {
        // Acquire: what the driver wrote before it moved idx (ring entry, descriptors, buffers) is
        // what we read after.
        seen_avail_ = load_acquire<std::uint16_t>(avail_ + k_avail_idx);
        if (next_avail_ == seen_avail_) {
            return {};
        }
        if (distance(next_avail_, seen_avail_) > size_) {
            return refuse(Fault::too_many_available);
        }
    }
    if (in_flight() >= size_) { // the same descriptors again, before we are done with them
        return refuse(Fault::too_many_available);
    }
    const auto slot = next_avail_ & (size_ - 1);
    const auto head = load_relaxed<std::uint16_t>(avail_ + k_avail_ring + 2 * slot);
    Chain      chain;
    if (const Fault fault = walk(head, room, chain); fault != Fault::none) {
        return refuse(fault);
    }
    ++next_avail_;
    chain.head_  = head;
    chain.epoch_ = epoch_;
    return chain;
}

Fault Queue::walk(std::uint16_t head, std::span<Segment> room, Chain& chain) const
{
    using Flags = DescriptorFlags;
    if (head >= size_) {
        return Fault::head_out_of_range;
    }
    const std::byte* table    = descriptors_;
    std::uint32_t    entries  = size_;
    std::uint32_t    index    = head;
    std::uint32_t    budget   = size_; // descriptors until it must be a loop
    bool             indirect = false;
    bool             writing  = false;
    std::size_t      count    = 0;
    std::uint64_t    total    = 0;
    for (;; --budget) {
        if (budget == 0) {
            return Fault::chain_too_long;
        }
        const Descriptor descriptor = load_descriptor(table + sizeof(Descriptor) * index);
        const Flags      flags{descriptor.flags};
        if (flags.get<Flags::indirect>()) {
            if (!indirect_) {
                return Fault::indirect_not_negotiated;
            }
            if (indirect) {
                return Fault::indirect_in_indirect;
            }
            if (flags.get<Flags::next>()) {
                return Fault::indirect_and_next;
            }
            if (descriptor.size == 0 || descriptor.size % sizeof(Descriptor) != 0) {
                return Fault::indirect_size;
            }
            table = memory_->window(descriptor.address, descriptor.size);
            if (table == nullptr) {
                return Fault::outside_memory;
            }
            indirect = true;
            entries  = descriptor.size / static_cast<std::uint32_t>(sizeof(Descriptor));
            index    = 0;
            // Linux makes indirect chains that are longer than the queue (as long as the device
            // says that it takes them), so what the device takes counts, too. Two more: for this
            // turn, and to tell a long chain from a loop.
            budget = std::max(budget, static_cast<std::uint32_t>(room.size())) + 2;
            continue;
        }
        if (flags.get<Flags::write>()) {
            if (!writing) {
                writing         = true;
                chain.readable_ = count;
                chain.sizes_[0] = total;
            }
        } else if (writing) {
            return Fault::write_before_read;
        }
        total += descriptor.size;
        if (total > k_max_chain_bytes) {
            return Fault::chain_too_large;
        }
        // One piece, unless the buffer crosses from a region of RAM into the next.
        std::uint64_t address = descriptor.address;
        for (std::uint32_t left = descriptor.size; left != 0;) {
            const auto piece = memory_->find(address, left);
            if (piece.empty()) {
                return Fault::outside_memory;
            }
            if (count == room.size()) {
                return Fault::too_many_segments;
            }
            const auto size = static_cast<std::uint32_t>(piece.size());
            room[count++]   = {piece.data(), size};
            address += size;
            left -= size;
        }
        if (!flags.get<Flags::next>()) {
            break;
        }
        index = descriptor.next;
        if (index >= entries) {
            return Fault::next_out_of_range;
        }
    }
    if (!writing) {
        chain.readable_ = count;
        chain.sizes_[0] = total;
    }
    chain.sizes_[1] = total - chain.sizes_[0];
    chain.segments_ = room.first(count);
    return Fault::none;
}

void Queue::finish(Chain&& chain, std::uint32_t written)
{
    const Chain done = std::move(chain);
    if (!owns(done)) {
        return;
    }
    std::byte* const element = used_ + k_used_ring + k_used_element * (next_used_ & (size_ - 1));
    store_relaxed<std::uint32_t>(element, done.head_);
    store_relaxed<std::uint32_t>(element + 4, written);
    ++next_used_;
}

bool Queue::publish()
{
    const std::uint16_t before = published_;
    if (!live_ || before == next_used_) {
        return false;
    }
    // Release: elements and buffers are written before the driver sees the new idx (2.7.8.2).
    store_release(used_ + k_used_idx, next_used_);
    published_ = next_used_;
    // The driver writes its wish and then looks at idx; we write idx and then look at its wish.
    // With a full barrier on both sides one of the two sees the other.
    full_barrier();
    if (event_idx_) {
        // Ours passed the index that it waits for (2.7.7.2).
        const auto event = load_relaxed<std::uint16_t>(avail_ + k_avail_ring + 2UL * size_);
        return distance(before, event) < distance(before, next_used_);
    }
    return (load_relaxed<std::uint16_t>(avail_) & k_avail_no_interrupt) == 0;
}

bool Queue::has_more() const
{
    return live_ && load_relaxed<std::uint16_t>(avail_ + k_avail_idx) != next_avail_;
}

bool Queue::rest()
{
    if (!live_) {
        return false;
    }
    if (event_idx_) {
        store_relaxed(used_ + k_used_ring + k_used_element * size_, next_avail_);
    } else if (suppressed_) {
        suppressed_ = false;
        store_relaxed<std::uint16_t>(used_, 0);
    } else {
        return false; // the driver always notifies
    }
    // As in publish(), with the roles exchanged: our wish before its idx.
    full_barrier();
    return load_relaxed<std::uint16_t>(avail_ + k_avail_idx) != next_avail_;
}

void Queue::suppress()
{
    // With VIRTIO_F_EVENT_IDX an index that has passed is no wish, and the flags stay 0 (2.7.10.2).
    if (live_ && !event_idx_ && !suppressed_) {
        suppressed_ = true;
        store_relaxed(used_, k_used_no_notify);
    }
}

} // namespace virtio
