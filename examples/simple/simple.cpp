// SPDX-License-Identifier: BSD-2-Clause
// A virtual machine monitor for one Linux guest with the board's serial port.
#include "board/board.hpp"
#include "vmm/host.hpp"
#include "vmm/vmm.hpp"

// The image tool writes these two: where simple.system maps the guest's RAM, and how large it is.
std::uint64_t guest_ram_vaddr;
std::uint64_t guest_ram_size;

namespace {

using namespace vmm::literals;

// Numbers of simple.system.
constexpr microkit::Channel k_serial_interrupt{1};
constexpr microkit::Channel k_timer_driver{2};
constexpr std::uint64_t     k_guest_ram = 1_GiB;

void react(vmm::Machine&, vmm::Event event)
{
    if (event == vmm::Event::powered_off) {
        vmm::power_off_board(); // nothing else runs here
    }
}

constinit vmm::Machine machine{{
    .name     = "linux",
    .ram      = {vmm::ram(&guest_ram_vaddr, k_guest_ram, &guest_ram_size)},
    .vcpus    = vmm::images::k_vcpus,
    .platform = vmm::platform(board::gic, board::timer, board::cpu),
    .on_event = react,
}};

} // namespace

void init()
{
    machine.passthrough(board::console, k_serial_interrupt);
    machine.wake_by(k_timer_driver);
    machine.boot(vmm::Linux{.kernel  = vmm::images::kernel(),
                            .initrd  = vmm::images::initrd(),
                            .dtb     = vmm::images::dtb(),
                            .cmdline = vmm::images::cmdline()});
}
