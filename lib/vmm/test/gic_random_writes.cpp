// SPDX-License-Identifier: BSD-2-Clause
// What a random guest does at its distributor and redistributors, and devices at their lines; and
// the same to the model.
#include "gic_random_guest.hpp"

#include "arch/gic_sysreg.hpp"

#include <bit>

namespace vmm_test {

template <class Change>
void RandomGuest::note_phantoms(std::uint32_t intid, Change change)
{
    auto&      it          = model_.at(cpu_, intid);
    const bool was_pending = it.pending();
    change();
    if (!sees() && was_pending && !it.pending()) {
        for (unsigned cpu = 0; cpu < ModelGic::k_cpus; ++cpu) {
            if ((intid >= 32 || cpu == cpu_) &&
                in_list_register(cpu, intid, FakeMachine::State::pending)) {
                phantoms_[cpu][intid] = true;
            }
        }
    }
}

void RandomGuest::write_bits(std::uint64_t reg)
{
    const auto intid = pick_intid();
    machine_.set_bit(reg, intid, cpu_);
    auto& it = model_.at(cpu_, intid);
    if (v2() && intid < 16) {
        return; // always enabled, and pended by sender
    }
    if (reg == ISENABLER || reg == ICENABLER) {
        it.enabled = reg == ISENABLER;
    } else if (reg == ISPENDR) {
        it.latch = true;
    } else {
        it.latch = false;
    }
}

void RandomGuest::write_activity()
{
    const auto intid = pick_intid();
    const bool set   = pick(4) == 0;
    machine_.set_bit(set ? ISACTIVER : ICACTIVER, intid, cpu_);
    auto& it = model_.at(cpu_, intid);
    // With a blind kernel the guest had better write EOIR too: nobody else can empty the
    // register.
    if (!set && it.active && sees()) {
        for (unsigned cpu = 0; cpu < ModelGic::k_cpus; ++cpu) {
            for (auto& running : running_[cpu]) {
                if ((running.iar & 0x3ff) == intid && (intid >= 32 || cpu == cpu_)) {
                    running.deactivated = true;
                }
            }
        }
    }
    it.active = set;
}

void RandomGuest::write_priority()
{
    const auto intid    = pick_intid();
    const auto priority = static_cast<std::uint8_t>(0x20 * pick(7));
    machine_.set_priority(intid, priority, cpu_);
    model_.at(cpu_, intid).priority = priority;
}

void RandomGuest::route(std::uint32_t intid, std::uint8_t targets)
{
    if (v2()) {
        machine_.write(ITARGETSR + intid, targets, cpu_, 1);
    } else if (std::has_single_bit(targets)) {
        machine_.write(IROUTER + 8 * intid,
                       vmm::gic_affinity(static_cast<VcpuId>(std::countr_zero(targets))), cpu_, 8);
    } else if (targets == 0) {
        machine_.write(IROUTER + 8 * intid, 0x77, cpu_, 8);
    } else {
        targets = 0xf;
        machine_.write(IROUTER + 8 * intid, 0x8000'0000, cpu_, 8);
    }
    model_.at(cpu_, intid).targets = targets;
}

void RandomGuest::write_route()
{
    const auto intid = pick_intid();
    if (intid >= 32) {
        route(intid, static_cast<std::uint8_t>(pick(3) != 0 ? 1U << pick(4) : pick(16)));
    }
}

void RandomGuest::write_group()
{
    const auto intid   = pick_intid();
    const bool in_r    = !v2() && intid < 32;
    const auto at      = IGROUPR + intid / 32 * 4;
    const auto old     = in_r ? machine_.read_r(cpu_, SGI_BASE + at) : machine_.read(at, cpu_);
    const auto flipped = old ^ 1U << (intid % 32);
    if (in_r) {
        machine_.write_r(cpu_, SGI_BASE + at, flipped);
    } else {
        machine_.write(at, flipped, cpu_);
    }
    model_.at(cpu_, intid).group1 = !model_.at(cpu_, intid).group1;
}

void RandomGuest::write_configuration()
{
    const auto intid = pick_intid();
    const bool in_r  = !v2() && intid < 32;
    const auto at    = ICFGR + intid / 16 * 4;
    const auto old   = in_r ? machine_.read_r(cpu_, SGI_BASE + at) : machine_.read(at, cpu_);
    const auto now   = old ^ 2U << (2 * (intid % 16));
    if (in_r) {
        machine_.write_r(cpu_, SGI_BASE + at, now);
    } else {
        machine_.write(at, now, cpu_);
    }
    if (intid >= 16) {
        note_phantoms(intid, [&] { model_.at(cpu_, intid).edge = !model_.at(cpu_, intid).edge; });
    }
}

void RandomGuest::send_sgi()
{
    const auto intid = pick(2) == 0 ? 1U : 15U;
    const auto list  = pick(16);
    if (v2()) {
        machine_.write(SGIR, list << 16 | intid, cpu_);
    } else {
        machine_.gic.write_sgi_register(
            cpu_, vmm::SgiRegister::sgi1r,
            arch::IccSgir{}
                .with<arch::IccSgir::intid>(static_cast<std::uint8_t>(intid))
                .with<arch::IccSgir::target_list>(static_cast<std::uint16_t>(list))
                .raw());
    }
    for (unsigned target = 0; target < ModelGic::k_cpus; ++target) {
        if ((list >> target & 1) != 0) {
            model_.own[target][intid].latch = true;
            model_.own[target][intid].senders |= static_cast<std::uint8_t>(1U << cpu_);
        }
    }
}

void RandomGuest::set_line()
{
    const auto intid = pick_intid();
    if (intid < 16) {
        return;
    }
    const bool high = pick(2) == 0;
    auto&      it   = model_.at(cpu_, intid);
    machine_.gic.set_line(cpu_, intid, high);
    it.latch = it.latch || (it.edge && high && !it.line);
    note_phantoms(intid, [&] { it.line = high; });
}

void RandomGuest::pulse()
{
    const auto intid = pick_intid();
    if (intid >= 16) {
        machine_.gic.pulse(cpu_, intid);
        model_.at(cpu_, intid).latch = true;
    }
}

void RandomGuest::write_ctlr(std::uint32_t value)
{
    machine_.write(CTLR, value, cpu_);
    model_.group_enabled = {(value & 1) != 0, (value & 2) != 0};
}

void RandomGuest::switch_power()
{
    model_.online[cpu_] = !model_.online[cpu_];
    machine_.gic.set_online(cpu_, model_.online[cpu_]);
    running_[cpu_].clear(); // its CPU interface starts afresh; what was active stays so
    machine_.cpus[cpu_].running.clear();
    phantoms_[cpu_].fill(false);
}

} // namespace vmm_test
