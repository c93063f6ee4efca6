// SPDX-License-Identifier: BSD-2-Clause
// Virtual CPUs: the EL1 side of a guest's processor.
//
// Its registers stay in the hardware while PDs run, and move to memory only when another vCPU
// needs the place. The few that would change how a PD runs at EL0 are exchanged at each exit.
#pragma once

#include "kernel/gic.hpp"
#include "kernel/thread.hpp"

#include <array>
#include <cstdint>

namespace kernel {

struct Core;

/// Fields of the read and write calls (seL4_VCPUReg), then what else a vCPU has.
enum class VcpuField : std::uint8_t {
    sctlr,
    cpacr,
    ttbr0,
    ttbr1,
    tcr,
    mair,
    amair,
    contextidr,
    actlr,
    afsr0,
    afsr1,
    esr,
    far,
    par,
    vbar,
    tpidr_el1,
    vmpidr,
    sp_el1,
    elr_el1,
    spsr_el1,
    cntv_ctl,
    cntv_cval,
    cntvoff,
    cntkctl,
    public_count,
    mdscr = public_count,
    csselr,
    count,
};

/// SCTLR_EL1 of a fresh vCPU: stage 1 and caches off, EL0 cache instructions and CTR_EL0 allowed.
inline constexpr std::uint64_t k_fresh_sctlr = 0x34d5'8820;

struct Vcpu : Thread {
    std::array<std::uint64_t, static_cast<std::size_t>(VcpuField::count)> saved{};
    VirtualInterface                                                      interface {
    };
    bool vppi_masked = false; ///< virtual timer delivered and not acknowledged yet

    std::uint64_t& operator[](VcpuField field) { return saved[static_cast<std::size_t>(field)]; }
};

/// Value of a field, wherever it is at the moment. Not for the running thread's own vCPU.
[[nodiscard]] std::uint64_t read_field(const Core& core, Vcpu& vcpu, VcpuField field);
void write_field(Core& core, Vcpu& vcpu, VcpuField field, std::uint64_t value);

/// What list register `index` holds, in the hardware or in memory. It is emptied if that is one of
/// `states`, a bit for each arch::VirtualState.
arch::VirtualState take_list_register(const Core& core, Vcpu& vcpu, unsigned index,
                                      std::uint64_t states);

/// The state before the first start, of what `parts` names (PICOKIT_RESET_…). Not for the running
/// thread's own vCPU.
void reset(Core& core, Vcpu& vcpu, std::uint64_t parts);

/// Puts the vCPU's whole state into the hardware, and that of the one that was there into memory.
void load(Core& core, Vcpu& vcpu);

/// What has to be put right before the loaded vCPU runs again. Bits of Core::borrowed.
enum Borrowed : std::uint8_t {
    // EL1 registers with a value that PDs need; the vCPU's is in memory.
    k_borrowed_cpacr   = 1,
    k_borrowed_counter = 2, ///< CNTKCTL_EL1, and CNTHCTL_EL2 with it
    k_borrowed_mdscr   = 4,
    // Interrupts that came while a PD ran, or that the VMM has acknowledged.
    k_paused_interface = 8,  ///< the virtual interface is off
    k_changed_vtimer   = 16, ///< the PPI is not as the vCPU wants it
};

/// Borrows a register for PDs, unless it is borrowed already.
void borrow(Core& core, Borrowed what);

/// Puts right all that `core.borrowed` names.
void return_borrowed(Core& core, Vcpu& vcpu);

} // namespace kernel
