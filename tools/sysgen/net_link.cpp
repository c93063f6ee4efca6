// SPDX-License-Identifier: BSD-2-Clause
#include "net_link.hpp"

#include <bit>
#include <fmt/format.h>

namespace sysgen::net {

Result<Link> make_link(Layout& layout, const std::string& name, Domain& first, Domain& second,
                       std::uint64_t capacity, Call call)
{
    const auto ring   = (8 + 16 * capacity + k_page - 1) / k_page * k_page;
    const auto free   = layout.add_region(name + "_free", ring);
    const auto active = layout.add_region(name + "_active", ring);
    const auto ends   = TRY(layout.connect(first, second, call));
    const auto see    = [&](Domain& domain, unsigned channel) {
        return Connection{.free     = {domain.map(free, Access::read_write), free.size},
                             .active   = {domain.map(active, Access::read_write), active.size},
                             .capacity = capacity,
                             .channel  = channel};
    };
    return Link{.first = see(first, ends.first), .second = see(second, ends.second)};
}

void put(ConfigBytes& config, std::size_t offset, const Connection& connection)
{
    config.region(offset, connection.free);
    config.region(offset + 16, connection.active);
    config.u16(offset + 32, connection.capacity);
    config.u8(offset + 34, connection.channel);
}

Result<Mac> parse_mac(const std::string& text, unsigned line)
{
    Mac         mac{};
    bool        good = text.size() == 3 * mac.size() - 1;
    std::size_t at   = 0;
    for (auto& byte : mac) {
        const auto value = good ? parse_number("0x" + text.substr(at, 2)) : std::nullopt;
        good             = value && (at + 2 == text.size() || text[at + 2] == ':');
        byte             = static_cast<std::uint8_t>(value.value_or(0));
        at += 3;
    }
    if (!good || (mac[0] & 1) != 0) {
        return refuse(line, fmt::format("'{}' is no MAC address of a station", text),
                      "write it like 52:54:00:12:34:56, with an even first byte");
    }
    return mac;
}

void put(ConfigBytes& config, std::size_t offset, const Mac& mac)
{
    for (const auto byte : mac) {
        config.u8(offset++, byte);
    }
}

Result<std::uint64_t> read_buffers(const Document& document, pugi::xml_node node, unsigned line,
                                   std::uint64_t otherwise)
{
    constexpr std::uint64_t k_most  = 32'768;
    const auto              buffers = TRY(document.number_or(node, "buffers", otherwise));
    if (!std::has_single_bit(buffers) || buffers > k_most) {
        return refuse(line, fmt::format("a ring of {} buffers", buffers),
                      fmt::format("write a power of two, at most {}", k_most));
    }
    return buffers;
}

} // namespace sysgen::net
