// SPDX-License-Identifier: BSD-2-Clause
// Requests that are with the driver: whose they are, and under which id.
#pragma once

#include "sddf/block.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace blk_virt {

/// Ids that go to the driver are a slot and its generation, so that an answer that comes twice, or
/// late after a restart, is known for what it is.
class InFlight {
public:
    static constexpr std::uint32_t k_slots = sddf::block::k_max_capacity;

    struct Entry {
        std::uint16_t client; ///< or k_max_clients: none
        std::uint16_t count;  ///< blocks
        std::uint32_t id;     ///< the client's
        std::uint64_t offset;
        bool          is_read;
    };

    [[nodiscard]] std::uint32_t size() const { return size_; }
    [[nodiscard]] std::uint32_t of_client(unsigned client) const { return of_client_[client]; }

    /// The id for the driver. There must be fewer than k_slots.
    std::uint32_t add(const Entry& entry)
    {
        if (!is_linked_) {
            link();
        }
        const std::uint16_t slot = first_free_;
        first_free_              = next_[slot];
        entries_[slot]           = entry;
        used_[slot]              = true;
        ++size_;
        ++of_client_[entry.client];
        return slot | std::uint32_t{generation_[slot]} << 16;
    }

    /// What was sent under this id; nothing where that is not in flight.
    std::optional<Entry> take(std::uint32_t id)
    {
        const auto slot = static_cast<std::uint16_t>(id);
        if (slot >= k_slots || !used_[slot] || generation_[slot] != id >> 16) {
            return std::nullopt;
        }
        used_[slot] = false;
        ++generation_[slot];
        next_[slot] = first_free_;
        first_free_ = slot;
        --size_;
        --of_client_[entries_[slot].client];
        return entries_[slot];
    }

private:
    void link()
    {
        for (std::uint16_t i = 0; i < k_slots; ++i) {
            next_[i] = static_cast<std::uint16_t>(i + 1);
        }
        is_linked_ = true;
    }

    bool                                               is_linked_  = false;
    std::uint32_t                                      size_       = 0;
    std::uint16_t                                      first_free_ = 0;
    std::array<std::uint16_t, k_slots>                 next_{};
    std::array<std::uint16_t, k_slots>                 generation_{};
    std::array<bool, k_slots>                          used_{};
    std::array<Entry, k_slots>                         entries_{};
    std::array<std::uint32_t, sddf::k_max_clients + 1> of_client_{}; ///< the last: nobody's
};

/// Of this program; a restart that keeps memory keeps it, and what is with the driver is answered.
extern InFlight in_flight;

} // namespace blk_virt
