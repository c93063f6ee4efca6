// SPDX-License-Identifier: BSD-2-Clause
// What PSCI asks of the machine around it.
#pragma once

#include "base/address.hpp"
#include "vmm/types.hpp"

#include <cstdint>

namespace vmm {

/// How a guest asked for its reset.
enum class ResetKind : std::uint8_t { cold, warm };

/// The power switches of a machine. Calls arrive only with vCPUs that exist and in a state in which
/// the action makes sense.
class PowerHost {
public:
    /// Starts a vCPU that is off: at `entry`, MMU and caches off, interrupts masked, x0 = context.
    virtual void power_on(VcpuId vcpu, base::GuestPhysical entry, std::uint64_t context) = 0;

    /// The calling vCPU is off from now on. If it was the last one, system_off() follows.
    virtual void power_off(VcpuId vcpu) = 0;

    /// The calling vCPU waits for an interrupt, then returns from its call with success.
    virtual void standby(VcpuId vcpu) = 0;

    /// The calling vCPU, the last one that is on, waits for an interrupt and then starts anew.
    virtual void suspend_system(VcpuId vcpu, base::GuestPhysical entry, std::uint64_t context) = 0;

    virtual void system_off()            = 0;
    virtual void system_reset(ResetKind) = 0;

    /// A call was to be forwarded to the board's firmware, and the kernel does not let us.
    virtual void firmware_unreachable() = 0;

    /// Whether code could be fetched from an address: it is RAM of the guest.
    [[nodiscard]] virtual bool is_ram(base::GuestPhysical address) const = 0;

protected:
    ~PowerHost() = default;
};

} // namespace vmm
