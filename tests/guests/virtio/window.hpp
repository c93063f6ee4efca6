// SPDX-License-Identifier: BSD-2-Clause
// The registers of virtIO MMIO devices, and where the device tree has them (virtIO 1.2, 4.2.2).
#pragma once

#include "guest/cpu.hpp"

#include "base/fixed_vector.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace guest {

// clang-format off
enum Register : std::uint64_t {
    magic_value          = 0x000,
    version              = 0x004,
    device_id            = 0x008,
    vendor_id            = 0x00c,
    device_features      = 0x010,
    device_features_sel  = 0x014,
    driver_features      = 0x020,
    driver_features_sel  = 0x024,
    queue_sel            = 0x030,
    queue_num_max        = 0x034,
    queue_num            = 0x038,
    queue_ready          = 0x044,
    queue_notify         = 0x050,
    interrupt_status     = 0x060,
    interrupt_ack        = 0x064,
    status               = 0x070,
    queue_desc_low       = 0x080,
    queue_driver_low     = 0x090,
    queue_device_low     = 0x0a0,
    queue_reset          = 0x0c0,
    config_generation    = 0x0fc,
    config               = 0x100,
};

enum Status : std::uint32_t {
    k_acknowledge = 1,
    k_driver      = 2,
    k_driver_ok   = 4,
    k_features_ok = 8,
    k_needs_reset = 64,
    k_failed      = 128,
};

enum Type : std::uint32_t { network = 1, block = 2, console = 3, entropy = 4 };
// clang-format on

inline constexpr std::uint64_t k_indirect_desc = 1ULL << 28;
inline constexpr std::uint64_t k_event_idx     = 1ULL << 29;
inline constexpr std::uint64_t k_version_1     = 1ULL << 32;
inline constexpr std::uint64_t k_ring_reset    = 1ULL << 40;

/// One device's registers.
struct Window {
    std::uint64_t base  = 0;
    std::uint32_t intid = 0;
    std::uint32_t type  = 0;

    [[nodiscard]] std::uint32_t read(std::uint64_t offset) const { return read32(base + offset); }
    void write(std::uint64_t offset, std::uint32_t value) const { write32(base + offset, value); }

    [[nodiscard]] std::uint8_t  config8(std::uint64_t offset) const;
    [[nodiscard]] std::uint16_t config16(std::uint64_t offset) const;
    [[nodiscard]] std::uint32_t config32(std::uint64_t offset) const
    {
        return read(Register::config + offset);
    }
    [[nodiscard]] std::uint64_t config64(std::uint64_t offset) const
    {
        return config32(offset) | std::uint64_t{config32(offset + 4)} << 32;
    }
};

using Windows = base::FixedVector<Window, 32>;

/// All modern virtIO devices of a tree that are there (their type is not 0), in its order.
[[nodiscard]] Windows find_windows(std::span<const std::byte> device_tree);

[[nodiscard]] const char* name_of(std::uint32_t type);

} // namespace guest
