// SPDX-License-Identifier: BSD-2-Clause
// vCPUs that start, stop, wait and wake; the power switches that PSCI finds; the GIC's host.
#include "vmm/machine.hpp"

#include "arch/counter.hpp"
#include "arch/el1.hpp"
#include "arch/spsr.hpp"
#include "vmm/dispatcher.hpp"

#include <algorithm>
#include <utility>

namespace vmm {

using base::GuestPhysical;
using microkit::Registers;
using microkit::SystemRegister;

namespace {

/// EL1 with its own stack pointer, all exceptions masked: how Linux wants to be entered.
constexpr auto k_entry_spsr = arch::Spsr{}
                                  .with<arch::Spsr::mode>(arch::Mode::el1h)
                                  .with<arch::Spsr::d>(true)
                                  .with<arch::Spsr::a>(true)
                                  .with<arch::Spsr::i>(true)
                                  .with<arch::Spsr::f>(true);

/// SCTLR_EL1 of a fresh vCPU: stage 1 and caches off, reserved bits as the kernel sets them.
constexpr std::uint64_t k_reset_sctlr = 0x34d5'8820;

/// The registers of EL1 as a fresh vCPU has them. The floating point registers and those of the
/// virtual interrupt interface are out of reach on kernels without Vcpu::reset().
void reset_system_registers(microkit::Vcpu vcpu, std::uint64_t mpidr)
{
    for (unsigned number = 0; number < microkit::k_system_registers; ++number) {
        const auto reg = static_cast<SystemRegister>(number);
        vcpu.write(reg, reg == SystemRegister::sctlr_el1    ? k_reset_sctlr
                        : reg == SystemRegister::vmpidr_el2 ? mpidr
                                                            : 0);
    }
}

/// An interrupt that is pending and active counts as active: our list registers ask for no such
/// state.
GicHost::Held held(std::optional<microkit::ListRegister> state)
{
    if (!state) {
        return GicHost::Held::unknown;
    }
    switch (*state) {
    case microkit::ListRegister::empty:
        return GicHost::Held::empty;
    case microkit::ListRegister::pending:
        return GicHost::Held::pending;
    case microkit::ListRegister::active:
    case microkit::ListRegister::both:
        break;
    }
    return GicHost::Held::active;
}

} // namespace

void Machine::start_vcpu(VcpuId id, GuestPhysical entry, std::uint64_t context)
{
    VcpuRecord& record = records_[id];
    const auto  face   = vcpu(id);
    if (record.used && config_.kernel_calls == KernelCalls::all && face.reset_processor()) {
        if (config_.platform.gic == GicVersion::v3) {
            (void)face.reset_interface(); // a part of the processor; of GICv2 it is not
        }
        face.write(SystemRegister::vmpidr_el2, mpidr_of(id).raw());
    } else if (record.used) {
        reset_system_registers(face, mpidr_of(id).raw());
        // A stop may have swallowed the timer's interrupt before it reached us; the kernel would
        // hold back the next ones. Where nothing is held back this does nothing.
        face.acknowledge_ppi(config_.platform.timer.virtual_timer);
    } else {
        face.write(SystemRegister::vmpidr_el2, mpidr_of(id).raw());
        record.used = true;
    }
    if (counter_offset_ != 0) {
        face.write(SystemRegister::cntvoff_el2, counter_offset_);
    }
    Registers registers;
    std::ranges::fill(registers.words(), 0);
    registers.spsr() = k_entry_spsr.raw();
    registers.set_x(0, context);
    face.write(registers, Registers::k_count);

    record.run     = Run::running;
    record.standby = false;
    reset_physical_timer(id);
    gic_.sample(id); // its timer is off now
    gic_.set_online(id, true);
    if (state_ == State::paused) {
        // resume() starts it: only pc is missing.
        registers.pc() = entry.raw();
        face.write(registers, Registers::k_prefix_pc);
        return;
    }
    face.start(base::GuestVirtual{entry.raw()}); // stage 1 is off: the same number
}

void Machine::stop_vcpus()
{
    ++generation_;
    for (VcpuId id = 0; id < vcpus_; ++id) {
        VcpuRecord& record = records_[id];
        if (record.run == Run::running) {
            vcpu(id).stop();
        } else if (record.run != Run::off) {
            dispatcher.alarm_clock().clear(config_.first_vcpu + id);
        }
        reset_physical_timer(id);
        record.run        = Run::off;
        record.timer_owed = false;
    }
}

void Machine::pause()
{
    if (state_ != State::running) {
        return;
    }
    state_     = State::paused;
    paused_at_ = arch::physical_count();
    for (VcpuId id = 0; id < vcpus_; ++id) {
        // The one whose exit is being handled waits for our answer; on_fault() stops it.
        VcpuRecord& record = records_[id];
        if (record.run == Run::running && id != handling_) {
            vcpu(id).stop();
        }
        // Nobody wakes while time stands still.
        record.deadline = dispatcher.alarm_clock().deadline(config_.first_vcpu + id);
        dispatcher.alarm_clock().clear(config_.first_vcpu + id);
    }
}

void Machine::resume()
{
    if (state_ != State::paused) {
        return;
    }
    state_               = State::running;
    const auto now       = arch::physical_count();
    const auto time_lost = now - paused_at_;
    counter_offset_ += time_lost;
    for (VcpuId id = 0; id < vcpus_; ++id) {
        const auto face = vcpu(id);
        if (records_[id].run == Run::off) {
            continue;
        }
        face.write(SystemRegister::cntvoff_el2, counter_offset_);
        if (records_[id].run == Run::running && id == handling_) {
            continue; // paused and resumed within its exit: it never stopped
        }
        if (records_[id].run == Run::running) {
            if (!records_[id].timer_owed) {
                face.acknowledge_ppi(config_.platform.timer.virtual_timer); // as in start_vcpu()
            }
            gic_.message_lost(id); // of an interrupt's end, likewise
            face.resume();
            continue;
        }
        if (const auto deadline = std::exchange(records_[id].deadline, std::nullopt)) {
            dispatcher.alarm_clock().set(config_.first_vcpu + id, *deadline + time_lost, now);
        }
    }
    for (VcpuId id = 0; id < vcpus_; ++id) {
        follow_physical_timer(id); // its count went on
    }
}

bool Machine::park(VcpuId id, base::GuestVirtual next)
{
    if (!gic_.may_park(id) || !arrange_wake_up(id)) {
        return false;
    }
    records_[id].run  = Run::waiting;
    records_[id].next = next;
    vcpu(id).park();
    return true;
}

bool Machine::arrange_wake_up(VcpuId id)
{
    if (records_[id].timer_owed) {
        return true; // the timer's interrupt is with the GIC already, masked as the guest wants it
    }
    const auto face  = vcpu(id);
    const auto now   = arch::physical_count();
    const auto count = now - counter_offset_;
    const auto cval  = face.read(SystemRegister::cntv_cval_el0);
    auto&      clock = dispatcher.alarm_clock();
    // A compare value to come is taken for a deadline without looking whether the timer is on: at
    // worst the vCPU wakes once too often, and mostly this saves a system call.
    if (cval <= count || !clock.is_usable()) {
        const auto control = arch::CntvCtl{face.read(SystemRegister::cntv_ctl_el0)};
        const bool armed =
            control.get<arch::CntvCtl::enable>() && !control.get<arch::CntvCtl::imask>();
        if (armed && cval > count && !said_busy_) {
            said_busy_ = true;
            base::print(sink(), "vmm: guest \"", name(),
                        "\" has no timer channel (wake_by): waiting vCPUs use up their core\n");
        }
        return !armed;
    }
    constexpr std::uint64_t k_no_deadline = std::uint64_t{1} << 62; // centuries
    if (cval - count < k_no_deadline) {
        clock.set(config_.first_vcpu + id, now + (cval - count), now);
        arm_physical_timer(id, now);
    }
    return true;
}

void Machine::unpark(VcpuId id)
{
    VcpuRecord& record = records_[id];
    const bool  asleep = record.run == Run::asleep;
    if (!asleep && record.run != Run::waiting) {
        return;
    }
    dispatcher.alarm_clock().clear(config_.first_vcpu + id);
    if (record.physical.is_used()) {
        arm_physical_timer(id, arch::physical_count());
    }
    record.run = Run::running;
    if (asleep) {
        start_vcpu(id, record.entry, record.context);
    } else if (state_ == State::running) {
        vcpu(id).start(record.next);
    } else {
        Registers registers; // resume() starts it
        registers.pc() = record.next.raw();
        vcpu(id).write(registers, Registers::k_prefix_pc);
    }
}

void Machine::tell(Event event)
{
    if (config_.on_event != nullptr) {
        config_.on_event(*this, event);
    }
}

void Machine::power_on(VcpuId id, GuestPhysical entry, std::uint64_t context)
{
    start_vcpu(id, entry, context);
}

void Machine::power_off(VcpuId id)
{
    records_[id].run = Run::off;
    reset_physical_timer(id);
    vcpu(id).park();
    gic_.set_online(id, false);
}

void Machine::standby(VcpuId id) { records_[id].standby = true; }

void Machine::suspend_system(VcpuId id, GuestPhysical entry, std::uint64_t context)
{
    VcpuRecord& record = records_[id];
    record.entry       = entry;
    record.context     = context;
    record.run         = Run::asleep;
    if (!gic_.may_park(id) || !arrange_wake_up(id)) {
        unpark(id);
    } else {
        vcpu(id).park();
    }
}

void Machine::system_off()
{
    stop();
    base::print(sink(), "vmm: guest \"", name(), "\" powered off\n");
    tell(Event::powered_off);
}

void Machine::firmware_unreachable()
{
    if (!said_firmware_) {
        said_firmware_ = true;
        base::print(sink(), "vmm: guest \"", name(),
                    "\" called the firmware, which this VMM may not: give its protection domain "
                    "smc=\"true\", or take the call off smccc.forward\n");
    }
}

bool Machine::is_ram(GuestPhysical address) const { return memory_.contains(address, 4); }

bool Machine::load_list_register(VcpuId id, unsigned index, Entry entry)
{
    // seL4 knows 32 priorities, the upper five bits of the guest's eight.
    const auto                       priority = static_cast<std::uint8_t>(entry.priority >> 3);
    const microkit::VirtualInterrupt interrupt{.intid    = static_cast<std::uint16_t>(entry.intid),
                                               .priority = priority,
                                               .group    = entry.group};
    if (entry.source != 0 && config_.kernel_calls == KernelCalls::all) [[unlikely]] {
        return vcpu(id).inject_from(entry.source, interrupt, index) == microkit::InjectError::none;
    }
    return vcpu(id).inject(interrupt, index) == microkit::InjectError::none;
}

GicHost::Held Machine::inspect_list_register(VcpuId id, unsigned index)
{
    if (config_.kernel_calls == KernelCalls::portable) {
        return Held::unknown;
    }
    return held(vcpu(id).inspect(index));
}

GicHost::Held Machine::recall_list_register(VcpuId id, unsigned index, Recall recall)
{
    using enum microkit::ListRegister;
    if (config_.kernel_calls == KernelCalls::portable) {
        return Held::unknown;
    }
    return held(recall == Recall::pending_only ? vcpu(id).recall(index, {pending})
                                               : vcpu(id).recall(index, {pending, active, both}));
}

GicHost::Line Machine::hardware_line(VcpuId id, std::uint32_t intid)
{
    if (intid != config_.platform.timer.virtual_timer) {
        return Line::unknown; // behind it is a device that we do not know
    }
    const auto face    = vcpu(id);
    const auto control = arch::CntvCtl{face.read(SystemRegister::cntv_ctl_el0)};
    if (!control.get<arch::CntvCtl::enable>() || control.get<arch::CntvCtl::imask>()) {
        return Line::low;
    }
    // Not its ISTATUS: a vCPU that is not in the hardware has that of then.
    const auto count = arch::physical_count() - counter_offset_;
    return face.read(SystemRegister::cntv_cval_el0) <= count ? Line::high : Line::low;
}

bool Machine::masks_interrupts(VcpuId id)
{
    Registers registers;
    vcpu(id).read(registers, Registers::k_prefix_spsr);
    return arch::Spsr{registers.spsr()}.get<arch::Spsr::i>();
}

void Machine::wake(VcpuId id) { unpark(id); }

void Machine::end_of_interrupt(VcpuId id, std::uint32_t intid)
{
    if (intid == config_.platform.timer.virtual_timer) {
        records_[id].timer_owed = false;
        vcpu(id).acknowledge_ppi(intid);
        return;
    }
    for (const InterruptLine& line : lines_) {
        if (line.intid == intid) {
            line.channel.acknowledge_at_end();
            return;
        }
    }
}

} // namespace vmm
