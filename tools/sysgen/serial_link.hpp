// SPDX-License-Identifier: BSD-2-Clause
// A ring of bytes between two domains: a page of indices, the bytes, a channel.
#pragma once

#include "layout.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace sysgen::serial {

inline constexpr std::size_t k_connection_size = 40;

/// One end of a link as its owner sees it.
struct Connection {
    Mapping  queue;
    Mapping  data;
    unsigned channel = 0;

    /// Writes sDDF's 40 bytes of it into a section.
    void put(ConfigBytes& config, std::size_t offset) const;
};

struct Link {
    Connection first;
    Connection second;
};

/// Makes the regions NAME_queue and NAME_data (`capacity` bytes), maps both into both domains, and
/// a channel between them.
[[nodiscard]] Result<Link> link(Layout& layout, const std::string& name, Domain& first,
                                Domain& second, std::uint64_t capacity);

} // namespace sysgen::serial
