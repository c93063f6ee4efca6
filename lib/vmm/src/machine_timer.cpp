// SPDX-License-Identifier: BSD-2-Clause
// A guest's physical timer. Where its registers trap, the timer driver's channel gives the time:
// the vCPU has one deadline there, of whichever timer is due first, also while it runs.
#include "vmm/machine.hpp"

#include "arch/counter.hpp"
#include "vmm/dispatcher.hpp"

#include <algorithm>

namespace vmm {

using microkit::Registers;

bool Machine::has_physical_timer(arch::SysregId reg)
{
    return PhysicalTimer::owns(reg) && dispatcher.alarm_clock().is_usable();
}

bool Machine::read_physical_timer(VcpuId id, const SysregRead& access)
{
    const unsigned prefix = Registers::prefix_of_x(access.target);
    Registers      registers;
    vcpu(id).read(registers, prefix);
    registers.set_x(access.target, records_[id].physical.read(access.reg, arch::physical_count()));
    registers.pc() += k_instruction_size;
    vcpu(id).write(registers, prefix);
    return true;
}

bool Machine::write_physical_timer(VcpuId id, const SysregWrite& access)
{
    Registers registers;
    vcpu(id).read(registers, Registers::prefix_of_x(access.source));
    records_[id].physical.write(access.reg, registers.x(access.source), arch::physical_count());
    registers.pc() += k_instruction_size;
    vcpu(id).write(registers, Registers::k_prefix_pc);
    dispatcher.alarm_clock().clear(config_.first_vcpu + id); // it runs: no other timer's
    const auto now = arch::physical_count();
    arm_physical_timer(id, now);
    gic_.set_line(id, config_.platform.timer.physical, records_[id].physical.is_high(now));
    return true;
}

void Machine::follow_physical_timer(VcpuId id)
{
    // A machine that sleeps starts anew, with its timers off.
    const VcpuRecord& record = records_[id];
    if (record.run == Run::off || record.run == Run::asleep || !record.physical.is_used()) {
        return;
    }
    const auto now = arch::physical_count();
    arm_physical_timer(id, now);
    gic_.set_line(id, config_.platform.timer.physical, record.physical.is_high(now));
}

void Machine::arm_physical_timer(VcpuId id, std::uint64_t now)
{
    const auto deadline = records_[id].physical.deadline(now);
    if (!deadline) {
        return;
    }
    auto&      clock   = dispatcher.alarm_clock();
    const auto sleeper = config_.first_vcpu + id;
    clock.set(sleeper, std::min(*deadline, clock.deadline(sleeper).value_or(*deadline)), now);
}

void Machine::reset_physical_timer(VcpuId id)
{
    if (records_[id].physical.is_used()) {
        dispatcher.alarm_clock().clear(config_.first_vcpu + id);
        gic_.set_line(id, config_.platform.timer.physical, false);
    }
    records_[id].physical.reset();
}

} // namespace vmm
