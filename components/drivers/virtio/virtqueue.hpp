// SPDX-License-Identifier: BSD-2-Clause
// The driver's side of a split virtqueue (virtIO 1.2, 2.7), without indirect descriptors and event
// indices.
#pragma once

#include "base/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>

namespace virtio_driver {

/// One buffer of a chain.
struct Piece {
    std::uint64_t address; ///< as the device sees it
    std::uint32_t length;
    bool          device_writes;
};

class Virtqueue {
public:
    static constexpr std::uint16_t k_most = 256;

    struct Used {
        std::uint16_t token;   ///< what add() gave
        std::uint32_t written; ///< bytes, says the device
    };

    /// Bytes of memory for a queue of `size` descriptors, with the alignments of 2.7.
    [[nodiscard]] static constexpr std::size_t bytes_for(std::uint16_t size)
    {
        return used_offset(size) + 6 + 8 * std::size_t{size} + 2;
    }

    constexpr Virtqueue() = default;

    /// An empty queue in `memory`, which the device sees at `address`; both are multiples of 16.
    /// `size` is a power of two up to k_most. Errors: the memory is too small.
    base::Result<> open(std::span<std::byte> memory, std::uint64_t address, std::uint16_t size);

    [[nodiscard]] std::uint16_t size() const { return size_; }
    /// Descriptors that are not in use.
    [[nodiscard]] std::uint16_t free() const { return free_; }

    /// What add() will give next, if there are descriptors.
    [[nodiscard]] std::uint16_t next_token() const { return first_free_; }
    /// Whether a chain that the device is not done with has this token (below size()).
    [[nodiscard]] bool is_in_use(std::uint16_t token) const { return length_[token] != 0; }

    /// Makes a chain available, unseen until publish(). Gives a token that no other chain in use
    /// has, below size(); nothing where there are too few descriptors.
    std::optional<std::uint16_t> add(std::span<const Piece> pieces);
    std::optional<std::uint16_t> add(std::initializer_list<Piece> pieces)
    {
        return add(std::span{pieces.begin(), pieces.size()});
    }
    /// Shows the device what was added. True: it wants to be notified.
    [[nodiscard]] bool publish();
    /// A chain that the device is done with. What the device says is checked: a token that is not
    /// in use is skipped.
    std::optional<Used> pop();

    [[nodiscard]] std::uint64_t descriptors_address() const { return address_; }
    [[nodiscard]] std::uint64_t available_address() const
    {
        return address_ + available_offset(size_);
    }
    [[nodiscard]] std::uint64_t used_address() const { return address_ + used_offset(size_); }

    /// What the device was done with in the memory of a queue that a program had before it was
    /// restarted. To be asked after the device was reset, and before open() clears the memory.
    class Past {
    public:
        Past(std::span<std::byte> memory, std::uint16_t size);

        /// Chains so far, modulo 2^16.
        [[nodiscard]] std::uint16_t count() const;
        /// Chain number `index` of them; only the last `size` are known.
        [[nodiscard]] Used at(std::uint16_t index) const;

    private:
        std::span<std::byte> used_;
        std::uint16_t        size_;
    };

    /// A queue of before a restart that the device still works on, for last words before a reset.
    class Remains {
    public:
        Remains(std::span<std::byte> memory, std::uint16_t size);

        /// Whether the device is done with all that was made available.
        [[nodiscard]] bool is_idle() const;
        /// Makes a chain available, where is_idle(); the device is to be notified then.
        void add(std::initializer_list<Piece> pieces);

    private:
        std::span<std::byte> memory_;
        std::uint16_t        size_;
    };

private:
    struct Descriptor {
        std::uint64_t address;
        std::uint32_t length;
        std::uint16_t flags;
        std::uint16_t next;
    };
    static_assert(sizeof(Descriptor) == 16);
    struct UsedElement {
        std::uint32_t id;
        std::uint32_t length;
    };

    static constexpr std::size_t available_offset(std::uint16_t size)
    {
        return sizeof(Descriptor) * size;
    }
    static constexpr std::size_t used_offset(std::uint16_t size)
    {
        return (available_offset(size) + 6 + 2 * std::size_t{size} + 3) & ~std::size_t{3};
    }

    void give_back(std::uint16_t head);

    Descriptor*    descriptors_ = nullptr;
    std::uint16_t* available_   = nullptr; ///< flags, idx, ring
    std::uint16_t* used_        = nullptr; ///< flags, idx, then elements
    UsedElement*   used_ring_   = nullptr;
    std::uint64_t  address_     = 0;
    std::uint16_t  size_        = 0;

    // Private: the device cannot change what we think of it.
    std::uint16_t                     free_           = 0;
    std::uint16_t                     first_free_     = 0;
    std::uint16_t                     available_next_ = 0;
    std::uint16_t                     published_      = 0;
    std::uint16_t                     used_next_      = 0;
    std::array<std::uint16_t, k_most> next_{};   ///< in a chain, or in the list of free ones
    std::array<std::uint16_t, k_most> length_{}; ///< of the chain that begins here; 0: none does
};

} // namespace virtio_driver
