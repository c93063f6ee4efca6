// SPDX-License-Identifier: BSD-2-Clause
// A VMM whose guest touches what it does not have. Where it does decides which of the policies
// applies. When the guest is no more, another protection domain is asked how it does.
#include "board/board.hpp"
#include "vmm/host.hpp"
#include "vmm/vmm.hpp"

std::uint64_t guest_ram_vaddr;

namespace {

using namespace vmm::literals;

constexpr microkit::Channel k_witness{0};

constexpr base::GuestRange k_ignored =
    *base::GuestRange::create(base::GuestPhysical{0x2000'0000}, 16_MiB);
constexpr base::GuestRange k_fatal =
    *base::GuestRange::create(base::GuestPhysical{0x2200'0000}, 16_MiB);

vmm::StrayPolicy choose(vmm::Machine&, const vmm::StrayAccess& access)
{
    if (k_ignored.contains(access.address)) {
        return vmm::StrayPolicy::ignore;
    }
    return k_fatal.contains(access.address) ? vmm::StrayPolicy::stop : vmm::StrayPolicy::abort;
}

void react(vmm::Machine&, vmm::Event event)
{
    if (event != vmm::Event::reset_requested) {
        k_witness.notify();
    }
}

constinit vmm::Machine machine{{
    .name     = "intruder",
    .ram      = {vmm::ram(&guest_ram_vaddr, 0x4000'0000, 2_MiB)},
    .platform = vmm::platform(board::gic, board::timer, board::cpu),
    .on_stray = choose,
    .on_event = react,
}};

} // namespace

void init()
{
    machine.passthrough(board::uart0);
    machine.boot(vmm::Image{.bytes = vmm::images::kernel(), .arguments = vmm::images::cmdline()});
}

/// The witness has answered.
void notified(microkit::Channel) { vmm::power_off_board(); }

bool fault(unsigned child, microkit::MessageInfo message, microkit::MessageInfo* reply)
{
    return vmm::dispatcher.fault(child, message, *reply);
}
