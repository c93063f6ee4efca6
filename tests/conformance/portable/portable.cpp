// SPDX-License-Identifier: BSD-2-Clause
// A VMM that makes seL4's calls alone: its guest finds on any kernel what it finds on seL4. It has
// a source of random bits, which are for tests and nothing else.
#include "board/board.hpp"
#include "vmm/host.hpp"
#include "vmm/vmm.hpp"

#include "arch/counter.hpp"

std::uint64_t guest_ram_vaddr;

namespace {

using namespace vmm::literals;

constexpr microkit::Channel k_serial_interrupt{1};
constexpr microkit::Channel k_timer_driver{2};

/// Not random at all: a sequence that begins with the time (SplitMix64).
bool make_bits(std::span<std::byte> bytes)
{
    static constinit std::uint64_t state = 0;
    state += arch::physical_count();
    for (auto& byte : bytes) {
        state += 0x9e37'79b9'7f4a'7c15;
        auto mixed = (state ^ state >> 30) * 0xbf58'476d'1ce4'e5b9;
        mixed      = (mixed ^ mixed >> 27) * 0x94d0'49bb'1331'11eb;
        byte       = static_cast<std::byte>(mixed >> 56);
    }
    return true;
}

void react(vmm::Machine&, vmm::Event event)
{
    if (event == vmm::Event::powered_off) {
        vmm::power_off_board();
    }
}

constinit vmm::Machine machine{{
    .name         = "portable",
    .ram          = {vmm::ram(&guest_ram_vaddr, 0x4000'0000, 4_MiB)},
    .vcpus        = 4,
    .platform     = vmm::platform(board::gic, board::timer, board::cpu),
    .smccc        = {.workarounds = vmm::Workarounds::not_affected, .entropy = make_bits},
    .kernel_calls = vmm::KernelCalls::portable,
    .on_event     = react,
}};

} // namespace

void init()
{
    machine.passthrough(board::uart0, k_serial_interrupt);
    machine.wake_by(k_timer_driver);
    machine.boot(vmm::Image{.bytes = vmm::images::kernel()});
}
