// SPDX-License-Identifier: BSD-2-Clause
// The VMM of either guest. One that its parent restarts begins with everything as at the first
// start: there is nothing that it must remember.
#include "vmm/vmm.hpp"
#include "board/board.hpp"
#include "vmm/host.hpp"
#include "vmm/section_devices.hpp"

#include <memory>
#include <optional>

namespace {

constinit std::optional<vmm::SectionDevices> devices;
constinit std::optional<vmm::Machine>        machine;

void react(vmm::Machine&, vmm::Event event)
{
    constexpr std::uint32_t k_first_guest = 3;
    const auto* const       socket        = devices->socket();
    if (event == vmm::Event::powered_off && socket != nullptr && socket->cid() == k_first_guest) {
        vmm::power_off_board();
    }
}

} // namespace

void init()
{
    vmm::dispatcher.reset();
    devices.emplace();
    machine.emplace(vmm::MachineConfig{
        .platform         = vmm::platform(board::gic, board::timer, board::cpu),
        .on_event         = react,
        .may_be_restarted = true,
    });
    devices->attach_to(*machine);
    machine->boot(vmm::Linux{.kernel  = vmm::images::kernel(),
                             .initrd  = vmm::images::initrd(),
                             .dtb     = vmm::images::dtb(),
                             .cmdline = vmm::images::cmdline()});
}
