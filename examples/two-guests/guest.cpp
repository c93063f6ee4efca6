// SPDX-License-Identifier: BSD-2-Clause
// The virtual machine monitor of either guest. What makes one of them "one" and the other "two"
// stands in two-guests.layout.xml, and reaches this program in its configuration sections.
#include "board/board.hpp"
#include "vmm/section_devices.hpp"
#include "vmm/vmm.hpp"

namespace {

// Without a name of its own it has that of its protection domain.
constinit vmm::Machine machine{{.platform = vmm::platform(board::gic, board::timer, board::cpu)}};
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
