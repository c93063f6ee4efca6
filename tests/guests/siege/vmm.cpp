// SPDX-License-Identifier: BSD-2-Clause
// The VMM of both guests: whatever the layout gives them. When a guest is off, the rest goes on.
#include "vmm/vmm.hpp"
#include "board/board.hpp"
#include "vmm/section_devices.hpp"

namespace {

void react(vmm::Machine& /*machine*/, vmm::Event /*event*/) {}

constinit vmm::Machine        machine{{
           .name     = "guest",
           .platform = vmm::platform(board::gic, board::timer, board::cpu),
           .on_event = react,
}};
constinit vmm::SectionDevices devices;

} // namespace

void init()
{
    devices.attach_to(machine);
    machine.boot(vmm::Image{.bytes = vmm::images::kernel(), .arguments = vmm::images::cmdline()});
}
