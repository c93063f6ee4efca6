// SPDX-License-Identifier: BSD-2-Clause
// A VMM of another protection domain. Its guest passes time while those of the house come and go,
// and is paused and resumed when they have ended.
#include "neighbours.hpp"

std::uint64_t guest_ram;

namespace {

using namespace vmm::literals;

constexpr microkit::Channel k_timer{1};
constexpr microkit::Channel k_house{2};

bool house_is_quiet = false;

void react(vmm::Machine& machine, vmm::Event event)
{
    if (event != vmm::Event::powered_off) {
        return;
    }
    if (house_is_quiet) {
        vmm::power_off_board();
    }
    machine.restart(); // another turn: the house is not done
}

constinit vmm::Machine         machine{{
            .name     = "farm",
            .ram      = {vmm::ram(&guest_ram, 0x4000'0000, 2_MiB)},
            .platform = vmm::platform(board::gic, board::timer, board::cpu),
            .on_event = react,
}};
constinit neighbours::LineUart uart{"farm"};

} // namespace

void init()
{
    machine.wake_by(k_timer);
    neighbours::give_uart(machine, uart);
    machine.boot(vmm::Image{.bytes = vmm::images::kernel(), .arguments = "idle:20 spin:5"});
}

void notified(microkit::Channel channel)
{
    if (channel == k_house) {
        house_is_quiet = true;
        machine.pause();
        microkit::debug_print("farm: paused and resumed\n");
        machine.resume();
    } else {
        (void)vmm::dispatcher.notified(channel);
    }
}

bool fault(unsigned child, microkit::MessageInfo message, microkit::MessageInfo* reply)
{
    return vmm::dispatcher.fault(child, message, *reply);
}
