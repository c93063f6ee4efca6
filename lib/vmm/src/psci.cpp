// SPDX-License-Identifier: BSD-2-Clause
// PSCI 1.1.
#include "vmm/psci.hpp"

#include <algorithm>

namespace vmm {

using base::GuestPhysical;
namespace psci = arch::psci;

namespace {

/// An A64 instruction can be fetched from there.
bool is_entry_point(std::uint64_t address, const PowerHost& host)
{
    return (address & 3) == 0 && host.is_ram(GuestPhysical{address});
}

} // namespace

void Psci::reset(unsigned vcpus)
{
    vcpus_ = vcpus;
    on_.fill(false);
    on_[0] = true;
}

std::optional<VcpuId> Psci::vcpu_of(std::uint64_t mpidr) const
{
    // Aff1 to Aff3 of every vCPU are zero, so the number is the whole affinity.
    if (mpidr >= vcpus_) {
        return std::nullopt;
    }
    return static_cast<VcpuId>(mpidr);
}

std::int64_t Psci::features(std::uint32_t function)
{
    switch (function) {
    case arch::smccc::k_version:
    case psci::k_version:
    case psci::k_cpu_off:
    case psci::k_cpu_on:
    case psci::k_cpu_on | psci::k_smc64:
    case psci::k_affinity_info:
    case psci::k_affinity_info | psci::k_smc64:
    case psci::k_migrate_info_type:
    case psci::k_system_off:
    case psci::k_system_reset:
    case psci::k_features:
    case psci::k_system_suspend:
    case psci::k_system_suspend | psci::k_smc64:
    case psci::k_system_reset2:
    case psci::k_system_reset2 | psci::k_smc64:
        return psci::k_success;
    case psci::k_cpu_suspend:
    case psci::k_cpu_suspend | psci::k_smc64:
        return 0; // bit 1: power_state in the original format; bit 0: no OS-initiated mode
    default:
        return psci::k_not_supported;
    }
}

PsciResult Psci::call(VcpuId caller, arch::SmcccFunction function, std::uint64_t x1,
                      std::uint64_t x2, std::uint64_t x3, PowerHost& host)
{
    if (!function.get<arch::SmcccFunction::smc64>()) {
        x1 = static_cast<std::uint32_t>(x1);
        x2 = static_cast<std::uint32_t>(x2);
        x3 = static_cast<std::uint32_t>(x3);
    } else if (features(function.raw()) < 0) {
        return {psci::k_not_supported}; // without a 64-bit form
    }
    switch (function.raw() & ~psci::k_smc64) {
    case psci::k_version:
        return {static_cast<std::int64_t>(psci::k_version_1_1)};
    case psci::k_features:
        return {features(static_cast<std::uint32_t>(x1))};
    case psci::k_cpu_on:
        return {cpu_on(x1, x2, x3, host)};
    case psci::k_affinity_info:
        return {affinity_info(x1, static_cast<std::uint32_t>(x2))};
    case psci::k_migrate_info_type:
        return {psci::k_no_trusted_os};
    case psci::k_cpu_suspend:
        return cpu_suspend(caller, static_cast<std::uint32_t>(x1), x2, host);
    case psci::k_system_suspend:
        return system_suspend(caller, x1, x2, host);
    case psci::k_cpu_off:
        on_[caller] = false;
        host.power_off(caller);
        if (std::ranges::find(on_, true) == on_.end()) {
            host.system_off(); // nobody is left to start anybody
        }
        return {};
    case psci::k_system_off:
        host.system_off();
        return {};
    case psci::k_system_reset:
        host.system_reset(ResetKind::cold);
        return {};
    case psci::k_system_reset2:
        // The other types are reserved or a vendor's, and there is none here.
        if (static_cast<std::uint32_t>(x1) != psci::k_system_warm_reset) {
            return {psci::k_invalid_parameters};
        }
        host.system_reset(ResetKind::warm);
        return {};
    default:
        return {psci::k_not_supported};
    }
}

std::int64_t Psci::cpu_on(std::uint64_t target, std::uint64_t entry, std::uint64_t context,
                          PowerHost& host)
{
    const auto vcpu = vcpu_of(target);
    if (!vcpu) {
        return psci::k_invalid_parameters;
    }
    // A call that starts a vCPU is over before the next call begins: ON_PENDING cannot be seen.
    if (on_[*vcpu]) {
        return psci::k_already_on;
    }
    if (!is_entry_point(entry, host)) {
        return psci::k_invalid_address;
    }
    on_[*vcpu] = true;
    host.power_on(*vcpu, GuestPhysical{entry}, context);
    return psci::k_success;
}

std::int64_t Psci::affinity_info(std::uint64_t target, std::uint32_t lowest_level) const
{
    if (lowest_level > 3 || (target & ~arch::Mpidr::k_affinity_mask) != 0) {
        return psci::k_invalid_parameters;
    }
    if (lowest_level == 0) {
        const auto vcpu = vcpu_of(target);
        if (!vcpu) {
            return psci::k_invalid_parameters;
        }
        return on_[*vcpu] ? psci::k_affinity_on : psci::k_affinity_off;
    }
    // Fields below the level are ignored; all vCPUs share the one node there is above level 0.
    const std::uint64_t ignored = lowest_level == 1 ? 0xff : lowest_level == 2 ? 0xffff : 0xff'ffff;
    if ((target & ~ignored) != 0) {
        return psci::k_invalid_parameters;
    }
    return std::ranges::find(on_, true) != on_.end() ? psci::k_affinity_on : psci::k_affinity_off;
}

PsciResult Psci::cpu_suspend(VcpuId caller, std::uint32_t power_state, std::uint64_t entry,
                             PowerHost& host)
{
    using State      = psci::PowerState;
    const auto state = State{power_state};
    if (state.get<State::reserved_lo>() != 0 || state.get<State::reserved_hi>() != 0 ||
        state.get<State::power_level>() != 0) {
        return {psci::k_invalid_parameters};
    }
    // A power-down request may end as a standby that returns success (DEN 0022, 5.4.5): there is no
    // power to save below a vCPU that does not run. Its entry point must be good all the same.
    if (state.get<State::power_down>() && !is_entry_point(entry, host)) {
        return {psci::k_invalid_address};
    }
    host.standby(caller);
    return {};
}

PsciResult Psci::system_suspend(VcpuId caller, std::uint64_t entry, std::uint64_t context,
                                PowerHost& host)
{
    if (!is_entry_point(entry, host)) {
        return {psci::k_invalid_address};
    }
    for (VcpuId vcpu = 0; vcpu < vcpus_; ++vcpu) {
        if (vcpu != caller && on_[vcpu]) {
            return {psci::k_denied};
        }
    }
    host.suspend_system(caller, GuestPhysical{entry}, context);
    return {};
}

} // namespace vmm
