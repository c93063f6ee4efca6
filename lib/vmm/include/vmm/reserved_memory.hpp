// SPDX-License-Identifier: BSD-2-Clause
// What a user's own device tree keeps free of images.
#pragma once

#include "base/address.hpp"
#include "base/fixed_vector.hpp"
#include "base/result.hpp"
#include "vmm/memory.hpp"

#include <cstddef>
#include <span>

namespace vmm {

/// As many ranges of a guest's RAM as a tree may reserve. Boards' trees have up to thirty.
inline constexpr std::size_t k_most_reserved_ranges = 64;

using ReservedRanges = base::FixedVector<base::GuestRange, k_most_reserved_ranges>;

/// The parts of `ram` that the tree `blob` keeps for others: its memory reservation block and the
/// enabled nodes of /reserved-memory that name addresses. Those with nothing but a size are the
/// guest's to place. Errors: `blob` is not a sound device tree, or reserves too many ranges.
[[nodiscard]] base::Result<ReservedRanges> read_reserved_memory(std::span<const std::byte>    blob,
                                                                std::span<const MemoryRegion> ram);

} // namespace vmm
