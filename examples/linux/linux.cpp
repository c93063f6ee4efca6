// SPDX-License-Identifier: BSD-2-Clause
// A virtual machine monitor whose guest has nothing but virtIO devices. What they are, and how much
// memory and how many vCPUs the guest has, stands in the layout; this program finds it in its
// configuration sections.
#include "board/board.hpp"
#include "vmm/host.hpp"
#include "vmm/section_devices.hpp"
#include "vmm/vmm.hpp"

namespace {

void react(vmm::Machine&, vmm::Event event)
{
    if (event == vmm::Event::powered_off) {
        vmm::power_off_board(); // nothing else runs here that matters
    }
}

constinit vmm::Machine        machine{{
           .name     = "linux",
           .platform = vmm::platform(board::gic, board::timer, board::cpu),
           .on_event = react,
}};
constinit vmm::SectionDevices devices;

} // namespace

void init()
{
    devices.attach_to(machine);
    machine.boot(vmm::Linux{.kernel  = vmm::images::kernel(),
                            .initrd  = vmm::images::initrd(),
                            .dtb     = vmm::images::dtb(),
                            .cmdline = vmm::images::cmdline()});
}
