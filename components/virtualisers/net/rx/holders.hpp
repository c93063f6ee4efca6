// SPDX-License-Identifier: BSD-2-Clause
// Which clients hold which buffers of received frames.
#pragma once

#include "sddf/network.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace net_virt_rx {

class Holders {
public:
    static constexpr std::size_t k_most = 4096;

    /// A buffer, below k_most, was given to these clients.
    void set(std::size_t buffer, std::uint64_t clients) { held_[buffer] = clients; }

    /// What is known of a buffer, to be noted before it changes.
    [[nodiscard]] std::uint64_t& of(std::size_t buffer) { return held_[buffer]; }

    /// A client returns a buffer. True: nobody holds it any more. False: somebody does, or this
    /// client did not.
    [[nodiscard]] bool remove(std::size_t buffer, unsigned client)
    {
        const auto bit = std::uint64_t{1} << client;
        if ((held_[buffer] & bit) == 0) {
            return false;
        }
        held_[buffer] &= ~bit;
        return held_[buffer] == 0;
    }

private:
    std::array<std::uint64_t, k_most> held_{};
};

/// Of this program; a restart that keeps memory keeps it.
extern Holders holders;

} // namespace net_virt_rx
