// SPDX-License-Identifier: BSD-2-Clause
// What a layout says about devices that are passed through and `.vmm_config` has no word for:
// `.vmm_passthrough`, written by tools/sysgen.
#pragma once

#include "vmm/smccc.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace vmm {

/// `.vmm_passthrough`:
///     SDDF_CONFIG(".vmm_passthrough") vmm::PassedThrough passed;
/// The interrupts that it is about are those of `.vmm_config`.
struct PassedThrough {
    static constexpr std::size_t         k_calls = 64;
    static constexpr std::size_t         k_nodes = 7144;
    static constexpr std::array<char, 8> k_magic{'v', 'm', 'm', 'p', 'a', 's', 's', 1};

    std::array<char, 8> magic{};
    std::uint32_t       edges     = 0; ///< bit n: interrupt n of `.vmm_config` is edge-triggered
    std::uint32_t       num_calls = 0;
    std::uint32_t       node_size = 0; ///< bytes used of `nodes`
    std::uint32_t       unused    = 0;
    std::array<ForwardedCalls, k_calls> calls{}; ///< of the firmware, that the guest may make
    std::array<std::byte, k_nodes>      nodes{}; ///< a device tree whose root's children they are

    /// Whether a tool wrote the section, with counts that fit its lists.
    [[nodiscard]] constexpr bool is_valid() const
    {
        return magic == k_magic && num_calls <= k_calls && node_size <= k_nodes;
    }
    [[nodiscard]] constexpr std::span<const ForwardedCalls> allowed() const
    {
        return std::span{calls}.first(std::min<std::size_t>(num_calls, k_calls));
    }
    [[nodiscard]] constexpr std::span<const std::byte> tree() const
    {
        return std::span{nodes}.first(std::min<std::size_t>(node_size, k_nodes));
    }
};
static_assert(sizeof(PassedThrough) == 8192 && offsetof(PassedThrough, calls) == 24);
static_assert(offsetof(PassedThrough, nodes) == 1048 && alignof(PassedThrough) == 4);

} // namespace vmm
