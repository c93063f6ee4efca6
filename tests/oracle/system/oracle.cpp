// SPDX-License-Identifier: BSD-2-Clause
// A virtual machine like QEMU's `virt`, as far as the oracle's operations go: the same GIC with as
// many interrupts, a serial port, memory at the same address.
#include "board/board.hpp"
#include "kernel_calls.hpp"
#include "vmm/host.hpp"
#include "vmm/vmm.hpp"

std::uint64_t guest_ram_vaddr;
std::uint64_t guest_ram_size;

namespace {

using namespace vmm::literals;

constexpr microkit::Channel k_timer_driver{2};
constexpr unsigned          k_spis = 256; // as many as `virt` has

void react(vmm::Machine&, vmm::Event) { vmm::power_off_board(); }

constinit vmm::Machine machine{{
    .name         = "oracle",
    .ram          = {vmm::ram(&guest_ram_vaddr, 1_GiB, &guest_ram_size)},
    .vcpus        = vmm::images::k_vcpus,
    .platform     = vmm::platform(board::gic, board::timer, board::cpu),
    .spis         = k_spis,
    .kernel_calls = k_kernel_calls,
    .on_event     = react,
}};

} // namespace

void init()
{
    machine.passthrough(board::uart0);
    machine.wake_by(k_timer_driver);
    machine.boot(vmm::Image{.bytes = vmm::images::kernel(), .arguments = vmm::images::cmdline()});
}
