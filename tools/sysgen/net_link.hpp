// SPDX-License-Identifier: BSD-2-Clause
// A link between two neighbours of the network class: a ring of free buffers and one of full ones.
#pragma once

#include "layout.hpp"

#include <array>
#include <string>

namespace sysgen::net {

/// Every buffer holds one frame.
inline constexpr std::uint64_t k_buffer = 2048;

struct Connection {
    Mapping       free;
    Mapping       active;
    std::uint64_t capacity = 0; ///< of both rings; a power of two
    unsigned      channel  = 0;
};

struct Link {
    Connection first;
    Connection second;
};

[[nodiscard]] Result<Link> make_link(Layout& layout, const std::string& name, Domain& first,
                                     Domain& second, std::uint64_t capacity, Call call = Call::no);

/// 40 bytes.
void put(ConfigBytes& config, std::size_t offset, const Connection& connection);

using Mac = std::array<std::uint8_t, 6>;

/// "52:54:00:12:34:56"; refuses addresses of groups.
[[nodiscard]] Result<Mac> parse_mac(const std::string& text, unsigned line);
void                      put(ConfigBytes& config, std::size_t offset, const Mac& mac);

/// Refuses what is no power of two up to 32768.
[[nodiscard]] Result<std::uint64_t> read_buffers(const Document& document, pugi::xml_node node,
                                                 unsigned line, std::uint64_t otherwise);

} // namespace sysgen::net
