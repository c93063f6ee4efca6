// SPDX-License-Identifier: BSD-2-Clause
// A guest that hangs at once, with its interrupts masked, and a VMM that does not stand for that.
#include "board/board.hpp"
#include "microkit/debug.hpp"
#include "vmm/host.hpp"
#include "vmm/section_devices.hpp"
#include "vmm/vmm.hpp"

#include <array>

namespace {

/// nop; b .
constexpr std::array<std::uint32_t, 2> k_guest{0xd503'201f, 0x1400'0000};

void react(vmm::Machine&, vmm::Event event)
{
    if (event == vmm::Event::hung) {
        vmm::power_off_board();
    }
}

void hear(vmm::Machine&, const vmm::Report& report)
{
    microkit::debug_print("hang: heard of vCPU ", report.vcpu, ": ", report.cause, '\n');
}

constinit vmm::Machine        machine{{
           .name      = "hanging",
           .platform  = vmm::platform(board::gic, board::timer, board::cpu),
           .on_event  = react,
           .hang_ms   = 500,
           .on_report = hear,
}};
constinit vmm::SectionDevices devices;

} // namespace

void init()
{
    devices.attach_to(machine);
    machine.boot(vmm::Image{.bytes = std::as_bytes(std::span{k_guest})});
}
