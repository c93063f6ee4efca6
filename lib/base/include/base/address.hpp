// SPDX-License-Identifier: BSD-2-Clause
// Addresses of different spaces as types that do not convert into each other.
#pragma once

#include "base/checked.hpp"

#include <compare>
#include <cstdint>
#include <optional>

namespace base {

/// A 64-bit address in the space that Space names. Convert by saying so: Address{raw}, raw().
template <class Space>
class Address {
public:
    constexpr Address() = default;
    constexpr explicit Address(std::uint64_t raw)
        : raw_{raw}
    {
    }

    [[nodiscard]] constexpr std::uint64_t raw() const { return raw_; }

    constexpr auto operator<=>(const Address&) const = default;

    /// This address plus an offset, or nothing where that passes the end of 64 bits.
    [[nodiscard]] constexpr std::optional<Address> plus(std::uint64_t offset) const
    {
        const auto sum = checked_add(raw_, offset);
        return sum ? std::optional{Address{*sum}} : std::nullopt;
    }

    /// Distance from a lower address of the same space; wraps if `lower` is above this.
    [[nodiscard]] constexpr std::uint64_t minus(Address lower) const { return raw_ - lower.raw_; }

private:
    std::uint64_t raw_ = 0;
};

/// [start, start + size) in one space; by construction it does not wrap.
template <class Space>
class Range {
public:
    constexpr Range() = default;

    [[nodiscard]] static constexpr std::optional<Range> create(Address<Space> start,
                                                               std::uint64_t  size)
    {
        // The end itself must be representable, so that comparisons against it are simple.
        if (!start.plus(size)) {
            return std::nullopt;
        }
        return Range{start, size};
    }

    [[nodiscard]] constexpr Address<Space> start() const { return start_; }
    [[nodiscard]] constexpr std::uint64_t  size() const { return size_; }
    [[nodiscard]] constexpr Address<Space> end() const
    {
        return Address<Space>{start_.raw() + size_};
    }

    [[nodiscard]] constexpr bool contains(Address<Space> a, std::uint64_t size = 1) const
    {
        return a >= start_ && range_fits(a.minus(start_), size, size_);
    }
    [[nodiscard]] constexpr bool overlaps(const Range& other) const
    {
        return start_ < other.end() && other.start_ < end();
    }

    constexpr bool operator==(const Range&) const = default;

private:
    constexpr Range(Address<Space> start, std::uint64_t size)
        : start_{start}
        , size_{size}
    {
    }

    Address<Space> start_{};
    std::uint64_t  size_ = 0;
};

using HostPhysical  = Address<struct HostPhysicalSpace>;  ///< what the machine's bus sees
using GuestPhysical = Address<struct GuestPhysicalSpace>; ///< what a guest takes for physical (IPA)
using GuestVirtual  = Address<struct GuestVirtualSpace>;  ///< what a guest's instructions use
using PdVirtual     = Address<struct PdVirtualSpace>;     ///< what a protection domain's use

using HostRange  = Range<struct HostPhysicalSpace>;
using GuestRange = Range<struct GuestPhysicalSpace>;
using PdRange    = Range<struct PdVirtualSpace>;

} // namespace base
