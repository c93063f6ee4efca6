// SPDX-License-Identifier: BSD-2-Clause
// The kernel's objects: one for each entry of the system table, and none that comes later.
#pragma once

#include "kernel/core.hpp"
#include "kernel/thread.hpp"
#include "kernel/vcpu.hpp"
#include "picokit/system_table.hpp"

#include <array>
#include <span>

namespace kernel {

/// What the kernel knows of an interrupt that a PD owns.
enum class IrqState : std::uint8_t {
    fresh,     ///< never acknowledged: still disabled in the GIC
    waiting,   ///< enabled, may be delivered
    delivered, ///< held back in the GIC until the PD acknowledges it
};

inline constexpr std::uint32_t k_max_intid = 1019;

/// Entries of a domain schedule: as many as Microkit allows.
inline constexpr std::uint64_t k_max_domain_entries = 99;

struct System {
    // First, where they are cheap to get at: what capabilities name.
    /// PDs, then vCPUs: the order of TCB capabilities.
    std::array<Thread*, picokit::k_max_threads> threads{};
    /// All vCPUs.
    std::array<Vcpu*, picokit::k_max_vcpus> vcpu_of_index{};

    const picokit::SystemTable* table = nullptr;

    std::array<Pd, picokit::k_max_pds>     pds{};
    std::array<Vcpu, picokit::k_max_vcpus> vcpus{};

    std::span<const picokit::IrqEntry>        irqs{};
    std::array<IrqState, picokit::k_max_irqs> irq_states{};
    /// 1 + index into `irqs` for each interrupt number; 0: nobody owns it.
    std::array<std::uint16_t, k_max_intid + 1> irq_of_intid{};
    std::span<const picokit::DomainEntry>      domains{};
};

extern System g_system;

/// Makes the objects that the table describes; PDs become ready, vCPUs inactive. Panics where the
/// table is not one, or exceeds what the kernel has room for.
void create_system(System& system, Core& core, const picokit::SystemTable& table);

} // namespace kernel
