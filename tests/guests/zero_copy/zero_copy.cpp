// SPDX-License-Identifier: BSD-2-Clause
// A guest whose RAM is its disk's data region. When it ends its VMM says how many bytes went
// without a copy.
#include "board/board.hpp"
#include "microkit/debug.hpp"
#include "vmm/host.hpp"
#include "vmm/section_devices.hpp"
#include "vmm/vmm.hpp"

namespace {

void react(vmm::Machine& machine, vmm::Event event);

constinit vmm::Machine        machine{{
           .platform = vmm::platform(board::gic, board::timer, board::cpu),
           .on_event = react,
}};
constinit vmm::SectionDevices devices;

void react(vmm::Machine&, vmm::Event event)
{
    if (event == vmm::Event::powered_off) {
        const auto& counters = devices.disk(0)->counters();
        microkit::debug_print("disk: ", counters.direct, " bytes without a copy, ",
                              counters.bounced, " with one\n");
        vmm::power_off_board();
    }
}

} // namespace

void init()
{
    devices.attach_to(machine);
    machine.boot(vmm::Linux{.kernel  = vmm::images::kernel(),
                            .initrd  = vmm::images::initrd(),
                            .dtb     = vmm::images::dtb(),
                            .cmdline = vmm::images::cmdline()});
}
