// SPDX-License-Identifier: BSD-2-Clause
// Driver of the Arm generic timer (DDI 0487, D11): sDDF's timer class for any number of clients.
//
// The device is the EL1 physical timer, which the kernel must export to EL0 together with the
// physical counter. It has one compare register; the driver keeps a deadline for each client and
// the earliest of them in that register.
#include "arch/counter.hpp"
#include "arch/physical_timer.hpp"
#include "microkit/microkit.hpp"
#include "sddf/config.hpp"
#include "sddf/timer.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

/// Channel of the interrupt: 0, or what the image tool writes for setvar_id="timer_irq_channel".
std::uint64_t timer_irq_channel;
/// Says so, too, where a tool has filled it.
SDDF_CONFIG(".device_resources") sddf::DeviceResources device_resources;

namespace {

using sddf::timer::Request;

constexpr std::uint64_t k_never = ~std::uint64_t{0};

constexpr std::array<std::uint64_t, microkit::k_max_channels> no_deadlines()
{
    std::array<std::uint64_t, microkit::k_max_channels> none{};
    none.fill(k_never);
    return none;
}

/// When each client, by its channel, is to be notified: values of the counter.
constinit std::array<std::uint64_t, microkit::k_max_channels> deadlines = no_deadlines();

unsigned      clients       = 0; ///< channels below this one may have a deadline
std::uint64_t start_of_time = 0;
std::uint64_t frequency     = 0;

/// Notifies who is due and sets the timer to the next deadline.
void run_due(std::uint64_t now)
{
    std::uint64_t next = k_never;
    for (unsigned client = 0; client < clients; ++client) {
        if (deadlines[client] <= now) {
            microkit::Channel{client}.notify(); // first, so that no restart makes it forget one
            deadlines[client] = k_never;
        }
        next = std::min(next, deadlines[client]);
    }
    if (next == k_never) {
        arch::stop_physical_timer();
    } else {
        arch::start_physical_timer(next);
    }
}

} // namespace

void init()
{
    arch::stop_physical_timer();
    if (device_resources.is_valid() && device_resources.num_irqs != 0) {
        timer_irq_channel = device_resources.irqs[0];
    }
    frequency = arch::counter_frequency();
    if (clients == 0 && start_of_time == 0) {
        start_of_time = arch::physical_count();
    } else { // after a restart: time goes on, and so do deadlines
        run_due(arch::physical_count());
        microkit::Channel{static_cast<unsigned>(timer_irq_channel)}.acknowledge();
    }
}

void notified(microkit::Channel channel)
{
    if (channel.id() != timer_irq_channel) {
        return;
    }
    run_due(arch::physical_count());
    channel.acknowledge_at_end();
}

microkit::MessageInfo protected_call(microkit::Channel channel, microkit::MessageInfo message)
{
    const std::uint64_t now = arch::physical_count();
    switch (static_cast<Request>(message.label())) {
    case Request::get_time:
        microkit::set_message_word(0, sddf::timer::nanoseconds(now - start_of_time, frequency));
        return microkit::MessageInfo::create(0, 1);
    case Request::set_timeout: {
        // A deadline beyond what the counter can reach is none. A message that is too short asks
        // for nothing.
        if (message.count() >= 1 && channel.id() < deadlines.size()) {
            const auto ticks =
                sddf::timer::ticks(microkit::message_word(0), frequency, k_never - now);
            deadlines[channel.id()] = now + ticks;
            clients                 = std::max(clients, channel.id() + 1);
            run_due(now);
        }
        return microkit::MessageInfo::create(0, 0);
    }
    }
    return microkit::MessageInfo::create(0, 0);
}
