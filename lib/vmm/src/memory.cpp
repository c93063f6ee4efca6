// SPDX-License-Identifier: BSD-2-Clause
// Guest memory: the one file that turns guest addresses into pointers.
#include "vmm/memory.hpp"

#include "arch/bulk.hpp"
#include "arch/cache.hpp"

#include <algorithm>
#include <cstring>

namespace vmm {
namespace {

constexpr std::uint64_t k_page = 4096;

/// An aligned access of a natural size is one access, so that the guest sees it whole; anything
/// else is a plain copy. `T` is the size's unsigned integer.
template <class T>
void copy_one(std::byte* to, const std::byte* from)
{
    T value;
    __builtin_memcpy(&value, from, sizeof(value));
    __builtin_memcpy(to, &value, sizeof(value));
}

template <class T>
T load_whole(const std::byte* from)
{
    return __atomic_load_n(static_cast<const T*>(static_cast<const void*>(from)), __ATOMIC_RELAXED);
}

template <class T>
void store_whole(std::byte* to, T value)
{
    __atomic_store_n(static_cast<T*>(static_cast<void*>(to)), value, __ATOMIC_RELAXED);
}

/// From here on the SIMD registers repay that the kernel may have to switch them.
constexpr std::size_t k_bulk = 64 * 1024;

void copy(std::byte* to, const std::byte* from, std::size_t size)
{
    if (size >= k_bulk) {
        arch::copy_bulk(to, from, size);
    } else {
        std::memcpy(to, from, size);
    }
}

bool is_natural(const std::byte* at, std::size_t size)
{
    return size != 0 && size <= 8 && (size & (size - 1)) == 0 &&
           (reinterpret_cast<std::uintptr_t>(at) & (size - 1)) == 0;
}

template <class T>
void read_whole(std::byte* to, const std::byte* from)
{
    const T value = load_whole<T>(from);
    copy_one<T>(to, reinterpret_cast<const std::byte*>(&value));
}

template <class T>
void write_whole(std::byte* to, const std::byte* from)
{
    T value;
    copy_one<T>(reinterpret_cast<std::byte*>(&value), from);
    store_whole<T>(to, value);
}

void read_piece(std::byte* to, const std::byte* from, std::size_t size)
{
    if (is_natural(from, size)) {
        switch (size) {
        case 1:
            return read_whole<std::uint8_t>(to, from);
        case 2:
            return read_whole<std::uint16_t>(to, from);
        case 4:
            return read_whole<std::uint32_t>(to, from);
        default:
            return read_whole<std::uint64_t>(to, from);
        }
    }
    copy(to, from, size);
}

void write_piece(std::byte* to, const std::byte* from, std::size_t size)
{
    if (is_natural(to, size)) {
        switch (size) {
        case 1:
            return write_whole<std::uint8_t>(to, from);
        case 2:
            return write_whole<std::uint16_t>(to, from);
        case 4:
            return write_whole<std::uint32_t>(to, from);
        default:
            return write_whole<std::uint64_t>(to, from);
        }
    }
    copy(to, from, size);
}

} // namespace

Window::Window(const GuestMemory& memory, std::span<std::byte> bytes)
    : memory_{&memory}
    , bytes_{bytes}
{
    ++memory.windows_;
}

Window::~Window()
{
    if (memory_ != nullptr) {
        --memory_->windows_;
    }
}

base::Result<> GuestMemory::add(base::GuestPhysical start, base::PdVirtual mapping,
                                std::uint64_t size)
{
    const auto guest = base::GuestRange::create(start, size);
    if (!guest || !mapping.plus(size)) {
        return base::fail("a region of guest RAM passes the end of the address space",
                          "check its address and size", start.raw());
    }
    if (size == 0) {
        return base::fail("a region of guest RAM is empty",
                          "is the setvar_size symbol the one that the .system file names?",
                          start.raw());
    }
    if (!base::is_aligned(start.raw() | mapping.raw() | size, k_page)) {
        return base::fail("a region of guest RAM is not made of whole pages",
                          "use addresses and a size that are multiples of 4096", start.raw());
    }
    if (count_ == k_max_regions) {
        return base::fail("too many regions of guest RAM", "join neighbours", k_max_regions);
    }
    const auto end = regions_.begin() + static_cast<std::ptrdiff_t>(count_);
    for (auto it = regions_.begin(); it != end; ++it) {
        if (it->guest.overlaps(*guest)) {
            return base::fail("two regions of guest RAM overlap", "move one of them", start.raw());
        }
    }
    const auto place = std::find_if(regions_.begin(), end, [&](const MemoryRegion& region) {
        return region.guest.start() > start;
    });
    std::move_backward(place, end, end + 1);
    *place = MemoryRegion{.guest = *guest, .mapping = mapping};
    ++count_;
    return {};
}

base::Result<> GuestMemory::clear()
{
    if (windows_ != 0) {
        return base::fail("a window onto guest RAM is still open", "close it first", windows_);
    }
    count_ = 0;
    return {};
}

std::uint64_t GuestMemory::size() const
{
    std::uint64_t sum = 0;
    for (const auto& region : regions()) {
        sum += region.guest.size();
    }
    return sum;
}

GuestMemory::Place GuestMemory::find(base::GuestPhysical address) const
{
    for (std::size_t i = 0; i < count_; ++i) {
        const MemoryRegion& region = regions_[i];
        const std::uint64_t offset = address.minus(region.guest.start()); // below: wraps to huge
        if (offset < region.guest.size()) {
            return {.at   = reinterpret_cast<std::byte*>(region.mapping.raw() + offset),
                    .size = region.guest.size() - offset};
        }
    }
    return {.at = nullptr, .size = 0};
}

bool GuestMemory::contains(base::GuestPhysical start, std::uint64_t size) const
{
    auto place = find(start);
    if (place.size == 0) {
        return false;
    }
    while (size > place.size) {
        size -= place.size;
        start = base::GuestPhysical{start.raw() + place.size}; // a region's end: cannot wrap
        place = find(start);
        if (place.size == 0) {
            return false;
        }
    }
    return true;
}

template <class Visit>
bool GuestMemory::for_each_piece(base::GuestPhysical start, std::uint64_t size, Visit visit) const
{
    const Place first = find(start);
    if (first.size == 0) {
        return false;
    }
    if (size <= first.size) {
        visit(first.at, size);
        return true;
    }
    if (!contains(start, size)) {
        return false;
    }
    while (size != 0) {
        const Place         place = find(start);
        const std::uint64_t piece = std::min(size, place.size);
        visit(place.at, piece);
        start = base::GuestPhysical{start.raw() + piece};
        size -= piece;
    }
    return true;
}

bool GuestMemory::read(base::GuestPhysical from, std::span<std::byte> to) const
{
    std::byte* out = to.data();
    return for_each_piece(from, to.size(), [&](const std::byte* at, std::size_t size) {
        read_piece(out, at, size);
        out += size;
    });
}

bool GuestMemory::write(base::GuestPhysical to, std::span<const std::byte> from)
{
    const std::byte* in = from.data();
    return for_each_piece(to, from.size(), [&](std::byte* at, std::size_t size) {
        write_piece(at, in, size);
        in += size;
    });
}

bool GuestMemory::fill(base::GuestPhysical to, std::uint64_t size, std::byte value)
{
    return for_each_piece(to, size, [&](std::byte* at, std::size_t piece) {
        if (value == std::byte{0} && piece >= k_bulk) {
            arch::clear_bulk(at, piece);
        } else {
            std::memset(at, std::to_integer<int>(value), piece);
        }
    });
}

std::optional<Window> GuestMemory::window(base::GuestPhysical start, std::uint64_t size)
{
    const Place place = find(start);
    if (place.size == 0 || size > place.size) {
        return std::nullopt;
    }
    return Window{*this, {place.at, size}};
}

void GuestMemory::clean(base::GuestPhysical start, std::uint64_t size) const
{
    for_each_piece(start, size, [](const std::byte* at, std::size_t piece) {
        arch::clean_data_cache(at, piece);
    });
}

} // namespace vmm
