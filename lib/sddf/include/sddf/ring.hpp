// SPDX-License-Identifier: BSD-2-Clause
// The single-producer single-consumer ring of sDDF's block and network classes: one end each.
#pragma once

#include "base/result.hpp"
#include "sddf/shared.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <type_traits>

namespace sddf {

/// How many entries may be outstanding so that no two of them ever share a slot: all of a capacity
/// that is a power of two. With another one (sDDF's own tool makes block queues of 384) the
/// sequence of slots jumps where the counter wraps.
template <class Counter>
[[nodiscard]] constexpr Counter safe_outstanding(Counter capacity)
{
    if (capacity == 0) {
        return 0;
    }
    // 2^width mod capacity, without the number that does not fit.
    const auto jump =
        static_cast<Counter>((std::numeric_limits<Counter>::max() % capacity + 1U) % capacity);
    return jump == 0 ? capacity : jump;
}

/// A ring in a shared region: a Header with the free-running counters `tail` (the producer's) and
/// `head` (the consumer's), then the slots. The capacity is not in shared memory.
///
/// Each end keeps its own counter to itself and only shows it, so that the other side cannot move
/// it; the other side's counter may be any number, and is cut to what is possible.
template <class Header, class Slot>
class RingEnd {
public:
    using Counter = std::remove_cvref_t<decltype(Header::tail)>;
    static_assert(sizeof(Header) % alignof(Slot) == 0);

    /// Bytes that a region must have.
    [[nodiscard]] static constexpr std::size_t bytes_for(std::uint32_t capacity)
    {
        return sizeof(Header) + std::size_t{capacity} * sizeof(Slot);
    }

    [[nodiscard]] std::uint32_t capacity() const { return capacity_; }

protected:
    constexpr RingEnd() = default;

    base::Result<> open(std::span<std::byte> region, std::uint32_t capacity)
    {
        // More than half of the counter's range would not tell a broken peer from a full ring.
        if (capacity == 0 || capacity > std::numeric_limits<Counter>::max() / 2 + 1) {
            return base::fail("an sDDF queue has an impossible capacity",
                              "was the configuration section filled in?", capacity);
        }
        if (region.size() < bytes_for(capacity) ||
            reinterpret_cast<std::uintptr_t>(region.data()) % alignof(Slot) != 0) {
            return base::fail("an sDDF queue does not fit into its memory region",
                              "make the region larger", region.size());
        }
        header_   = static_cast<Header*>(static_cast<void*>(region.data()));
        slots_    = static_cast<Slot*>(static_cast<void*>(region.data() + sizeof(Header)));
        capacity_ = capacity;
        return {};
    }

    /// A real remainder: capacities need not be powers of two.
    [[nodiscard]] Slot& slot(Counter counter) const { return slots_[counter % capacity_]; }

    /// tail - head, as the producer may legally have made it.
    [[nodiscard]] std::uint32_t used(Counter tail, Counter head) const
    {
        const auto length = static_cast<Counter>(tail - head);
        return length < capacity_ ? length : capacity_;
    }

    Header*       header_   = nullptr;
    Slot*         slots_    = nullptr;
    std::uint32_t capacity_ = 0;
};

template <class Header, class Slot>
class RingProducer : public RingEnd<Header, Slot> {
    using Base = RingEnd<Header, Slot>;

public:
    using Counter = typename Base::Counter;

    constexpr RingProducer() = default;

    /// Takes up the ring where it stands: a new one is all zero, one of before a restart is not.
    /// Errors: a capacity or a region that cannot be.
    base::Result<> open(std::span<std::byte> region, std::uint32_t capacity)
    {
        if (auto opened = Base::open(region, capacity); !opened) {
            return opened;
        }
        tail_          = load_relaxed(this->header_->tail);
        published_     = tail_;
        has_published_ = false;
        return {};
    }

    /// Takes the counter from the ring again, for one that its consumer fills at start (network: a
    /// client's free rings): to be called before the first push(), when the consumer must have
    /// filled it, since an entry of it has come back another way. Does nothing after a publish().
    void adopt()
    {
        if (!has_published_ && tail_ == published_) {
            tail_      = load_relaxed(this->header_->tail);
            published_ = tail_;
        }
    }

    /// Whether nothing has ever gone through the ring.
    [[nodiscard]] bool is_unused() const
    {
        return tail_ == 0 && load_relaxed(this->header_->head) == 0;
    }

    /// Free slots.
    [[nodiscard]] std::uint32_t space() const
    {
        return this->capacity_ - this->used(tail_, load_acquire(this->header_->head));
    }

    /// Fills the next slot, unseen until publish(). False: full.
    [[nodiscard]] bool push(const Slot& value)
    {
        if (space() == 0) {
            return false;
        }
        this->slot(tail_) = value;
        ++tail_;
        return true;
    }

    /// Shows the consumer what was pushed. True: there was something, so the consumer is to be
    /// notified, where it always is.
    bool publish()
    {
        if (published_ == tail_) {
            return false;
        }
        store_release(this->header_->tail, tail_);
        published_     = tail_;
        has_published_ = true;
        return true;
    }

    /// publish(), and whether the consumer asked to be notified (network class).
    [[nodiscard]] bool publish_if_asked() requires requires(Header h) { h.consumer_signalled; }
    {
        if (!publish()) {
            return false;
        }
        full_barrier(); // tail before the flag; the consumer does it the other way round
        if (load_relaxed(this->header_->consumer_signalled) != 0) {
            return false;
        }
        store_relaxed(this->header_->consumer_signalled, 1U);
        return true;
    }

    /// Calls `show(counter, value)` if publish() would move the counter: for Journal::stage().
    template <class Show>
    void if_moved(Show&& show) const
    {
        if (published_ != tail_) {
            show(this->header_->tail, tail_);
        }
    }

private:
    Counter tail_          = 0;
    Counter published_     = 0;
    bool    has_published_ = false;
};

template <class Header, class Slot>
class RingConsumer : public RingEnd<Header, Slot> {
    using Base = RingEnd<Header, Slot>;

public:
    using Counter = typename Base::Counter;

    constexpr RingConsumer() = default;

    base::Result<> open(std::span<std::byte> region, std::uint32_t capacity)
    {
        if (auto opened = Base::open(region, capacity); !opened) {
            return opened;
        }
        head_     = load_relaxed(this->header_->head);
        released_ = head_;
        return {};
    }

    /// Slots to be read.
    [[nodiscard]] std::uint32_t available() const
    {
        return this->used(load_acquire(this->header_->tail), head_);
    }

    /// A private copy of the next slot; the slot itself is the producer's again after release().
    [[nodiscard]] std::optional<Slot> pop()
    {
        if (available() == 0) {
            return std::nullopt;
        }
        const Slot value = copy_slot(this->slot(head_));
        ++head_;
        return value;
    }

    /// Gives the slots that were read back to the producer. True: there were some.
    bool release()
    {
        if (released_ == head_) {
            return false;
        }
        store_release(this->header_->head, head_);
        released_ = head_;
        return true;
    }

    /// Calls `show(counter, value)` if release() would move the counter: for Journal::stage().
    template <class Show>
    void if_moved(Show&& show) const
    {
        if (released_ != head_) {
            show(this->header_->head, head_);
        }
    }

    /// Asks the producer for a notification of what it publishes from here on (network class). To
    /// be called before looking: then one look suffices, and an event's work is bounded.
    void ask_first() requires requires(Header h) { h.consumer_signalled; }
    {
        store_relaxed(this->header_->consumer_signalled, 0U);
        full_barrier(); // the flag before the tail
    }

    /// Asks the producer for a notification (network class). True: there is something already, and
    /// the wish was taken back: go on instead of waiting.
    [[nodiscard]] bool ask_for_more() requires requires(Header h) { h.consumer_signalled; }
    {
        return ask_unless([this] { return available() != 0; });
    }

    /// Likewise, where going on takes more than an entry (room elsewhere): `can_go_on` looks at
    /// the whole condition.
    template <class Condition>
    [[nodiscard]] bool ask_unless(Condition&& can_go_on) requires requires(Header h)
    {
        h.consumer_signalled;
    }
    {
        store_relaxed(this->header_->consumer_signalled, 0U);
        full_barrier(); // the flag before the tail
        if (!can_go_on()) {
            return false;
        }
        store_relaxed(this->header_->consumer_signalled, 1U);
        return true;
    }

    /// No notification is needed: something else will resume the work (network class).
    void decline() requires requires(Header h) { h.consumer_signalled; }
    {
        store_relaxed(this->header_->consumer_signalled, 1U);
    }

private:
    Counter head_     = 0;
    Counter released_ = 0;
};

} // namespace sddf
