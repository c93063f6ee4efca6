// SPDX-License-Identifier: BSD-2-Clause
// A split virtqueue from the driver's end (virtIO 1.2, 2.7). It does as it is told, right or wrong:
// who wants to break a rule writes into descriptors() and the rest.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace guest {

/// One buffer of a request.
struct Piece {
    std::uint64_t address = 0;
    std::uint32_t size    = 0;
    bool          writes  = false; ///< the device does
};

/// The buffers of a request, up to sixteen.
class Pieces {
public:
    void                      add(const Piece& piece) { items_[size_++] = piece; }
    [[nodiscard]] Piece&      operator[](std::size_t index) { return items_[index]; }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] auto        begin() { return items_.begin(); }
    [[nodiscard]] auto        end() { return items_.begin() + size_; }
    [[nodiscard]] auto        begin() const { return items_.begin(); }
    [[nodiscard]] auto        end() const { return items_.begin() + size_; }

private:
    std::array<Piece, 16> items_{};
    std::size_t           size_ = 0;
};

struct Descriptor {
    std::uint64_t address;
    std::uint32_t size;
    std::uint16_t flags;
    std::uint16_t next;
};

enum DescriptorFlag : std::uint16_t { k_next = 1, k_write = 2, k_indirect = 4 };

class Ring {
public:
    Ring() = default;
    /// In memory from `start` on (16-byte aligned), which has bytes() room; cleared.
    Ring(std::uint64_t start, std::uint16_t size);

    [[nodiscard]] static constexpr std::uint64_t bytes(std::uint16_t size)
    {
        return 16ULL * size + (6 + 2ULL * size + 3) / 4 * 4 + 6 + 8ULL * size + 16;
    }

    [[nodiscard]] std::uint16_t size() const { return size_; }
    [[nodiscard]] std::uint64_t descriptor_area() const { return start_; }
    [[nodiscard]] std::uint64_t driver_area() const { return start_ + 16ULL * size_; }
    [[nodiscard]] std::uint64_t device_area() const
    {
        return driver_area() + (6 + 2ULL * size_ + 3) / 4 * 4;
    }

    [[nodiscard]] volatile Descriptor& descriptor(std::uint16_t index) const
    {
        return reinterpret_cast<volatile Descriptor*>(descriptor_area())[index];
    }
    [[nodiscard]] volatile std::uint16_t& avail(std::size_t word) const
    {
        return reinterpret_cast<volatile std::uint16_t*>(driver_area())[word];
    }
    [[nodiscard]] std::uint16_t used_flags() const { return used(0); }
    [[nodiscard]] std::uint16_t used_idx() const { return used(1); }
    [[nodiscard]] std::uint16_t avail_event() const { return used(2 + 4ULL * size_); }

    /// Writes a chain of these pieces, at most size() of them, and gives its head. Two chains of
    /// up to half of the table each do not overlap.
    std::uint16_t place(std::span<const Piece> pieces);
    /// Writes an indirect table at `table` and one descriptor that leads to it.
    std::uint16_t place_indirect(std::span<const Piece> pieces, std::uint64_t table,
                                 std::uint16_t extra_flags = 0);
    /// Makes a chain available.
    void offer(std::uint16_t head);
    /// Adds to the available index without any entry.
    void jump(std::uint16_t by);

    /// Whether the device used something since the last take(). Its length goes to `written`.
    bool                        take(std::uint32_t& written, std::uint16_t& head);
    [[nodiscard]] bool          has_used() const { return used_idx() != taken_; }
    [[nodiscard]] std::uint16_t offered() const { return offered_; }
    [[nodiscard]] std::uint16_t taken() const { return taken_; }

private:
    [[nodiscard]] std::uint16_t used(std::size_t word) const
    {
        return reinterpret_cast<const volatile std::uint16_t*>(device_area())[word];
    }

    std::uint64_t start_   = 0;
    std::uint16_t size_    = 0;
    std::uint16_t next_    = 0; ///< the descriptor that place() begins with
    std::uint16_t offered_ = 0;
    std::uint16_t taken_   = 0;
};

} // namespace guest
