// SPDX-License-Identifier: BSD-2-Clause
// A virtual machine monitor whose guest has a sound card. At the end it says what went through.
#include "board/board.hpp"
#include "microkit/debug.hpp"
#include "vmm/host.hpp"
#include "vmm/section_devices.hpp"
#include "vmm/vmm.hpp"

namespace {

constinit vmm::SectionDevices devices;

void react(vmm::Machine&, vmm::Event event)
{
    if (event != vmm::Event::powered_off) {
        return;
    }
    if (const auto* const card = devices.sound(); card != nullptr) {
        const auto& counted = card->counters();
        microkit::debug_print("sound: ", counted.played, " periods played, ", counted.recorded,
                              " recorded, ", counted.xruns, " xruns\n");
    }
    vmm::power_off_board(); // nothing else runs here that matters
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
