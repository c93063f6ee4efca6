// SPDX-License-Identifier: BSD-2-Clause
// PSCI 1.1 (DEN 0022): the guest's power switches, and which vCPU is on.
#pragma once

#include "arch/smccc.hpp"
#include "vmm/power.hpp"
#include "vmm/types.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace vmm {

/// The affinity that vCPU n reports: Aff0 = n, everything else 0. Both GICs number the same way.
[[nodiscard]] constexpr arch::Mpidr mpidr_of(VcpuId vcpu)
{
    return arch::Mpidr{}
        .with<arch::Mpidr::aff0>(static_cast<std::uint8_t>(vcpu))
        .with<arch::Mpidr::res1>(true);
}

/// What became of a call.
struct PsciResult {
    /// The value for x0; nothing if the caller does not go on now (it is off, waits, or the whole
    /// machine is gone).
    std::optional<std::int64_t> value;
};

class Psci {
public:
    /// vCPU 0 is on, all others off. `vcpus` up to k_max_vcpus.
    void reset(unsigned vcpus);

    /// Answers a call with a number in PSCI's range. Arguments as they stand in x1..x3; of a
    /// 32-bit call only the lower halves count.
    PsciResult call(VcpuId caller, arch::SmcccFunction function, std::uint64_t x1, std::uint64_t x2,
                    std::uint64_t x3, PowerHost& host);

    /// Whether a function is there, as FEATURES tells it: a non-negative value is a yes.
    [[nodiscard]] static std::int64_t features(std::uint32_t function);

    [[nodiscard]] bool is_on(VcpuId vcpu) const { return on_[vcpu]; }

private:
    [[nodiscard]] std::optional<VcpuId> vcpu_of(std::uint64_t mpidr) const;

    std::int64_t cpu_on(std::uint64_t target, std::uint64_t entry, std::uint64_t context,
                        PowerHost& host);
    std::int64_t affinity_info(std::uint64_t target, std::uint32_t lowest_level) const;
    PsciResult   cpu_suspend(VcpuId caller, std::uint32_t power_state, std::uint64_t entry,
                             PowerHost& host);
    PsciResult   system_suspend(VcpuId caller, std::uint64_t entry, std::uint64_t context,
                                PowerHost& host);

    std::array<bool, k_max_vcpus> on_{};
    unsigned                      vcpus_ = 0;
};

} // namespace vmm
