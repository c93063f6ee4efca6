// SPDX-License-Identifier: BSD-2-Clause
// A client that does what no client may: it writes anything into the queues that it shares, at
// random, and notifies everybody. It has a right to its own disk partition and its own buffers.
#include "random.hpp"

#include "microkit/microkit.hpp"
#include "microkit/require.hpp"
#include "sddf/block.hpp"
#include "sddf/config.hpp"
#include "sddf/entropy.hpp"
#include "sddf/network.hpp"
#include "sddf/timer.hpp"

#include <algorithm>
#include <array>
#include <cstring>

SDDF_CONFIG(".timer_client_config") sddf::timer::ClientConfig timer_config;
SDDF_CONFIG(".serial_client_config") sddf::serial::ClientConfig serial_config;
SDDF_CONFIG(".blk_client_config") sddf::block::ClientConfig blk_config;
SDDF_CONFIG(".net_client_config") sddf::network::ClientConfig net_config;
SDDF_CONFIG(".entropy_client_config") sddf::entropy::ClientConfig entropy_config;

namespace {

restarts::Random dice{666};
unsigned         rounds = 0;

void wait(std::uint64_t nanoseconds)
{
    microkit::set_message_word(0, nanoseconds);
    (void)microkit::Channel{timer_config.driver_id}.call(microkit::MessageInfo::create(
        static_cast<std::uint64_t>(sddf::timer::Request::set_timeout), 1));
}

/// Numbers that break things more often than others.
std::uint32_t number()
{
    constexpr std::array<std::uint32_t, 8> k_bad = {0,      1,          0x7fff,     0x8000,
                                                    0xffff, 0xffffffff, 0x80000000, 4096};
    return dice.below(2) == 0 ? dice.next() : k_bad[dice.below(k_bad.size())];
}

/// Overwrites some words of a queue, most of them near its counters.
void scribble(const sddf::Region& queue)
{
    const auto words = static_cast<std::uint32_t>(queue.size / sizeof(std::uint32_t));
    for (unsigned i = 0; i < 4; ++i) {
        const auto at = dice.below(3) == 0 ? dice.below(words) : dice.below(4);
        __atomic_store_n(reinterpret_cast<std::uint32_t*>(queue.vaddr) + at, number(),
                         __ATOMIC_RELAXED);
    }
}

/// Moves a counter on by a little, so that what was scribbled is looked at.
void offer(const sddf::Region& queue, unsigned word)
{
    auto* const counter = reinterpret_cast<std::uint32_t*>(queue.vaddr) + word;
    __atomic_fetch_add(counter, 1 + dice.below(8), __ATOMIC_RELAXED);
}

} // namespace

void init()
{
    microkit::require(sddf::check(timer_config));
    // What it can make anybody print.
    std::ranges::fill(serial_config.tx.data.bytes(), std::byte{'~'});
    wait(10'000'000);
}

void notified(microkit::Channel channel)
{
    if (channel.id() != timer_config.driver_id) {
        return;
    }
    constexpr unsigned k_serial_seldom = 32; // it would fill the line
    ++rounds;
    if (rounds % k_serial_seldom == 0) {
        scribble(serial_config.tx.queue);
        microkit::Channel{serial_config.tx.id}.notify();
    }
    scribble(serial_config.rx.queue);
    microkit::Channel{serial_config.rx.id}.notify();
    for (const auto* queue : {&blk_config.virt.req_queue, &blk_config.virt.resp_queue}) {
        scribble(*queue);
        offer(*queue, queue == &blk_config.virt.req_queue ? 1 : 0);
    }
    microkit::Channel{blk_config.virt.id}.notify();
    for (const auto* link : {&net_config.rx, &net_config.tx}) {
        scribble(link->free_queue);
        scribble(link->active_queue);
        offer(link->active_queue, 0);
        microkit::Channel{link->id}.notify();
    }
    scribble(entropy_config.stream.queue);
    microkit::Channel{entropy_config.stream.id}.notify();
    wait(500'000 + dice.below(1'000'000));
}
