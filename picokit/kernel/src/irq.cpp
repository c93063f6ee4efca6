// SPDX-License-Identifier: BSD-2-Clause
// Physical interrupts.
#include "kernel/irq.hpp"

#include "kernel/ipc.hpp"
#include "kernel/scheduler.hpp"
#include "kernel/system.hpp"

#include <bit>

namespace kernel {
namespace {

/// The vCPU whose code was interrupted, or nullptr: a PD's, or none.
Vcpu* interrupted_vcpu(const Core& core)
{
    return core.running() && core.current->kind == Kind::vcpu ? static_cast<Vcpu*>(core.current)
                                                              : nullptr;
}

void virtual_timer(Core& core)
{
    // Masked in either case. Without its vCPU running this is a deadline that passed while the
    // timer was left in the hardware: it fires again, if still due, when the vCPU is entered.
    core.gic.disable(board::timer.virtual_timer);
    core.vtimer_enabled = false;
    core.gic.finish(board::timer.virtual_timer);
    borrow(core, k_changed_vtimer);
    if (Vcpu* vcpu = interrupted_vcpu(core); vcpu != nullptr && !vcpu->vppi_masked) {
        vcpu->vppi_masked = true;
        raise(core, *vcpu, FaultLabel::vppi_event, board::timer.virtual_timer);
    }
}

/// The guest has ended an interrupt of a list register.
void maintenance(Core& core)
{
    Vcpu* const vcpu = interrupted_vcpu(core);
    if (vcpu == nullptr) {
        // Came too late to interrupt the guest. Quiet until the vCPU is entered.
        borrow(core, k_paused_interface);
        core.gic.finish(board::maintenance_intid);
        return;
    }
    std::uint64_t       index = ~std::uint64_t{0};
    const std::uint32_t ended = VirtualInterface::ended();
    if (ended != 0) {
        index                     = static_cast<unsigned>(std::countr_zero(ended));
        vcpu->interface.lr[index] = 0;
        VirtualInterface::write_lr(static_cast<unsigned>(index), 0);
    } else if (!VirtualInterface::wants_maintenance()) {
        core.gic.finish(board::maintenance_intid);
        return; // withdrawn by the time we looked
    }
    core.gic.finish(board::maintenance_intid);
    raise(core, *vcpu, FaultLabel::vgic_maintenance, index);
}

/// An interrupt that a PD owns, or nobody.
void device(Core& core, std::uint32_t intid)
{
    const unsigned place = intid <= k_max_intid ? g_system.irq_of_intid[intid] : 0u;
    if (place == 0) {
        core.gic.disable(intid); // no PD of this core asked for it
        core.gic.finish(intid);
        return;
    }
    core.gic.hold(intid);
    g_system.irq_states[place - 1] = IrqState::delivered;
    const picokit::IrqEntry& entry = g_system.irqs[place - 1];
    signal(core, g_system.pds[entry.pd], std::uint64_t{1} << entry.channel);
}

} // namespace

void handle_interrupt(Core& core)
{
    const std::uint32_t intid = core.gic.acknowledge();
    if (intid == board::timer.virtual_timer) {
        virtual_timer(core);
    } else if (intid == board::maintenance_intid) {
        maintenance(core);
    } else if (intid == board::timer.hypervisor) {
        tick(core);
        core.gic.finish(intid);
    } else if (intid < k_gic_special_intid) {
        device(core, intid);
    }
}

void take_event_back(Core& core, Vcpu& vcpu)
{
    const bool loaded = core.loaded == &vcpu;
    if (vcpu.fault.label == FaultLabel::vppi_event) {
        vcpu.vppi_masked = false;
        if (loaded) {
            borrow(core, k_changed_vtimer);
        }
    } else if (vcpu.fault.label == FaultLabel::vgic_maintenance &&
               vcpu.fault.first < core.list_registers) {
        const auto index         = static_cast<unsigned>(vcpu.fault.first);
        vcpu.interface.lr[index] = VirtualInterface::ended_entry();
        if (loaded) {
            VirtualInterface::write_lr(index, VirtualInterface::ended_entry());
        }
    }
}

void acknowledge_irq(Core& core, unsigned irq)
{
    const std::uint32_t intid = g_system.irqs[irq].intid;
    switch (g_system.irq_states[irq]) {
    case IrqState::fresh:
        core.gic.enable(intid);
        break;
    case IrqState::delivered:
        core.gic.release(intid);
        break;
    case IrqState::waiting:
        return;
    }
    g_system.irq_states[irq] = IrqState::waiting;
}

} // namespace kernel
