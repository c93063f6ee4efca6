// SPDX-License-Identifier: BSD-2-Clause
// The virtual machine monitor of either guest; sockets.layout.xml says which.
#include "vmm/vmm.hpp"
#include "board/board.hpp"
#include "vmm/section_devices.hpp"

namespace {

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
