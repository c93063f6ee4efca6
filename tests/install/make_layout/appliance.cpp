// SPDX-License-Identifier: BSD-2-Clause
// A project of its own: a guest with virtIO devices.
#include "board/board.hpp"
#include "vmm/host.hpp"
#include "vmm/section_devices.hpp"
#include "vmm/vmm.hpp"

namespace {

void react(vmm::Machine&, vmm::Event event)
{
    if (event == vmm::Event::powered_off) {
        vmm::power_off_board();
    }
}

constinit vmm::Machine        machine{{
           .name     = "appliance",
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
