// SPDX-License-Identifier: BSD-2-Clause
// Requests that are with the driver: whose they are, and under which id.
#pragma once

#include "sddf/block.hpp"
#include "sddf/journal.hpp"

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
        bool          is_part; ///< of the client's Large number `id`
    };

    [[nodiscard]] std::uint32_t size() const { return size_; }
    [[nodiscard]] std::uint32_t of_client(unsigned client) const { return of_client_[client]; }

    /// Finds out again what follows from the slots; to be called when the journal has recovered.
    void restore()
    {
        size_       = 0;
        first_free_ = k_slots;
        of_client_  = {};
        for (std::uint16_t i = k_slots; i-- > 0;) {
            if (is_used(i)) {
                count(i, 1);
            } else {
                next_[i]    = first_free_;
                first_free_ = i;
            }
        }
    }

    /// Bytes of the journal that add() or take() needs.
    static constexpr std::size_t k_note = sizeof(Entry) + sizeof(std::uint64_t);

    /// Calls `each(entry)` for all that are in flight.
    template <class Each>
    void for_each(Each&& each) const
    {
        for (std::uint16_t i = 0; i < k_slots; ++i) {
            if (is_used(i)) {
                each(entries_[i]);
            }
        }
    }

    /// The id for the driver. There must be fewer than k_slots.
    std::uint32_t add(const Entry& entry, sddf::Journal& journal)
    {
        const std::uint16_t slot = first_free_;
        first_free_              = next_[slot];
        journal.note(entries_[slot]); // which the same batch may have taken out
        entries_[slot] = entry;
        journal.note(state_[slot]);
        ++state_[slot];
        count(slot, 1);
        return slot | std::uint32_t{generation(slot)} << 16;
    }

    /// What was sent under this id; nothing where that is not in flight.
    std::optional<Entry> take(std::uint32_t id, sddf::Journal& journal)
    {
        const auto slot = static_cast<std::uint16_t>(id);
        if (slot >= k_slots || !is_used(slot) || generation(slot) != id >> 16) {
            return std::nullopt;
        }
        journal.note(state_[slot]);
        ++state_[slot];
        next_[slot] = first_free_;
        first_free_ = slot;
        count(slot, ~std::uint32_t{0});
        return entries_[slot];
    }

private:
    /// Its lowest bit, so that each use has a generation of its own.
    [[nodiscard]] bool is_used(std::uint16_t slot) const { return (state_[slot] & 1) != 0; }
    [[nodiscard]] std::uint16_t generation(std::uint16_t slot) const
    {
        return static_cast<std::uint16_t>(state_[slot] >> 1);
    }
    void count(std::uint16_t slot, std::uint32_t change)
    {
        size_ += change;
        of_client_[entries_[slot].client] += change;
    }

    std::uint32_t                                      size_       = 0;
    std::uint16_t                                      first_free_ = k_slots;
    std::array<std::uint16_t, k_slots>                 next_{};
    std::array<std::uint32_t, k_slots>                 state_{};
    std::array<Entry, k_slots>                         entries_{};
    std::array<std::uint32_t, sddf::k_max_clients + 1> of_client_{}; ///< the last: nobody's
};

} // namespace blk_virt
