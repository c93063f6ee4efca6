// SPDX-License-Identifier: BSD-2-Clause
// The memory layout of the split virtqueue (virtIO 1.2, section 2.7).
#pragma once

#include "base/reg.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>

namespace virtio::split {

static_assert(std::endian::native == std::endian::little, "the standard's words are little-endian");

/// struct virtq_desc (2.7.5).
struct Descriptor {
    std::uint64_t address;
    std::uint32_t size;
    std::uint16_t flags;
    std::uint16_t next;
};
static_assert(sizeof(Descriptor) == 16 && offsetof(Descriptor, flags) == 12);

struct DescriptorFlags : base::Register<DescriptorFlags, std::uint16_t> {
    using Register::Register;
    using next     = base::Flag<0>;
    using write    = base::Flag<1>; ///< the device writes; otherwise it reads
    using indirect = base::Flag<2>;
};

/// struct virtq_avail (2.7.6): flags, idx, ring[size], used_event.
inline constexpr std::size_t   k_avail_idx          = 2;
inline constexpr std::size_t   k_avail_ring         = 4;
inline constexpr std::uint16_t k_avail_no_interrupt = 1;

/// struct virtq_used (2.7.8): flags, idx, ring[size] of {id, len}, avail_event.
inline constexpr std::size_t   k_used_idx       = 2;
inline constexpr std::size_t   k_used_ring      = 4;
inline constexpr std::size_t   k_used_element   = 8;
inline constexpr std::uint16_t k_used_no_notify = 1;

/// Sizes of the three parts (2.7); the events at the end are there with VIRTIO_F_EVENT_IDX only,
/// but the parts are as large without it.
[[nodiscard]] constexpr std::uint64_t descriptor_bytes(std::uint32_t size) { return 16ULL * size; }
[[nodiscard]] constexpr std::uint64_t avail_bytes(std::uint32_t size) { return 6 + 2ULL * size; }
[[nodiscard]] constexpr std::uint64_t used_bytes(std::uint32_t size) { return 6 + 8ULL * size; }

inline constexpr std::uint64_t k_descriptor_alignment = 16;
inline constexpr std::uint64_t k_avail_alignment      = 2;
inline constexpr std::uint64_t k_used_alignment       = 4;

} // namespace virtio::split
