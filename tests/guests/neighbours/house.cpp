// SPDX-License-Identifier: BSD-2-Clause
// A VMM with two guests. One does what it may not and is started again each time, until it has done
// it three times; the other resets itself and is switched off when it has done that three times.
#include "neighbours.hpp"

std::uint64_t left_ram;
std::uint64_t right_ram;

namespace {

using namespace vmm::literals;

constexpr microkit::Channel k_timer{1};
constexpr microkit::Channel k_farm{2};
constexpr unsigned          k_lives = 3;

unsigned ended = 0;

void end(const vmm::Machine& machine)
{
    microkit::debug_print("house: ", machine.name(), " has ended after ", machine.restarts(),
                          " restarts\n");
    if (++ended == 2) {
        k_farm.notify();
    }
}

void on_left(vmm::Machine& machine, vmm::Event event)
{
    if (event == vmm::Event::stopped) {
        if (machine.restarts() + 1 < k_lives) {
            machine.restart();
        } else {
            end(machine);
        }
    }
}

void on_right(vmm::Machine& machine, vmm::Event event)
{
    if (event == vmm::Event::reset_requested && machine.restarts() + 1 == k_lives) {
        machine.stop();
        end(machine);
    }
}

constinit vmm::Machine left{{
    .name     = "left",
    .ram      = {vmm::ram(&left_ram, 0x4000'0000, 2_MiB)},
    .platform = vmm::platform(board::gic, board::timer, board::cpu),
    .on_event = on_left,
}};
constinit vmm::Machine right{{
    .name       = "right",
    .ram        = {vmm::ram(&right_ram, 0x5000'0000, 2_MiB)},
    .vcpus      = 2,
    .platform   = vmm::platform(board::gic, board::timer, board::cpu),
    .first_vcpu = 1,
    .on_event   = on_right,
}};

constinit neighbours::LineUart left_uart{"left"};
constinit neighbours::LineUart right_uart{"right"};

} // namespace

void init()
{
    left.wake_by(k_timer);
    neighbours::give_uart(left, left_uart);
    neighbours::give_uart(right, right_uart);
    left.boot(vmm::Image{.bytes = vmm::images::kernel(), .arguments = "idle:10 read:0x22000000"});
    right.boot(vmm::Image{.bytes = vmm::images::kernel(), .arguments = "cpu:1 idle:15 reset"});
}
