// SPDX-License-Identifier: BSD-2-Clause
// What an honest driver may expect of each device: everything that the negotiated features promise
// is used once, and the answers are compared with what they must be.
#pragma once

#include "driver.hpp"
#include "random.hpp"
#include "scratch.hpp"
#include "window.hpp"

#include <cstdint>

namespace guest {

/// What a check found: null is good, else what was wrong.
using Wrong = const char*;

// Feature bits of the device types (virtIO 1.2, sections 5.1.3, 5.2.3, 5.3.3).
namespace feature {
inline constexpr std::uint64_t k_size = 1U << 0, k_multiport = 1U << 1, k_emerg_write = 1U << 2;
inline constexpr std::uint64_t k_ro = 1U << 5, k_blk_size = 1U << 6, k_flush = 1U << 9,
                               k_topology = 1U << 10, k_config_wce = 1U << 11, k_mq = 1U << 12,
                               k_discard = 1U << 13, k_write_zeroes = 1U << 14;
inline constexpr std::uint64_t k_csum = 1U << 0, k_guest_csum = 1U << 1, k_mtu = 1U << 3,
                               k_mac = 1U << 5, k_guest_tso4 = 1U << 7, k_guest_tso6 = 1U << 8,
                               k_host_tso4 = 1U << 11, k_host_tso6 = 1U << 12,
                               k_mrg_rxbuf = 1U << 15, k_status = 1U << 16, k_ctrl_vq = 1U << 17,
                               k_ctrl_rx = 1U << 18, k_ctrl_rx_extra = 1U << 20;
} // namespace feature

/// Bits that only make sense with another one go where that is missing.
[[nodiscard]] std::uint64_t sensible(std::uint32_t type, std::uint64_t features);

/// Brings the device up with those of `features` that it offers and checks all they promise. Needs
/// 64 KiB of `memory`. The disk's contents between `first` and the end are the check's to change.
[[nodiscard]] Wrong check(const Window& window, std::uint64_t features, Random& random,
                          Scratch memory, std::uint64_t first_sector = 0);

/// Says whether the driver wants a notification of the next used buffer (2.7.7).
inline void wish(const Driver& driver, const Ring& ring, bool wanted)
{
    if (driver.has(k_event_idx)) {
        // The used index at which one is wanted: the next, or one that is long past.
        const auto next             = ring.offered();
        ring.avail(2 + ring.size()) = static_cast<std::uint16_t>(wanted ? next : next - 0x4000);
    } else {
        ring.avail(0) = wanted ? 0 : 1;
    }
    data_barrier();
}

/// What rings have in common: the wish not to be notified is heard, the wish to be is, and a queue
/// comes back after its reset.
/// `request` makes one that is answered at once, and says whether it was.
template <class Request>
[[nodiscard]] Wrong check_notifications(const Driver& driver, const Ring& ring, Request request)
{
    const Window& window = driver.window();
    for (const bool wanted : {false, true, false, true}) {
        window.write(Register::interrupt_ack, 3);
        wish(driver, ring, wanted);
        if (!request()) {
            return "a request was not answered while notifications were tried";
        }
        if (wanted &&
            !wait_until([&] { return (window.read(Register::interrupt_status) & 1) != 0; })) {
            return "a notification that was wanted did not come";
        }
        if (!wanted && (window.read(Register::interrupt_status) & 1) != 0) {
            return "a notification came that was not wanted";
        }
    }
    return nullptr;
}

/// Ends a queue and sets it up anew, by RING_RESET.
[[nodiscard]] Wrong reset_queue(Driver& driver, std::uint32_t queue, std::uint64_t memory);

[[nodiscard]] Wrong check_block(Driver& driver, Random& random, Scratch memory,
                                std::uint64_t first_sector);
[[nodiscard]] Wrong check_console(Driver& driver, Random& random, Scratch memory);
[[nodiscard]] Wrong check_network(Driver& driver, Random& random, Scratch memory);
[[nodiscard]] Wrong check_entropy(Driver& driver, Random& random, Scratch memory);

} // namespace guest
