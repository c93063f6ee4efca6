// SPDX-License-Identifier: BSD-2-Clause
// Guest memory: RAM in one or more regions, reached by bounds-checked copies or counted windows.
#pragma once

#include "base/address.hpp"
#include "base/checked.hpp"
#include "base/result.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

namespace vmm {

/// One contiguous piece of guest RAM, and where this protection domain sees it.
struct MemoryRegion {
    base::GuestRange guest;
    base::PdVirtual  mapping; ///< of the region's first byte; need not equal the guest's address

    bool operator==(const MemoryRegion&) const = default;
};

class GuestMemory;

/// Direct sight of a piece of guest RAM, for who must read or write much of it at once. The guest
/// may change the bytes at any time: read a value once, then check the copy. The memory counts its
/// windows, and its regions cannot change while one is open.
class [[nodiscard]] Window {
public:
    Window(Window&& other) noexcept
        : memory_{std::exchange(other.memory_, nullptr)}
        , bytes_{std::exchange(other.bytes_, {})}
    {
    }
    Window& operator=(Window&&) = delete;
    ~Window();

    [[nodiscard]] std::span<std::byte> bytes() const { return bytes_; }

private:
    friend class GuestMemory;
    Window(const GuestMemory& memory, std::span<std::byte> bytes);

    const GuestMemory*   memory_;
    std::span<std::byte> bytes_;
};

/// All RAM of one guest. Accesses that are not wholly inside it do nothing and say so; one that
/// crosses from a region into the next works where the guest sees the two side by side.
class GuestMemory {
public:
    static constexpr std::size_t k_max_regions = 8;

    constexpr GuestMemory()                    = default;
    GuestMemory(const GuestMemory&)            = delete;
    GuestMemory& operator=(const GuestMemory&) = delete;

    /// Adds RAM. Errors: too many regions, an empty one, one that overlaps another in the guest's
    /// address space, addresses that wrap, addresses or a size that are no multiple of 4 KiB.
    base::Result<> add(base::GuestPhysical start, base::PdVirtual mapping, std::uint64_t size);

    /// Forgets all regions. Error: a window is open.
    base::Result<> clear();

    /// Ascending by guest address.
    [[nodiscard]] std::span<const MemoryRegion> regions() const
    {
        return {regions_.data(), count_};
    }

    /// Bytes of RAM in all.
    [[nodiscard]] std::uint64_t size() const;

    /// Whether every byte of [start, start + size) is RAM. An empty range is if its start is.
    [[nodiscard]] bool contains(base::GuestPhysical start, std::uint64_t size) const;

    /// The value at an address, in the byte order of the machine (little-endian). An aligned access
    /// of 1, 2, 4 or 8 bytes happens at once, as the guest's own would.
    template <class T>
    requires(std::is_trivially_copyable_v<T>)
        [[nodiscard]] std::optional<T> load(base::GuestPhysical from) const
    {
        T value;
        if (!read(from, std::as_writable_bytes(std::span{&value, 1}))) {
            return std::nullopt;
        }
        return value;
    }

    template <class T>
    requires(std::is_trivially_copyable_v<T>)
        [[nodiscard]] bool store(base::GuestPhysical to, const T& value)
    {
        return write(to, std::as_bytes(std::span{&value, 1}));
    }

    /// Copies all of `from` into the guest, or nothing.
    [[nodiscard]] bool copy_in(base::GuestPhysical to, std::span<const std::byte> from)
    {
        return write(to, from);
    }

    /// Fills all of `to` from the guest, or nothing of it.
    [[nodiscard]] bool copy_out(std::span<std::byte> to, base::GuestPhysical from) const
    {
        return read(from, to);
    }

    /// Sets a range to one value, or nothing of it.
    [[nodiscard]] bool fill(base::GuestPhysical to, std::uint64_t size, std::byte value);

    /// A window onto a range inside one region (two adjacent regions have separate mappings).
    [[nodiscard]] std::optional<Window> window(base::GuestPhysical start, std::uint64_t size);

    [[nodiscard]] unsigned open_windows() const { return windows_; }

    /// Makes what was written to a range visible to a guest whose caches are still off, by cleaning
    /// the data cache to the point of coherency. A guest starts that way and would otherwise read
    /// what memory held before. Without effect where the range is not RAM.
    void clean(base::GuestPhysical start, std::uint64_t size) const;

private:
    friend class Window;

    /// Where the byte at an address is and how many follow it in the same region; 0: no RAM.
    struct Place {
        std::byte*    at;
        std::uint64_t size;
    };
    [[nodiscard]] Place find(base::GuestPhysical address) const;

    /// Calls visit(bytes of this PD) for each piece of a range; false and no call if not all RAM.
    template <class Visit>
    bool for_each_piece(base::GuestPhysical start, std::uint64_t size, Visit visit) const;

    bool read(base::GuestPhysical from, std::span<std::byte> to) const;
    bool write(base::GuestPhysical to, std::span<const std::byte> from);

    std::array<MemoryRegion, k_max_regions> regions_{};
    std::size_t                             count_   = 0;
    mutable unsigned                        windows_ = 0;
};

} // namespace vmm
