// SPDX-License-Identifier: BSD-2-Clause
// simple.cpp with the guest's RAM in two regions that do not touch.
#include "board/board.hpp"
#include "vmm/host.hpp"
#include "vmm/vmm.hpp"

std::uint64_t low_ram_vaddr;
std::uint64_t low_ram_size;
std::uint64_t high_ram_vaddr;
std::uint64_t high_ram_size;

namespace {

using namespace vmm::literals;

constexpr microkit::Channel k_serial_interrupt{1};
constexpr microkit::Channel k_timer_driver{2};
constexpr std::uint64_t     k_low_ram  = 1_GiB;
constexpr std::uint64_t     k_high_ram = 4_GiB;

void react(vmm::Machine&, vmm::Event event)
{
    if (event == vmm::Event::powered_off) {
        vmm::power_off_board();
    }
}

constinit vmm::Machine machine{{
    .name     = "linux",
    .ram      = {vmm::ram(&low_ram_vaddr, k_low_ram, &low_ram_size),
                 vmm::ram(&high_ram_vaddr, k_high_ram, &high_ram_size)},
    .vcpus    = vmm::images::k_vcpus,
    .platform = vmm::platform(board::gic, board::timer, board::cpu),
    .on_event = react,
}};

} // namespace

void init()
{
    machine.passthrough(board::uart0, k_serial_interrupt);
    machine.wake_by(k_timer_driver);
    machine.boot(vmm::Linux{.kernel  = vmm::images::kernel(),
                            .initrd  = vmm::images::initrd(),
                            .dtb     = vmm::images::dtb(),
                            .cmdline = vmm::images::cmdline()});
}
