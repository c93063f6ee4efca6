// SPDX-License-Identifier: BSD-2-Clause
// The virtual machine monitor of either guest. That it has a socket device, and whom that reaches,
// stands in vsock.layout.xml.
#include "board/board.hpp"
#include "vmm/host.hpp"
#include "vmm/section_devices.hpp"
#include "vmm/vmm.hpp"

namespace {

constinit vmm::SectionDevices devices;

/// `poweroff` in the guest with the keyboard ends the system, in the other only the other.
void react(vmm::Machine&, vmm::Event event)
{
    constexpr std::uint32_t k_first_guest = 3;
    const auto* const       socket        = devices.socket();
    if (event == vmm::Event::powered_off && socket != nullptr && socket->cid() == k_first_guest) {
        vmm::power_off_board();
    }
}

constinit vmm::Machine machine{{
    .platform = vmm::platform(board::gic, board::timer, board::cpu),
    .on_event = react,
}};

} // namespace

void init()
{
    devices.attach_to(machine);
    machine.boot(vmm::Linux{.kernel  = vmm::images::kernel(),
                            .initrd  = vmm::images::initrd(),
                            .dtb     = vmm::images::dtb(),
                            .cmdline = vmm::images::cmdline()});
}
