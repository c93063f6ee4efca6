// SPDX-License-Identifier: BSD-2-Clause
// The block device: slots, queues and completions. What requests mean is in block_request.cpp.
#include "virtio/block.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

namespace virtio {

std::uint64_t Block::features_of(const Disk::Info& info, std::uint64_t wanted, std::size_t queues)
{
    if ((wanted & k_feature_flush) == 0) {
        wanted &= ~k_feature_config_wce; // 5.2.5.2: not offered alone
    }
    return wanted &
           (k_feature_size_max | k_feature_seg_max | k_feature_blk_size | k_feature_flush |
            k_feature_topology | k_feature_config_wce | (info.read_only ? k_feature_ro : 0) |
            (queues > 1 ? k_feature_mq : 0) | (info.discard ? k_feature_discard : 0) |
            (info.write_zeroes && !info.read_only ? k_feature_write_zeroes : 0));
}

Block::Block(Disk& disk, const Parts& parts, std::uint64_t features)
    : Device{DeviceId::block, features_of(disk.info(), features, parts.queues.size()),
             (features & k_feature_mq) != 0 ? parts.queues : parts.queues.first(1)}
    , disk_{disk}
    , slots_{parts.slots}
    , free_slots_{parts.free_slots}
    , larges_{parts.larges}
    , free_larges_{parts.free_larges}
    , wanted_{features}
    , info_{disk.info()}
{
    std::iota(free_slots_.begin(), free_slots_.end(), std::uint16_t{0});
    std::iota(free_larges_.begin(), free_larges_.end(), std::uint16_t{0});
    for (Queue& it : parts.queues) {
        it.limit(k_queue_size);
    }
    describe();
    disk_.connect(*this);
}

void Block::describe()
{
    config_ = {
        .capacity                 = info_.sectors,
        .size_max                 = k_most_segment_bytes,
        .seg_max                  = k_most_segments,
        .cylinders                = 0,
        .heads                    = 0,
        .sectors                  = 0,
        .blk_size                 = info_.block_size,
        .physical_block_exp       = info_.physical_exp,
        .alignment_offset         = 0,
        .min_io_size              = info_.min_io,
        .opt_io_size              = info_.best_io,
        .writeback                = 1,
        .unused0                  = 0,
        .num_queues               = static_cast<std::uint16_t>(queues()),
        .max_discard_sectors      = k_most_range_sectors,
        .max_discard_seg          = 1,
        .discard_sector_alignment = info_.discard_blocks,
        .max_write_zeroes_sectors = k_most_range_sectors,
        .max_write_zeroes_seg     = 1,
        .write_zeroes_may_unmap   = 0,
        .unused1                  = {},
    };
}

void Block::disk_changed()
{
    const Disk::Info now = disk_.info();
    if (status() == Status{}) {
        info_ = now;
        offer(features_of(info_, wanted_, queues()));
        describe();
    } else {
        info_.sectors    = now.sectors;
        config_.capacity = now.sectors;
    }
    configuration_changed();
}

void Block::on_configuration_write(std::uint32_t offset, std::span<const std::byte> from)
{
    if (offset == offsetof(Config, writeback) && from.size() == 1 && has(k_feature_config_wce)) {
        config_.writeback = from[0] == std::byte{0} ? 0 : 1;
    }
}

void Block::on_features()
{
    // 5.2.5.2: a driver that cannot flush begins with a write-through cache.
    config_.writeback = has(k_feature_config_wce) && !has(k_feature_flush) ? 0 : 1;
}

bool Block::is_write_through() const
{
    return has(k_feature_config_wce) ? config_.writeback == 0 : !has(k_feature_flush);
}

void Block::on_notify(unsigned index)
{
    if (index != 0 && !has(k_feature_mq)) {
        return; // 5.2.2: it does not exist
    }
    Queue& it = *queue(index);
    stalled_ &= ~(1ULL << index);
    do {
        if (!serve(index)) {
            stalled_ |= 1ULL << index;
            it.suppress();
            break;
        }
    } while (it.rest());
    disk_.kick();
    publish(it);
}

/// Begins what had to wait. False: something still does.
bool Block::catch_up()
{
    while (waiting_ != nullptr) {
        Slot& slot = *waiting_;
        waiting_   = slot.next;
        if (!disk_.start(slot)) {
            slot.next = waiting_;
            waiting_  = &slot;
            return false;
        }
    }
    return !held_ || (begin(held_queue_, std::move(held_)) && waiting_ == nullptr);
}

/// Takes requests until there are none; false: until one has to wait.
bool Block::serve(unsigned index)
{
    for (;;) {
        if (!catch_up() || used_slots_ == slots_.size()) {
            return false;
        }
        Chain chain = take(*queue(index), room_);
        if (!chain) {
            return true;
        }
        if (!begin(index, std::move(chain))) {
            return false;
        }
    }
}

/// Gives a request a slot. False: it has to wait for one, in room_.
bool Block::begin(unsigned index, Chain&& chain)
{
    const bool is_large = chain.segments() > k_few_segments;
    if (used_slots_ == slots_.size() || (is_large && used_larges_ == larges_.size())) {
        held_       = std::move(chain);
        held_queue_ = index;
        return false;
    }
    Slot& slot                  = slots_[free_slots_[used_slots_++]];
    static_cast<DiskJob&>(slot) = {};

    slot.queue = static_cast<std::uint16_t>(index);
    slot.large = 0;
    slot.chain = std::move(chain);
    if (is_large) {
        const auto large = free_larges_[used_larges_++];
        slot.large       = static_cast<std::uint16_t>(large + 1);
        slot.chain.move_to(larges_[large]);
    } else {
        slot.chain.move_to(slot.segments);
    }
    parse(slot);
    return true;
}

void Block::start(Slot& slot)
{
    if (waiting_ == nullptr && disk_.start(slot)) {
        return;
    }
    slot.next                                              = nullptr;
    (waiting_ == nullptr ? waiting_ : last_waiting_->next) = &slot;
    last_waiting_                                          = &slot;
}

void Block::answer(Slot& slot, Answer answer, std::uint32_t data)
{
    Queue* const it = queue(slot.queue);
    if (it != nullptr && it->owns(slot.chain)) {
        slot.chain.last_byte() = std::byte{static_cast<std::uint8_t>(answer)};
        // Only what was written from the beginning on counts: where data is missing, nothing does.
        const bool whole = slot.chain.writable_bytes() == std::uint64_t{data} + 1;
        it->finish(std::move(slot.chain), whole ? data + 1 : data);
    }
    release(slot);
}

void Block::release(Slot& slot)
{
    slot.chain = {};
    if (slot.large != 0) {
        free_larges_[--used_larges_] = static_cast<std::uint16_t>(slot.large - 1);
    }
    free_slots_[--used_slots_] = static_cast<std::uint16_t>(&slot - slots_.data());
}

void Block::done(DiskJob& job, bool good)
{
    using Operation = DiskJob::Operation;
    auto& slot      = static_cast<Slot&>(job);
    if (job.abandoned) {
        const unsigned index = slot.queue;
        release(slot);
        if (is_resetting(index) && !has_in_flight(index)) {
            queue_reset_finished(*queue(index));
        }
        if (used_slots_ == 0) {
            reset_finished();
        }
        return;
    }
    const bool writes =
        job.operation == Operation::write || job.operation == Operation::write_zeroes;
    if (good && writes && is_write_through()) {
        job = {}; // a flush. 5.2.6.2: on the medium before it is answered
        start(slot);
        return;
    }
    const auto data = good && job.operation == Operation::read
                          ? static_cast<std::uint32_t>(slot.chain.writable_bytes() - 1)
                          : 0;
    answer(slot, good ? Answer::ok : Answer::io_error, data);
}

void Block::batch_done()
{
    (void)catch_up();
    for (unsigned i = 0; i < queues(); ++i) {
        if ((stalled_ >> i & 1) != 0) {
            notify(i);
        }
        publish(*queue(i));
    }
    disk_.kick();
}

bool Block::has_in_flight(unsigned index) const
{
    return std::ranges::any_of(slots_,
                               [&](const Slot& slot) { return slot.chain && slot.queue == index; });
}

/// Forgets requests. Those that the disk has already stay in their slots until it is done.
template <class Which>
void Block::abandon(Which which)
{
    Slot* it      = std::exchange(waiting_, nullptr);
    last_waiting_ = nullptr;
    while (it != nullptr) {
        Slot& slot = *std::exchange(it, it->next);
        if (which(slot)) {
            release(slot);
        } else {
            slot.next                                              = nullptr;
            (waiting_ == nullptr ? waiting_ : last_waiting_->next) = &slot;
            last_waiting_                                          = &slot;
        }
    }
    for (Slot& slot : slots_) {
        slot.abandoned = slot.abandoned || (slot.chain && which(slot));
    }
}

void Block::on_stop()
{
    held_    = {};
    stalled_ = 0;
    abandon([](const Slot&) { return true; });
}

bool Block::on_reset()
{
    config_.writeback = 1;
    return used_slots_ == 0;
}

bool Block::on_queue_reset(unsigned index)
{
    if (held_ && held_queue_ == index) {
        held_ = {};
    }
    abandon([&](const Slot& slot) { return slot.queue == index; });
    stalled_ &= ~(1ULL << index);
    return !has_in_flight(index);
}

} // namespace virtio
