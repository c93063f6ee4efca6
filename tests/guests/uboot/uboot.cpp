// SPDX-License-Identifier: BSD-2-Clause
// A virtual machine monitor for Debian's U-Boot (package u-boot-qemu, board qemu_arm64). What that
// stands on: its device tree at the start of RAM, which is where flat binaries find it; a PL011;
// and flash memory in which its settings may be. There is no flash here: it reads zeroes, and takes
// its default settings.
#include "board/board.hpp"
#include "vmm/host.hpp"
#include "vmm/section_devices.hpp"
#include "vmm/vmm.hpp"

namespace {

using namespace vmm::literals;

constexpr base::GuestPhysical k_settings{0x400'0000}; // CONFIG_ENV_ADDR
constexpr std::uint64_t       k_settings_size = 0x4'0000;

void react(vmm::Machine&, vmm::Event event)
{
    if (event == vmm::Event::powered_off) {
        vmm::power_off_board(); // nothing else runs here that matters
    }
}

constinit vmm::Machine        machine{{
           .name     = "uboot",
           .platform = vmm::platform(board::gic, board::timer, board::cpu),
           .on_event = react,
}};
constinit vmm::SectionDevices devices;

} // namespace

void init()
{
    devices.attach_to(machine);
    machine.passthrough(board::uart0);
    machine.ignore(*base::GuestRange::create(k_settings, k_settings_size));
    machine.boot(vmm::Image{.bytes = vmm::images::kernel(), .dtb = vmm::images::dtb()});
}
