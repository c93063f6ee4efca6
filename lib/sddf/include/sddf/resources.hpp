// SPDX-License-Identifier: BSD-2-Clause
// What sDDF's configuration sections are made of: magic numbers, regions, device resources.
#pragma once

#include "base/checked.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace sddf {

/// Arrays of clients in the sections have this many entries.
inline constexpr std::size_t k_max_clients = 64;

enum class Class : std::uint8_t {
    device_resources = 1,
    block            = 2,
    serial           = 3,
    i2c              = 4,
    network          = 5,
    timer            = 6,
};

/// "sDDF" and the class, at the start of every section. A section that no tool filled has zeroes.
using Magic = std::array<std::uint8_t, 5>;

[[nodiscard]] constexpr Magic magic_of(Class which)
{
    return {'s', 'D', 'D', 'F', static_cast<std::uint8_t>(which)};
}

/// A mapping of a memory region in this protection domain. All zero: there is none.
struct Region {
    std::uint64_t vaddr;
    std::uint64_t size;

    [[nodiscard]] bool                 exists() const { return vaddr != 0 && size != 0; }
    [[nodiscard]] std::span<std::byte> bytes() const
    {
        return exists() ? std::span{reinterpret_cast<std::byte*>(vaddr), size}
                        : std::span<std::byte>{};
    }
    /// [offset, offset + length) of it, where a neighbour named the numbers; empty if it does not
    /// lie inside.
    [[nodiscard]] std::span<std::byte> part(std::uint64_t offset, std::uint64_t length) const
    {
        return exists() && base::range_fits(offset, length, size) ? bytes().subspan(offset, length)
                                                                  : std::span<std::byte>{};
    }
};

/// A region that a device reads or writes at `io_addr`.
struct DeviceRegion {
    Region        region;
    std::uint64_t io_addr;
};

/// `.device_resources` of every driver.
struct DeviceResources {
    Magic                        magic;
    std::uint8_t                 num_regions;
    std::uint8_t                 num_irqs;
    std::array<DeviceRegion, 64> regions;
    std::array<std::uint8_t, 64> irqs; ///< Microkit channels

    [[nodiscard]] bool is_valid() const { return magic == magic_of(Class::device_resources); }
};

static_assert(sizeof(Region) == 16 && alignof(Region) == 8);
static_assert(sizeof(DeviceRegion) == 24 && offsetof(DeviceRegion, io_addr) == 16);
static_assert(sizeof(DeviceResources) == 1608);
static_assert(offsetof(DeviceResources, num_regions) == 5);
static_assert(offsetof(DeviceResources, num_irqs) == 6);
static_assert(offsetof(DeviceResources, regions) == 8);
static_assert(offsetof(DeviceResources, irqs) == 1544);

} // namespace sddf
