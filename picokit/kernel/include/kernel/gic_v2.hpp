// SPDX-License-Identifier: BSD-2-Clause
// GICv2 (IHI 0048B): everything is in memory-mapped frames. An interrupt on its way to a PD is
// masked in the distributor, and unmasked by the PD's acknowledgement.
#pragma once

#include "arch/gic_map.hpp"
#include "arch/gicd.hpp"
#include "arch/list_register.hpp"
#include "kernel/gic_types.hpp"
#include "machine/machine.hpp"

#include <array>

namespace kernel {

/// Frames is an arch::GicV2Frames.
template <const auto& Frames>
struct GicV2 {
    /// What all cores share, once: everything masked, and for this core.
    static void initialise()
    {
        const auto lines =
            arch::GicdTyper{read(arch::k_gicd_typer)}.get<arch::GicdTyper::it_lines_number>();
        write(arch::k_gicd_ctlr, 0);
        // The banked registers of this core name it in every byte: the target of all SPIs.
        const std::uint32_t self = read(arch::k_gicd_itargetsr);
        for (std::uint32_t bank = 1; bank <= lines; ++bank) {
            initialise_bank(bank);
            for (std::uint32_t word = 8 * bank; word < 8 * bank + 8; ++word) {
                write(arch::k_gicd_itargetsr + 4 * word, self);
            }
        }
        write(arch::k_gicd_ctlr, 1);
    }
    /// What is this core's own.
    static void initialise_core()
    {
        initialise_bank(0);
        machine::write32(cpu(arch::k_gicc_pmr), 0xff);
        machine::write32(cpu(arch::k_gicc_ctlr), 1);
    }

    /// The highest pending interrupt, now active; 1020 and up: there was none.
    [[nodiscard]] static std::uint32_t acknowledge()
    {
        return machine::read32(cpu(arch::k_gicc_iar)) & 0x3ff;
    }
    /// The kernel has dealt with it.
    static void finish(std::uint32_t intid) { machine::write32(cpu(arch::k_gicc_eoir), intid); }
    /// A PD is to deal with it: nothing more of this interrupt until release().
    static void hold(std::uint32_t intid)
    {
        disable(intid);
        finish(intid);
    }
    static void release(std::uint32_t intid) { enable(intid); }

    static void enable(std::uint32_t intid)
    {
        write(arch::k_gicd_isenabler + intid / 32 * 4, 1u << intid % 32);
    }
    static void disable(std::uint32_t intid)
    {
        write(arch::k_gicd_icenabler + intid / 32 * 4, 1u << intid % 32);
    }
    static void set_trigger(std::uint32_t intid, bool edge)
    {
        const std::uint64_t at    = arch::k_gicd_icfgr + intid / 16 * 4;
        const auto          edges = arch::GicIcfgr{read(at)}.edges();
        const std::uint32_t bit   = 1u << intid % 16;
        write(at, arch::GicIcfgr::from_edges(edge ? edges | bit : edges & ~bit).raw());
    }

private:
    static void initialise_bank(std::uint32_t bank)
    {
        write(arch::k_gicd_icenabler + 4 * bank, ~0u);
        write(arch::k_gicd_icpendr + 4 * bank, ~0u);
        write(arch::k_gicd_icactiver + 4 * bank, ~0u);
        for (std::uint32_t word = 8 * bank; word < 8 * bank + 8; ++word) {
            write(arch::k_gicd_ipriorityr + 4 * word, k_gic_priority_word);
        }
    }
    static std::uint64_t cpu(std::uint64_t offset)
    {
        return Frames.cpu_interface.start().raw() + offset;
    }
    static std::uint32_t read(std::uint64_t offset)
    {
        return machine::read32(Frames.distributor.start().raw() + offset);
    }
    static void write(std::uint64_t offset, std::uint32_t value)
    {
        machine::write32(Frames.distributor.start().raw() + offset, value);
    }
};

/// What a vCPU has in the virtual interface (GICH; the guest sees it through GICV).
template <const auto& Frames>
struct VirtualInterfaceV2 {
    using Word = std::uint32_t;

    Word                                   vmcr = 0;
    Word                                   apr  = 0;
    std::array<Word, k_max_list_registers> lr{}; ///< as last written, saved or ended

    static unsigned count()
    {
        return std::min((read(arch::k_gich_vtr) & 0x3f) + 1, k_max_list_registers);
    }
    static void enable() { write(arch::k_gich_hcr, 1); }
    static void disable() { write(arch::k_gich_hcr, 0); }

    [[nodiscard]] static Word entry(VirtualInterrupt irq)
    {
        return arch::GichLr{}
            .with<arch::GichLr::virtual_id>(irq.intid)
            .with<arch::GichLr::cpu_id>(irq.source)
            .with<arch::GichLr::eoi>(true)
            .with<arch::GichLr::priority>(irq.priority)
            .with<arch::GichLr::group1>(irq.group != 0)
            .with<arch::GichLr::state>(arch::VirtualState::pending)
            .raw();
    }
    /// As the guest's EOI leaves an entry: empty, and asking for maintenance.
    [[nodiscard]] static Word ended_entry()
    {
        return arch::GichLr{}.with<arch::GichLr::eoi>(true).raw();
    }
    [[nodiscard]] static arch::VirtualState state(Word word)
    {
        return arch::GichLr{word}.get<arch::GichLr::state>();
    }
    static Word read_lr(unsigned index) { return read(arch::k_gich_lr + 4 * index); }
    static void write_lr(unsigned index, Word word) { write(arch::k_gich_lr + 4 * index, word); }

    /// Bit n: the guest has ended the interrupt of list register n, which asked for notice.
    static std::uint32_t ended() { return read(arch::k_gich_eisr0); }
    /// Whether a maintenance interrupt is asked for at all.
    static bool wants_maintenance() { return read(arch::k_gich_misr) != 0; }

    void save_control()
    {
        vmcr = read(arch::k_gich_vmcr);
        apr  = read(arch::k_gich_apr);
    }
    void load_control() const
    {
        write(arch::k_gich_vmcr, vmcr);
        write(arch::k_gich_apr, apr);
    }

private:
    static std::uint32_t read(std::uint64_t offset)
    {
        return machine::read32(Frames.hypervisor.start().raw() + offset);
    }
    static void write(std::uint64_t offset, std::uint32_t value)
    {
        machine::write32(Frames.hypervisor.start().raw() + offset, value);
    }
};

} // namespace kernel
