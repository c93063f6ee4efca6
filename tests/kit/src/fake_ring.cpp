// SPDX-License-Identifier: BSD-2-Clause
// The driver's end of a split virtqueue.
#include "kit/fake_ring.hpp"

#include <stdexcept>

namespace kit {

FakeRing::FakeRing(GuestRam& ram, std::uint16_t size)
    : ram_{ram}
    , size_{size}
    , descriptors_{ram.allocate(16ULL * size, 16)}
    , avail_{ram.allocate(6 + 2ULL * size, 2)}
    , used_{ram.allocate(6 + 8ULL * size, 4)}
{
    clear();
}

void FakeRing::clear()
{
    std::memset(ram_.bytes(avail_, 6 + 2ULL * size_).data(), 0, 6 + 2ULL * size_);
    std::memset(ram_.bytes(used_, 6 + 8ULL * size_).data(), 0, 6 + 8ULL * size_);
    free_.clear();
    chains_.clear();
    // Not in order, so that nobody relies on it.
    for (unsigned i = 0; i < size_; ++i) {
        free_.push_back(static_cast<std::uint16_t>((i * 5 + 3) % size_));
    }
    next_avail_ = 0;
    told_       = 0;
    seen_used_  = 0;
}

virtio::Queue::Settings FakeRing::settings() const
{
    return {
        .size = size_, .descriptors = descriptors_, .driver_area = avail_, .device_area = used_};
}

std::uint16_t FakeRing::allocate()
{
    if (free_.empty()) {
        throw std::logic_error("FakeRing: no free descriptor");
    }
    const auto index = free_.back();
    free_.pop_back();
    return index;
}

void FakeRing::descriptor(std::uint16_t index, std::uint64_t address, std::uint32_t size,
                          std::uint16_t flags, std::uint16_t next)
{
    const auto at = descriptors_ + 16ULL * index;
    ram_.store(at, address);
    ram_.store(at + 8, size);
    ram_.store(at + 12, flags);
    ram_.store(at + 14, next);
}

void FakeRing::write_buffer(std::uint64_t table, std::uint16_t index, const Buffer& buffer,
                            std::optional<std::uint16_t> next)
{
    const auto at = table + 16ULL * index;
    ram_.store(at, buffer.address);
    ram_.store(at + 8, buffer.size);
    ram_.store(at + 12, static_cast<std::uint16_t>((buffer.device_writes ? k_write : 0) |
                                                   (next ? k_next : 0)));
    ram_.store(at + 14, next.value_or(0));
}

std::uint16_t FakeRing::add(const std::vector<Buffer>& buffers)
{
    std::vector<std::uint16_t> chain;
    for (std::size_t i = 0; i < buffers.size(); ++i) {
        chain.push_back(allocate());
    }
    for (std::size_t i = 0; i < buffers.size(); ++i) {
        write_buffer(descriptors_, chain[i], buffers[i],
                     i + 1 < buffers.size() ? std::optional{chain[i + 1]} : std::nullopt);
    }
    const auto head = chain.front();
    chains_[head]   = std::move(chain);
    offer(head);
    show();
    return head;
}

std::uint16_t FakeRing::add_indirect(const std::vector<Buffer>& buffers, std::size_t direct)
{
    const auto                 count = static_cast<std::uint16_t>(buffers.size() - direct);
    const auto                 table = ram_.allocate(16ULL * count);
    std::vector<std::uint16_t> chain;
    for (std::size_t i = 0; i < direct + 1; ++i) {
        chain.push_back(allocate());
    }
    for (std::size_t i = 0; i < direct; ++i) {
        write_buffer(descriptors_, chain[i], buffers[i], chain[i + 1]);
    }
    descriptor(chain.back(), table, 16U * count, k_indirect);
    // From the last entry to the first but one, so that only `next` gives the order.
    const auto place = [&](std::uint16_t i) {
        return static_cast<std::uint16_t>(i == 0 ? 0 : count - i);
    };
    for (std::uint16_t i = 0; i < count; ++i) {
        write_buffer(table, place(i), buffers[direct + i],
                     i + 1 < count ? std::optional{place(static_cast<std::uint16_t>(i + 1))}
                                   : std::nullopt);
    }
    const auto head = chain.front();
    chains_[head]   = std::move(chain);
    offer(head);
    show();
    return head;
}

void FakeRing::offer(std::uint16_t head)
{
    ram_.store(avail_ + 4 + 2ULL * (next_avail_ % size_), head);
    ++next_avail_;
}

void FakeRing::show() { set_available_index(next_avail_); }

void FakeRing::set_available_index(std::uint16_t index) { ram_.store(avail_ + 2, index); }

std::uint16_t FakeRing::used_index() { return ram_.load<std::uint16_t>(used_ + 2); }
std::uint16_t FakeRing::used_flags() { return ram_.load<std::uint16_t>(used_); }
std::uint16_t FakeRing::available_event()
{
    return ram_.load<std::uint16_t>(used_ + 4 + 8ULL * size_);
}

std::uint16_t FakeRing::used_waiting()
{
    return static_cast<std::uint16_t>(used_index() - seen_used_);
}

std::optional<FakeRing::Used> FakeRing::used()
{
    if (used_waiting() == 0) {
        return std::nullopt;
    }
    const auto at = used_ + 4 + 8ULL * (seen_used_ % size_);
    const Used result{ram_.load<std::uint32_t>(at), ram_.load<std::uint32_t>(at + 4)};
    ++seen_used_;
    const auto found = chains_.find(static_cast<std::uint16_t>(result.id));
    if (result.id > 0xffff || found == chains_.end()) {
        throw std::logic_error("FakeRing: the device used what was not available");
    }
    free_.insert(free_.end(), found->second.begin(), found->second.end());
    chains_.erase(found);
    return result;
}

bool FakeRing::must_notify()
{
    const auto before = told_;
    told_             = next_avail_;
    if (before == next_avail_) {
        return false;
    }
    if (!event_idx_) {
        return (used_flags() & 1) == 0;
    }
    return static_cast<std::uint16_t>(next_avail_ - available_event() - 1) <
           static_cast<std::uint16_t>(next_avail_ - before);
}

void FakeRing::want_interrupt_after(std::uint16_t index)
{
    ram_.store(avail_ + 4 + 2ULL * size_, index);
}

void FakeRing::want_interrupt()
{
    ram_.store<std::uint16_t>(avail_, 0);
    want_interrupt_after(seen_used_);
}

void FakeRing::want_no_interrupt()
{
    if (event_idx_) {
        want_interrupt_after(static_cast<std::uint16_t>(seen_used_ - 1));
    } else {
        ram_.store<std::uint16_t>(avail_, 1);
    }
}

} // namespace kit
