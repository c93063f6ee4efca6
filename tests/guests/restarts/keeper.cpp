// SPDX-License-Identifier: BSD-2-Clause
// Restarts the children of a plan, until it is over.
#include "keeper.hpp"

#include "microkit/microkit.hpp"
#include "microkit/require.hpp"
#include "random.hpp"
#include "sddf/config.hpp"
#include "sddf/timer.hpp"

SDDF_CONFIG(".timer_client_config") sddf::timer::ClientConfig timer_config;

namespace {

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
    wait(restarts::k_plan.until_they_run);
}

void notified(microkit::Channel channel)
{
    if (channel.id() != timer_config.driver_id) {
        return;
    }
    microkit::ChildPd{1 + dice.below(restarts::k_plan.children)}.restart();
    if (++done == restarts::k_plan.restarts) {
        restarts::is_over();
    } else {
        wait(restarts::k_plan.shortest + dice.below(restarts::k_plan.range));
    }
}

bool fault(unsigned child, microkit::MessageInfo /*message*/, microkit::MessageInfo* /*reply*/)
{
    microkit::debug_print("keeper: WRONG: child ", child, " has a fault\n");
    microkit::ChildPd{child}.restart();
    return false;
}
