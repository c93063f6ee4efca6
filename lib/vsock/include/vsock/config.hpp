// SPDX-License-Identifier: BSD-2-Clause
// The section that tells a program its context ID and its links.
#pragma once

#include "sddf/resources.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace vsock {

inline constexpr std::size_t k_most_links = 16;

/// `.vsock_config`
struct Config {
    struct Link {
        sddf::Region  own;     ///< readable and writable
        sddf::Region  peer;    ///< readable
        std::uint32_t cid;     ///< of whoever is at the other end
        std::uint8_t  channel; ///< to it
    };
    std::array<char, 8>            magic; ///< k_config_magic
    std::uint32_t                  cid;   ///< of this program, or of its guest
    std::uint8_t                   num_links;
    std::array<Link, k_most_links> links;

    [[nodiscard]] bool is_valid() const;
};

inline constexpr std::array<char, 8> k_config_magic{'v', 'm', 'm', 'v', 's', 'o', 'c', 'k'};

inline bool Config::is_valid() const
{
    return magic == k_config_magic && num_links <= k_most_links;
}

static_assert(sizeof(Config::Link) == 40 && offsetof(Config::Link, cid) == 32);
static_assert(offsetof(Config::Link, channel) == 36);
static_assert(sizeof(Config) == 656 && offsetof(Config, links) == 16);
static_assert(offsetof(Config, cid) == 8 && offsetof(Config, num_links) == 12);

} // namespace vsock
