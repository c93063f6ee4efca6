// SPDX-License-Identifier: BSD-2-Clause
// Boot of a core, from the first line of C++ to the first thread.
#include "kernel/boot.hpp"

#include "arch/stage2.hpp"
#include "arch/translation.hpp"
#include "board/board.hpp"
#include "kernel/console.hpp"
#include "kernel/monitor.hpp"
#include "kernel/native.hpp"
#include "kernel/scheduler.hpp"
#include "kernel/system.hpp"
#include "machine/machine.hpp"

#include <cstddef>

namespace kernel {

using machine::Register;

/// First in the writable segment, so that a stack that overflows meets read-only pages.
extern "C" {
[[gnu::section(".bss.stack")]] constinit std::array<CoreArea, board::cores> picokit_core_areas{};
}
static_assert(offsetof(CoreArea, core) == k_stack_size);
static_assert(offsetof(Core, current) == 0 && offsetof(Thread, context) == 0);

Core& this_core() { return *machine::pointer<Core>(machine::read<Register::tpidr_el2>()); }

namespace {

const picokit::SystemTable& system_table()
{
    // Through a volatile read: the compiler must not take the zero in the source for the value.
    const volatile std::uint64_t& address = picokit_system_table;
    return *machine::pointer<const picokit::SystemTable>(address);
}

/// VTCR_EL2 (DDI 0487, D17.2.160): the format that arch/stage2.hpp describes.
struct Vtcr : base::Register<Vtcr, std::uint64_t> {
    using Register::Register;
    using t0sz  = base::Field<5, 0>;
    using sl0   = base::Field<7, 6>;
    using irgn0 = base::Field<9, 8>;   ///< 1: walks are write-back cacheable, inner
    using orgn0 = base::Field<11, 10>; ///< the same, outer
    using sh0   = base::Field<13, 12, arch::Shareability>;
    using ps    = base::Field<18, 16>; ///< 2: 40 bits
    using res1  = base::Flag<31>;
};
constexpr Vtcr k_vtcr = Vtcr{}
                            .with<Vtcr::t0sz>(arch::k_stage2_t0sz)
                            .with<Vtcr::sl0>(1)
                            .with<Vtcr::irgn0>(1)
                            .with<Vtcr::orgn0>(1)
                            .with<Vtcr::sh0>(arch::Shareability::inner)
                            .with<Vtcr::ps>(2)
                            .with<Vtcr::res1>(true);

/// This core: everything that stays as it is while threads come and go.
void set_processor(Core& core)
{
    machine::write<Register::hstr_el2>(0);
    machine::write<Register::vtcr_el2>(k_vtcr.raw());
    machine::write<Register::cntvoff_el2>(0);
    machine::write<Register::cntv_ctl_el0>(0);
    machine::write<Register::cnthp_ctl_el2>(0);
    machine::write<Register::sctlr_el1>(k_native_sctlr);
    machine::write<Register::hcr_el2>(k_native_hcr);
    core.cptr = k_cptr_fp_trapped;
    machine::write<Register::cptr_el2>(core.cptr);
    borrow(core, k_borrowed_cpacr);
    borrow(core, k_borrowed_counter);
    borrow(core, k_borrowed_mdscr);
    // Debug and performance registers are not trapped, neither PDs' nor guests'. HPMN, the number
    // of counters that EL1 may have, stays as reset.
    constexpr std::uint64_t k_hpmn = 0x1f;
    machine::write<Register::mdcr_el2>(machine::read<Register::mdcr_el2>() & k_hpmn);
    machine::write<Register::pmuserenr_el0>(k_config.counters_at_el0 ? 1 : 0);
}

/// This core's own interrupts, and its virtual interface.
void set_interrupts(Core& core)
{
    core.gic.initialise_core();
    core.list_registers = VirtualInterface::count();
    VirtualInterface::disable();
    core.gic.enable(board::timer.hypervisor);
    core.gic.enable(board::maintenance_intid);
}

/// Guests may have the physical timer only if no PD lives on its interrupt.
std::uint64_t guest_cnthctl(const System& system)
{
    return system.irq_of_intid[board::timer.physical] == 0 ? k_native_cnthctl : k_cnthctl_counter;
}

} // namespace

extern "C" void picokit_prepare_memory()
{
    const picokit::SystemTable& table = system_table();
    const auto* const clears = machine::pointer<const picokit::ClearEntry>(table.clears.address);
    for (std::uint64_t i = 0; i < table.clears.count; ++i) {
        // To memory: whoever reads it past the caches (a device, a guest with its caches off) must
        // find zeros, and no dirty line may later be written over what such a one has written.
        clear_and_clean_range(clears[i].address, clears[i].address + clears[i].size);
    }
    const auto* const copies = machine::pointer<const picokit::CopyEntry>(table.copies.address);
    for (std::uint64_t i = 0; i < table.copies.count; ++i) {
        copy_range(copies[i].destination, copies[i].source, copies[i].size);
    }
    // Copied code: nothing older may be left in the instruction cache.
    machine::invalidate_instruction_cache();
}

extern "C" Thread* picokit_boot(Core& core)
{
    start_console();
    set_processor(core);
    core.gic.initialise();
    set_interrupts(core);
    create_system(g_system, core, system_table());
    core.guest_cnthctl = guest_cnthctl(g_system);
    report_start();
    return dispatch(core);
}

} // namespace kernel
