// SPDX-License-Identifier: BSD-2-Clause
// Numbers of the virtIO standard 1.2 that every device and transport shares.
#pragma once

#include "base/reg.hpp"

#include <cstdint>

namespace virtio {

/// Device types (section 5).
enum class DeviceId : std::uint32_t {
    network = 1,
    block   = 2,
    console = 3,
    entropy = 4,
    socket  = 19,
    sound   = 25,
};

/// Feature bits that do not depend on the device type (section 6).
inline constexpr std::uint64_t k_feature_indirect   = 1ULL << 28;
inline constexpr std::uint64_t k_feature_event_idx  = 1ULL << 29;
inline constexpr std::uint64_t k_feature_version_1  = 1ULL << 32;
inline constexpr std::uint64_t k_feature_ring_reset = 1ULL << 40;

/// What every device of ours offers beside its own bits.
inline constexpr std::uint64_t k_common_features =
    k_feature_indirect | k_feature_event_idx | k_feature_version_1 | k_feature_ring_reset;

/// Device status (section 2.1).
struct Status : base::Register<Status, std::uint8_t> {
    using Register::Register;
    using acknowledge = base::Flag<0>;
    using driver      = base::Flag<1>;
    using driver_ok   = base::Flag<2>;
    using features_ok = base::Flag<3>;
    using needs_reset = base::Flag<6>;
    using failed      = base::Flag<7>;
};

/// The largest size of a split queue (section 2.7): 16-bit indices tell full from empty.
inline constexpr std::uint32_t k_max_queue_size = 32768;

/// All descriptors of a chain together (section 2.7.5.2).
inline constexpr std::uint64_t k_max_chain_bytes = std::uint64_t{1} << 32;

} // namespace virtio
