// SPDX-License-Identifier: BSD-2-Clause
// A request of the guest: the private snapshot of a descriptor chain, read and written as streams.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

namespace virtio {

/// A piece of guest RAM that a request consists of: checked, and never empty.
struct Segment {
    std::byte*    at;
    std::uint32_t size;
};

/// From so many bytes on the SIMD registers are worth what the kernel pays to switch them: copying
/// this much with general registers takes about twelve hundred instructions more.
inline constexpr std::uint64_t k_bulk = std::uint64_t{10} * 1024;

/// What the driver wrote for the device, from front to back. The guest can change the bytes while
/// they are being read: whatever is acted upon is copied first, and only the copy is checked.
class Reader {
public:
    constexpr Reader() = default;
    constexpr Reader(std::span<const Segment> segments, std::uint64_t size)
        : segments_{segments}
        , left_{size}
    {
    }

    /// Bytes not read yet.
    [[nodiscard]] std::uint64_t left() const { return left_; }

    /// Fills all of `to`; false, and nothing read, where less is left. It may be a part of `whole`
    /// bytes that are moved one after the other: so many at once are moved faster (k_bulk).
    [[nodiscard]] bool read(std::span<std::byte> to, std::uint64_t whole = 0);

    /// A value, in the standard's little-endian order, at any alignment.
    template <class T>
    requires(std::is_trivially_copyable_v<T>) [[nodiscard]] std::optional<T> take()
    {
        std::array<std::byte, sizeof(T)> bytes;
        if (!read(bytes)) {
            return std::nullopt;
        }
        T value;
        __builtin_memcpy(&value, bytes.data(), sizeof(T));
        return value;
    }

    /// The next bytes where they are, at most `most` of them and at least one unless all is read:
    /// the way to copy them only once, or not at all. They count as read.
    [[nodiscard]] std::span<const std::byte> next(std::uint64_t most = ~std::uint64_t{0});

    /// Passes over bytes; stops at the end.
    void skip(std::uint64_t size);

private:
    std::span<const Segment> segments_{};
    std::uint64_t            left_   = 0;
    std::uint32_t            offset_ = 0; ///< into the first segment
};

/// Room for the device's answer, from front to back.
class Writer {
public:
    constexpr Writer() = default;
    constexpr Writer(std::span<const Segment> segments, std::uint64_t size)
        : segments_{segments}
        , room_{size}
    {
    }

    /// The same with at most `size` bytes of room.
    [[nodiscard]] Writer first(std::uint64_t size) const
    {
        Writer result = *this;
        result.room_  = size < room_ ? size : room_;
        return result;
    }

    /// Bytes of room left.
    [[nodiscard]] std::uint64_t room() const { return room_; }
    /// Bytes written so far: what the used ring reports.
    [[nodiscard]] std::uint32_t written() const { return static_cast<std::uint32_t>(written_); }

    /// Writes all of `from`; false, and nothing written, where it does not fit. `whole`: as for
    /// Reader::read().
    [[nodiscard]] bool write(std::span<const std::byte> from, std::uint64_t whole = 0);

    template <class T>
    requires(std::is_trivially_copyable_v<T>) [[nodiscard]] bool put(const T& value)
    {
        std::array<std::byte, sizeof(T)> bytes;
        __builtin_memcpy(bytes.data(), &value, sizeof(T));
        return write(bytes);
    }

    /// The next room where it is, at most `most` bytes of it and at least one unless it is full.
    /// It counts as written: fill it.
    [[nodiscard]] std::span<std::byte> next(std::uint64_t most = ~std::uint64_t{0});

    /// Writes zeroes; stops at the end.
    void zero(std::uint64_t size);

    /// Passes over room that somebody else fills; stops at the end.
    void skip(std::uint64_t size);

private:
    std::span<const Segment> segments_{};
    std::uint64_t            room_    = 0;
    std::uint64_t            written_ = 0;
    std::uint32_t            offset_  = 0;
};

/// A descriptor chain after it was checked: all of its memory is RAM, what the device may read
/// comes before what it may write, and nothing that the driver still does to its descriptors
/// matters. Every chain taken from a queue goes back to that queue with finish(), once.
class Chain {
public:
    constexpr Chain() = default;
    Chain(Chain&& other) noexcept { *this = std::move(other); }
    Chain& operator=(Chain&& other) noexcept
    {
        segments_ = std::exchange(other.segments_, {});
        readable_ = std::exchange(other.readable_, 0);
        sizes_    = std::exchange(other.sizes_, {});
        head_     = other.head_;
        epoch_    = std::exchange(other.epoch_, 0);
        return *this;
    }
    ~Chain() = default;

    /// Whether this holds a request.
    [[nodiscard]] explicit operator bool() const { return epoch_ != 0; }

    [[nodiscard]] std::uint64_t readable_bytes() const { return sizes_[0]; }
    [[nodiscard]] std::uint64_t writable_bytes() const { return sizes_[1]; }

    [[nodiscard]] Reader reader() const { return {segments_.first(readable_), sizes_[0]}; }
    [[nodiscard]] Writer writer() const { return {segments_.subspan(readable_), sizes_[1]}; }

    /// The very last byte of room, where block devices answer; there must be room.
    [[nodiscard]] std::byte& last_byte() const
    {
        const Segment& last = segments_.back();
        return last.at[last.size - 1];
    }

    [[nodiscard]] std::size_t segments() const { return segments_.size(); }

    /// Moves the snapshot into other storage, which must hold segments() of them: for a request
    /// that stays in flight while the next one is taken.
    void move_to(std::span<Segment> storage)
    {
        for (std::size_t i = 0; i < segments_.size(); ++i) {
            storage[i] = segments_[i];
        }
        segments_ = storage.first(segments_.size());
    }

private:
    friend class Queue;

    std::span<const Segment>     segments_{};
    std::size_t                  readable_ = 0; ///< segments; the others are for writing
    std::array<std::uint64_t, 2> sizes_{};      ///< bytes to read, bytes to write
    std::uint16_t                head_  = 0;
    std::uint32_t                epoch_ = 0; ///< of the queue when it was taken; 0: holds nothing
};

} // namespace virtio
