// SPDX-License-Identifier: BSD-2-Clause
// Which frames a guest wants.
#include "virtio/network_filter.hpp"

#include <cstring>

namespace virtio {

bool NetworkFilter::read(Reader& reader, Table& table)
{
    const auto entries = reader.take<std::uint32_t>();
    if (!entries || *entries > reader.left() / sizeof(MacAddress)) {
        return false;
    }
    if (*entries > k_most_addresses) {
        table.overflowed = true;
        reader.skip(*entries * std::uint64_t{sizeof(MacAddress)});
        return true;
    }
    for (std::uint32_t i = 0; i < *entries; ++i) {
        (void)table.addresses.push_back(*reader.take<MacAddress>());
    }
    return true;
}

bool NetworkFilter::set_tables(Reader& reader)
{
    Table unicast;
    Table multicast;
    if (!read(reader, unicast) || !read(reader, multicast) || reader.left() != 0) {
        return false;
    }
    unicast_   = unicast;
    multicast_ = multicast;
    return true;
}

bool NetworkFilter::wants(std::span<const std::byte> frame, const MacAddress& own) const
{
    if (is(Mode::promiscuous)) {
        return true;
    }
    MacAddress to{};
    std::memcpy(to.data(), frame.data(), to.size());
    constexpr MacAddress k_broadcast{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    if (to == k_broadcast) {
        return !is(Mode::no_broadcast);
    }
    if ((to[0] & 1) != 0) {
        return !is(Mode::no_multicast) && (is(Mode::all_multicast) || multicast_.has(to));
    }
    return !is(Mode::no_unicast) && (is(Mode::all_unicast) || to == own || unicast_.has(to));
}

} // namespace virtio
