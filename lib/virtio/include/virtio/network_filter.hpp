// SPDX-License-Identifier: BSD-2-Clause
// Which frames a guest wants (virtIO 1.2, section 5.1.6.5): receive modes and tables of addresses.
#pragma once

#include "base/fixed_vector.hpp"
#include "virtio/chain.hpp"
#include "virtio/nic.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace virtio {

class NetworkFilter {
public:
    static constexpr std::size_t k_most_addresses = 32;

    /// VIRTIO_NET_CTRL_RX_… in the order of their numbers.
    enum class Mode : std::uint8_t {
        promiscuous,
        all_multicast,
        all_unicast,
        no_multicast,
        no_unicast,
        no_broadcast
    };
    static constexpr std::uint8_t k_modes = 6;

    /// As after a reset: everything is wanted.
    constexpr NetworkFilter() { set(Mode::promiscuous, true); }

    constexpr void set(Mode mode, bool on)
    {
        const auto bit = static_cast<std::uint8_t>(1U << static_cast<unsigned>(mode));
        modes_         = static_cast<std::uint8_t>(on ? modes_ | bit : modes_ & ~bit);
    }
    [[nodiscard]] constexpr bool is(Mode mode) const
    {
        return (modes_ >> static_cast<unsigned>(mode) & 1) != 0;
    }

    /// The two tables of VIRTIO_NET_CTRL_MAC_TABLE_SET. Those with more entries than there is room
    /// for let every address of their kind pass. False, and nothing changed: not well-formed.
    [[nodiscard]] bool set_tables(Reader& reader);

    /// Whether a frame (of 14 bytes at least) is wanted by a guest with this address.
    [[nodiscard]] bool wants(std::span<const std::byte> frame, const MacAddress& own) const;

private:
    struct Table {
        base::FixedVector<MacAddress, k_most_addresses> addresses{};
        bool                                            overflowed = false;

        [[nodiscard]] bool has(const MacAddress& address) const
        {
            return overflowed || std::ranges::find(addresses, address) != addresses.end();
        }
    };
    static bool read(Reader& reader, Table& table);

    std::uint8_t modes_ = 0;
    Table        unicast_{};
    Table        multicast_{};
};

} // namespace virtio
