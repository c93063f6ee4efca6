// SPDX-License-Identifier: BSD-2-Clause
// The two ends of a serial ring.
#include "sddf/serial.hpp"

#include "sddf/shared.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace sddf::serial {

base::Result<> End::open(std::span<std::byte> queue, std::span<std::byte> data)
{
    if (queue.size() < sizeof(Queue) ||
        reinterpret_cast<std::uintptr_t>(queue.data()) % alignof(Queue) != 0) {
        return base::fail("a serial queue has no memory region for its counters",
                          "was the configuration section filled in?", queue.size());
    }
    if (!std::has_single_bit(data.size()) || data.size() > std::size_t{1} << 31) {
        return base::fail("the size of a serial data region is no power of two",
                          "change it in the system description", data.size());
    }
    queue_    = static_cast<Queue*>(static_cast<void*>(queue.data()));
    data_     = data.data();
    capacity_ = static_cast<std::uint32_t>(data.size());
    return {};
}

std::span<std::byte> End::piece(std::uint32_t counter, std::uint32_t size) const
{
    const std::uint32_t offset = counter & (capacity_ - 1);
    return {data_ + offset, std::min(size, capacity_ - offset)};
}

base::Result<> Producer::open(std::span<std::byte> queue, std::span<std::byte> data)
{
    if (auto opened = End::open(queue, data); !opened) {
        return opened;
    }
    tail_      = load_relaxed(queue_->tail);
    published_ = tail_;
    return {};
}

std::uint32_t Producer::space() const
{
    return capacity_ - used(tail_, load_acquire(queue_->head));
}

std::span<std::byte> Producer::room() const { return piece(tail_, space()); }

std::size_t Producer::write(std::span<const std::byte> from)
{
    const auto size  = static_cast<std::uint32_t>(std::min<std::size_t>(from.size(), space()));
    const auto first = piece(tail_, size);
    std::memcpy(first.data(), from.data(), first.size());
    std::memcpy(data_, from.data() + first.size(), size - first.size());
    tail_ += size;
    return size;
}

void Producer::show()
{
    store_release(queue_->tail, tail_);
    published_ = tail_;
}

bool Producer::publish()
{
    if (published_ == tail_) {
        return false;
    }
    show();
    return true;
}

bool Producer::ask_for_space(std::uint32_t needed)
{
    store_relaxed(queue_->producer_signalled, 0U);
    full_barrier(); // the wish before the consumer's head; release() does it the other way round
    if (space() < needed) {
        return false;
    }
    store_relaxed(queue_->producer_signalled, 1U);
    return true;
}

base::Result<> Consumer::open(std::span<std::byte> queue, std::span<std::byte> data)
{
    if (auto opened = End::open(queue, data); !opened) {
        return opened;
    }
    head_     = load_relaxed(queue_->head);
    released_ = head_;
    return {};
}

std::uint32_t Consumer::available() const { return used(load_acquire(queue_->tail), head_); }

void Consumer::drop_nonsense()
{
    const auto tail = load_acquire(queue_->tail);
    if (tail - head_ > capacity_) {
        head_ = tail;
    }
}

std::span<const std::byte> Consumer::data(std::uint32_t skip) const
{
    const auto all = available();
    return piece(head_ + skip, skip < all ? all - skip : 0);
}

std::size_t Consumer::read(std::span<std::byte> to)
{
    const auto size  = static_cast<std::uint32_t>(std::min<std::size_t>(to.size(), available()));
    const auto first = piece(head_, size);
    std::memcpy(to.data(), first.data(), first.size());
    std::memcpy(to.data() + first.size(), data_, size - first.size());
    head_ += size;
    return size;
}

void Consumer::show() { store_release(queue_->head, head_); }

bool Consumer::release()
{
    if (released_ == head_) {
        return false;
    }
    store_release(queue_->head, head_);
    released_ = head_;
    full_barrier();
    if (load_relaxed(queue_->producer_signalled) != 0) {
        return false;
    }
    store_relaxed(queue_->producer_signalled, 1U);
    return true;
}

} // namespace sddf::serial
