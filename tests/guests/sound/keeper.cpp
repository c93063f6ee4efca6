// SPDX-License-Identifier: BSD-2-Clause
// The parent of the sound components: restarts one of them after another, at moments that nobody
// chose, and then lets them be.
#include "restarts/random.hpp"

#include "microkit/microkit.hpp"
#include "microkit/require.hpp"
#include "sddf/config.hpp"
#include "sddf/timer.hpp"

SDDF_CONFIG(".timer_client_config") sddf::timer::ClientConfig timer_config;

namespace {

constexpr unsigned      k_children      = 2;
constexpr unsigned      k_restarts      = 200;
constexpr std::uint32_t k_shortest      = 1'000'000; // ns
constexpr std::uint32_t k_range         = 30'000'000;
constexpr std::uint64_t k_until_it_runs = 200'000'000;

restarts::Random dice{2026};
unsigned         done = 0;

void wait(std::uint64_t nanoseconds)
{
    microkit::set_message_word(0, nanoseconds);
    (void)microkit::Channel{timer_config.driver_id}.call(microkit::MessageInfo::create(
        static_cast<std::uint64_t>(sddf::timer::Request::set_timeout), 1));
}

} // namespace

void init()
{
    microkit::require(sddf::check(timer_config));
    wait(k_until_it_runs);
}

void notified(microkit::Channel channel)
{
    if (channel.id() != timer_config.driver_id) {
        return;
    }
    microkit::ChildPd{1 + dice.below(k_children)}.restart();
    if (++done == k_restarts) {
        microkit::debug_print("keeper: ", done, " restarts\n");
    } else {
        wait(k_shortest + dice.below(k_range));
    }
}

bool fault(unsigned child, microkit::MessageInfo /*message*/, microkit::MessageInfo* /*reply*/)
{
    microkit::debug_print("keeper: WRONG: child ", child, " has a fault\n");
    microkit::ChildPd{child}.restart();
    return false;
}
