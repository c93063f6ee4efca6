// SPDX-License-Identifier: BSD-2-Clause
// GICv3 (IHI 0069): CPU interfaces are system registers. An interrupt on its way to a PD stays
// active (EOImode 1: its priority is dropped at once), and is deactivated by the acknowledgement.
#pragma once

#include "arch/gic_map.hpp"
#include "arch/gicd.hpp"
#include "arch/gicr.hpp"
#include "arch/list_register.hpp"
#include "kernel/gic_types.hpp"
#include "machine/machine.hpp"

#include <array>

namespace kernel {

/// Frames is an arch::GicV3Frames.
template <const auto& Frames>
struct GicV3 {
    /// What all cores share, once: everything masked, and for this core.
    static void initialise() { initialise_distributor(); }
    /// What is this core's own.
    void initialise_core()
    {
        using machine::Register;
        initialise_redistributor();
        // The system register interface for EL2 and EL1; EL1 may not look at the switch.
        machine::write<Register::icc_sre_el2>(0b0111);
        machine::synchronise_context();
        machine::write<Register::icc_sre_el1>(0b0111);
        machine::write<Register::icc_ctlr_el1>(1u << 1); // EOImode
        machine::write<Register::icc_pmr_el1>(0xff);
        machine::write<Register::icc_igrpen1_el1>(1);
        machine::synchronise_context();
    }

    [[nodiscard]] static std::uint32_t acknowledge()
    {
        return static_cast<std::uint32_t>(machine::read<machine::Register::icc_iar1_el1>());
    }
    static void finish(std::uint32_t intid)
    {
        hold(intid);
        release(intid);
    }
    static void hold(std::uint32_t intid)
    {
        machine::write<machine::Register::icc_eoir1_el1>(intid);
    }
    static void release(std::uint32_t intid)
    {
        machine::write<machine::Register::icc_dir_el1>(intid);
    }
    void enable(std::uint32_t intid) const
    {
        machine::write32(bank(intid) + arch::k_gicd_isenabler + intid / 32 * 4, 1u << intid % 32);
    }
    void disable(std::uint32_t intid) const
    {
        machine::write32(bank(intid) + arch::k_gicd_icenabler + intid / 32 * 4, 1u << intid % 32);
    }
    void set_trigger(std::uint32_t intid, bool edge) const
    {
        const std::uint64_t at    = bank(intid) + arch::k_gicd_icfgr + intid / 16 * 4;
        const auto          edges = arch::GicIcfgr{machine::read32(at)}.edges();
        const std::uint32_t bit   = 1u << intid % 16;
        machine::write32(at, arch::GicIcfgr::from_edges(edge ? edges | bit : edges & ~bit).raw());
    }

private:
    static constexpr std::uint64_t distributor() { return Frames.distributor.start().raw(); }
    /// The frame with the registers of the core's own interrupts, SGIs and PPIs.
    [[nodiscard]] std::uint64_t own_frame() const { return redistributor_ + arch::k_gicr_sgi_base; }
    [[nodiscard]] std::uint64_t bank(std::uint32_t intid) const
    {
        return intid < 32 ? own_frame() : distributor();
    }

    static void await_writes()
    {
        while (arch::GicdCtlr{machine::read32(distributor() + arch::k_gicd_ctlr)}
                   .get<arch::GicdCtlr::rwp>()) {
        }
    }
    static void initialise_bank(std::uint64_t frame, std::uint32_t number)
    {
        machine::write32(frame + arch::k_gicd_icenabler + 4 * number, ~0u);
        machine::write32(frame + arch::k_gicd_icpendr + 4 * number, ~0u);
        machine::write32(frame + arch::k_gicd_icactiver + 4 * number, ~0u);
        machine::write32(frame + arch::k_gicd_igroupr + 4 * number, ~0u);
        for (std::uint32_t word = 8 * number; word < 8 * number + 8; ++word) {
            machine::write32(frame + arch::k_gicd_ipriorityr + 4 * word, k_gic_priority_word);
        }
    }
    static void initialise_distributor()
    {
        machine::write32(distributor() + arch::k_gicd_ctlr, 0);
        await_writes();
        const arch::GicdTyper typer{machine::read32(distributor() + arch::k_gicd_typer)};
        const std::uint32_t   lines = typer.get<arch::GicdTyper::it_lines_number>();
        const std::uint64_t   self  = affinity() & 0xff'00ff'ffff;
        for (std::uint32_t number = 1; number <= lines; ++number) {
            initialise_bank(distributor(), number);
        }
        // Affinity routing first; then the targets, which only exist with it.
        const auto control =
            arch::GicdCtlr{}.with<arch::GicdCtlr::are>(true).with<arch::GicdCtlr::enable_grp1>(
                true);
        machine::write32(distributor() + arch::k_gicd_ctlr,
                         control.with<arch::GicdCtlr::enable_grp0>(true).raw());
        await_writes();
        for (std::uint32_t intid = 32; intid < 32 * (lines + 1) && intid <= 1019; ++intid) {
            machine::write64(distributor() + arch::k_gicd_irouter + 8 * intid, self);
        }
    }
    static std::uint64_t affinity()
    {
        return machine::read<machine::Register::mpidr_el1>() & 0xff'00ff'ffff;
    }
    /// Finds the redistributor of this core and wakes it.
    void initialise_redistributor()
    {
        const std::uint64_t mpidr  = affinity();
        const std::uint64_t wanted = (mpidr >> 8 & 0xff00'0000) | (mpidr & 0xff'ffff);
        redistributor_             = Frames.redistributors.start().raw();
        for (;;) {
            const arch::GicrTyper typer{machine::read64(redistributor_ + arch::k_gicr_typer)};
            if (typer.get<arch::GicrTyper::affinity>() == wanted ||
                typer.get<arch::GicrTyper::last>()) {
                break;
            }
            redistributor_ += arch::k_gicr_size;
        }
        const std::uint64_t waker = redistributor_ + arch::k_gicr_waker;
        machine::write32(waker, arch::GicrWaker{machine::read32(waker)}
                                    .with<arch::GicrWaker::processor_sleep>(false)
                                    .raw());
        while (arch::GicrWaker{machine::read32(waker)}.get<arch::GicrWaker::children_asleep>()) {
        }
        initialise_bank(own_frame(), 0);
    }

    std::uint64_t redistributor_ = 0; ///< of the core that this object belongs to
};

/// What a vCPU has in the virtual interface (ICH_*; the guest sees it through ICC_*).
struct VirtualInterfaceV3 {
    using Word = std::uint64_t;

    Word                                   vmcr = 0;
    Word                                   ap0r = 0;
    Word                                   ap1r = 0;
    std::array<Word, k_max_list_registers> lr{}; ///< as last written, saved or ended

    static unsigned count()
    {
        return static_cast<unsigned>(machine::read<machine::Register::ich_vtr_el2>() & 0xf) + 1;
    }
    static void enable() { machine::write<machine::Register::ich_hcr_el2>(1); }
    static void disable() { machine::write<machine::Register::ich_hcr_el2>(0); }

    /// The 32 priorities are the upper five bits, as the guest's GICR_IPRIORITYR and ICC_PMR_EL1
    /// have them. (seL4 puts them into the lower five.)
    [[nodiscard]] static Word entry(VirtualInterrupt irq)
    {
        return arch::IchLr{}
            .with<arch::IchLr::virtual_id>(irq.intid)
            .with<arch::IchLr::eoi>(true)
            .with<arch::IchLr::priority>(static_cast<std::uint8_t>(irq.priority << 3))
            .with<arch::IchLr::group1>(irq.group != 0)
            .with<arch::IchLr::state>(arch::VirtualState::pending)
            .raw();
    }
    /// As the guest's EOI leaves an entry: empty, and asking for maintenance.
    [[nodiscard]] static Word ended_entry()
    {
        return arch::IchLr{}.with<arch::IchLr::eoi>(true).raw();
    }
    [[nodiscard]] static arch::VirtualState state(Word word)
    {
        return arch::IchLr{word}.get<arch::IchLr::state>();
    }
    static Word read_lr(unsigned index);
    static void write_lr(unsigned index, Word word);

    static std::uint32_t ended()
    {
        return static_cast<std::uint32_t>(machine::read<machine::Register::ich_eisr_el2>());
    }
    static bool wants_maintenance()
    {
        return machine::read<machine::Register::ich_misr_el2>() != 0;
    }

    void save_control()
    {
        vmcr = machine::read<machine::Register::ich_vmcr_el2>();
        ap0r = machine::read<machine::Register::ich_ap0r0_el2>();
        ap1r = machine::read<machine::Register::ich_ap1r0_el2>();
    }
    void load_control() const
    {
        machine::write<machine::Register::ich_vmcr_el2>(vmcr);
        machine::write<machine::Register::ich_ap0r0_el2>(ap0r);
        machine::write<machine::Register::ich_ap1r0_el2>(ap1r);
    }
};

inline VirtualInterfaceV3::Word VirtualInterfaceV3::read_lr(unsigned index)
{
    using machine::Register;
    switch (index) {
    case 0:
        return machine::read<Register::ich_lr0_el2>();
    case 1:
        return machine::read<Register::ich_lr1_el2>();
    case 2:
        return machine::read<Register::ich_lr2_el2>();
    case 3:
        return machine::read<Register::ich_lr3_el2>();
    case 4:
        return machine::read<Register::ich_lr4_el2>();
    case 5:
        return machine::read<Register::ich_lr5_el2>();
    case 6:
        return machine::read<Register::ich_lr6_el2>();
    case 7:
        return machine::read<Register::ich_lr7_el2>();
    case 8:
        return machine::read<Register::ich_lr8_el2>();
    case 9:
        return machine::read<Register::ich_lr9_el2>();
    case 10:
        return machine::read<Register::ich_lr10_el2>();
    case 11:
        return machine::read<Register::ich_lr11_el2>();
    case 12:
        return machine::read<Register::ich_lr12_el2>();
    case 13:
        return machine::read<Register::ich_lr13_el2>();
    case 14:
        return machine::read<Register::ich_lr14_el2>();
    default:
        return machine::read<Register::ich_lr15_el2>();
    }
}

inline void VirtualInterfaceV3::write_lr(unsigned index, Word word)
{
    using machine::Register;
    switch (index) {
    case 0:
        machine::write<Register::ich_lr0_el2>(word);
        break;
    case 1:
        machine::write<Register::ich_lr1_el2>(word);
        break;
    case 2:
        machine::write<Register::ich_lr2_el2>(word);
        break;
    case 3:
        machine::write<Register::ich_lr3_el2>(word);
        break;
    case 4:
        machine::write<Register::ich_lr4_el2>(word);
        break;
    case 5:
        machine::write<Register::ich_lr5_el2>(word);
        break;
    case 6:
        machine::write<Register::ich_lr6_el2>(word);
        break;
    case 7:
        machine::write<Register::ich_lr7_el2>(word);
        break;
    case 8:
        machine::write<Register::ich_lr8_el2>(word);
        break;
    case 9:
        machine::write<Register::ich_lr9_el2>(word);
        break;
    case 10:
        machine::write<Register::ich_lr10_el2>(word);
        break;
    case 11:
        machine::write<Register::ich_lr11_el2>(word);
        break;
    case 12:
        machine::write<Register::ich_lr12_el2>(word);
        break;
    case 13:
        machine::write<Register::ich_lr13_el2>(word);
        break;
    case 14:
        machine::write<Register::ich_lr14_el2>(word);
        break;
    default:
        machine::write<Register::ich_lr15_el2>(word);
        break;
    }
}

} // namespace kernel
