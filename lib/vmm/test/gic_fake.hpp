// SPDX-License-Identifier: BSD-2-Clause
// The other side of the virtual GIC: list registers, a virtual CPU interface, and a guest's
// accesses.
#pragma once

#include "vmm/gic.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vmm_test {

using vmm::GicConfig;
using vmm::GicFrame;
using vmm::GicVersion;
using vmm::VcpuId;

using Intids = std::vector<std::uint32_t>;

constexpr std::uint32_t k_spurious = 1023;

/// GICD offsets (both versions) and GICR offsets inside a vCPU's 128 KiB.
constexpr std::uint64_t CTLR = 0, TYPER = 4, IIDR = 8, SETSPI_NSR = 0x40, CLRSPI_NSR = 0x48,
                        IGROUPR = 0x80, ISENABLER = 0x100, ICENABLER = 0x180, ISPENDR = 0x200,
                        ICPENDR = 0x280, ISACTIVER = 0x300, ICACTIVER = 0x380, IPRIORITYR = 0x400,
                        ITARGETSR = 0x800, ICFGR = 0xc00, SGIR = 0xf00, CPENDSGIR = 0xf10,
                        SPENDSGIR = 0xf20, IROUTER = 0x6000, GICR_TYPER = 8, GICR_WAKER = 0x14,
                        SGI_BASE = 0x1'0000;

/// A machine whose kernel either can read list registers, or like seL4 can not. It checks what no
/// machine may do to its guest: overwrite an interrupt not yet taken, hold an INTID twice.
class FakeMachine final : public vmm::GicHost {
public:
    enum class Kernel : std::uint8_t { blind, seeing };
    enum class State : std::uint8_t { invalid, pending, active };

    struct ListRegister {
        State state   = State::invalid;
        Entry entry   = {};
        bool  is_mask = false; ///< written over another entry to hide it
    };
    struct Cpu {
        std::array<ListRegister, 64> list{};
        std::uint8_t                 priority_mask = 0xf8;
        std::array<bool, 2>          group_enabled{true, true};
        std::vector<std::uint8_t>    running; ///< active priorities
        std::optional<unsigned>      message; ///< a maintenance fault under way to the VMM
        unsigned                     wakes = 0;
    };

    explicit FakeMachine(GicConfig config, Kernel kernel_kind = Kernel::blind)
        : kernel{kernel_kind}
    {
        config.distributor                    = base::GuestPhysical{0x0800'0000};
        config.cpu_interface_or_redistributor = base::GuestPhysical{0x080a'0000};
        EXPECT_TRUE(gic.configure(config, *this));
        for (VcpuId vcpu = 0; vcpu < config.vcpus; ++vcpu) {
            gic.set_online(vcpu, true);
        }
    }
    FakeMachine(const FakeMachine&)            = delete;
    FakeMachine& operator=(const FakeMachine&) = delete;

    // ---- what the kernel does

    bool load_list_register(VcpuId vcpu, unsigned index, Entry entry) override
    {
        EXPECT_LT(vcpu, gic.config().vcpus);
        EXPECT_LT(index, gic.config().list_registers);
        EXPECT_LT(entry.intid, 1020U);
        EXPECT_EQ(entry.priority & 7, 0);
        EXPECT_LE(entry.group, 1);
        auto& old = cpus[vcpu].list[index];
        if (old.state == State::active && refuses_active) {
            ++refusals;
            return false;
        }
        const bool same  = entry.intid == old.entry.intid && !old.is_mask;
        const bool hides = entry.priority == 0xf8 && same; // also where it has ended unnoticed
        const bool again = allow_twins && same && entry.priority == old.entry.priority;
        if (old.state != State::invalid && !old.is_mask && !hides && !again) {
            ADD_FAILURE() << "INTID " << old.entry.intid << " in list register " << index
                          << " overwritten by " << entry.intid;
        }
        if (old.state == State::active) {
            EXPECT_EQ(kernel, Kernel::blind) << "a kernel that sees need not guess";
            ++forgotten_actives;
        }
        for (unsigned other = 0; other < gic.config().list_registers; ++other) {
            const auto& twin = cpus[vcpu].list[other];
            if (other != index && twin.state != State::invalid && !allow_twins) {
                EXPECT_NE(twin.entry.intid, entry.intid) << "twice in list registers";
            }
        }
        old = {State::pending, entry, hides};
        ++loads;
        return true;
    }

    Held inspect_list_register(VcpuId vcpu, unsigned index) override
    {
        if (kernel == Kernel::blind) {
            return Held::unknown;
        }
        switch (cpus[vcpu].list[index].state) {
        case State::invalid:
            return Held::empty;
        case State::pending:
            return Held::pending;
        case State::active:
            break;
        }
        return Held::active;
    }

    Held recall_list_register(VcpuId vcpu, unsigned index, Recall recall) override
    {
        const auto held = inspect_list_register(vcpu, index);
        if (held == Held::pending ||
            (held == Held::active && recall == Recall::pending_or_active)) {
            cpus[vcpu].list[index] = {};
        }
        return held;
    }

    Line hardware_line(VcpuId vcpu, std::uint32_t intid) override
    {
        const auto found = lines.find({vcpu, intid});
        return found == lines.end() ? Line::unknown : found->second;
    }
    bool masks_interrupts(VcpuId) override { return masked; }

    void wake(VcpuId vcpu) override { ++cpus[vcpu].wakes; }
    void end_of_interrupt(VcpuId vcpu, std::uint32_t intid) override
    {
        ended.emplace_back(vcpu, intid);
    }

    // ---- what the guest does at its CPU interface

    /// The list register whose interrupt the virtual CPU interface signals.
    std::optional<unsigned> signalled(VcpuId vcpu) const
    {
        const auto&             cpu = cpus[vcpu];
        std::optional<unsigned> best;
        for (unsigned i = 0; i < gic.config().list_registers; ++i) {
            const auto& reg = cpu.list[i];
            if (reg.state == State::pending && cpu.group_enabled[reg.entry.group] &&
                visible_priority(reg.entry) < cpu.priority_mask &&
                (cpu.running.empty() || visible_priority(reg.entry) < cpu.running.back()) &&
                (!best || reg.entry.priority < cpu.list[*best].entry.priority)) {
                best = i;
            }
        }
        return best;
    }

    /// GICC_IAR: INTID, and the sender of an SGI in bits 12 … 10.
    std::uint32_t acknowledge(VcpuId vcpu = 0)
    {
        const auto index = signalled(vcpu);
        if (!index) {
            return k_spurious;
        }
        auto& reg = cpus[vcpu].list[*index];
        reg.state = State::active;
        cpus[vcpu].running.push_back(visible_priority(reg.entry));
        return reg.entry.intid | static_cast<std::uint32_t>(reg.entry.source) << 10;
    }

    /// GICC_EOIR with the value of an IAR: drops the priority, deactivates, and the VMM gets to
    /// know.
    void end(std::uint32_t iar, VcpuId vcpu = 0)
    {
        auto& cpu = cpus[vcpu];
        if (!cpu.running.empty()) {
            cpu.running.pop_back();
        }
        for (unsigned i = 0; i < gic.config().list_registers; ++i) {
            if (cpu.list[i].state == State::active && cpu.list[i].entry.intid == (iar & 0x3ff)) {
                cpu.list[i].state = State::invalid;
                cpu.message       = i;
                if (!holds_messages) {
                    deliver_message(vcpu);
                }
                return;
            }
        }
        ++ends_without_register;
    }

    /// The maintenance message that a vCPU is stopped by reaches the VMM, after others perhaps.
    void deliver_message(VcpuId vcpu)
    {
        if (const auto index = std::exchange(cpus[vcpu].message, std::nullopt)) {
            gic.maintenance(vcpu, *index);
        }
    }

    /// Takes and ends what is signalled until nothing is; gives the INTIDs in order.
    Intids take_all(VcpuId vcpu = 0, unsigned limit = 5000)
    {
        Intids taken;
        for (unsigned i = 0; i < limit; ++i) {
            const auto iar = acknowledge(vcpu);
            if (iar == k_spurious) {
                return taken;
            }
            taken.push_back(iar);
            end(iar, vcpu);
        }
        ADD_FAILURE() << "interrupts without end";
        return taken;
    }

    unsigned in_use(VcpuId vcpu) const
    {
        return static_cast<unsigned>(
            std::count_if(cpus[vcpu].list.begin(), cpus[vcpu].list.end(),
                          [](const auto& reg) { return reg.state != State::invalid; }));
    }

    // ---- what the guest does at its distributor and redistributors

    std::uint32_t read(std::uint64_t offset, VcpuId vcpu = 0, unsigned size = 4)
    {
        return static_cast<std::uint32_t>(gic.read(vcpu, GicFrame::distributor, offset, size));
    }
    void write(std::uint64_t offset, std::uint64_t value, VcpuId vcpu = 0, unsigned size = 4)
    {
        gic.write(vcpu, GicFrame::distributor, offset, size, value);
    }
    std::uint32_t read_r(VcpuId vcpu, std::uint64_t offset, unsigned size = 4)
    {
        return static_cast<std::uint32_t>(gic.read(
            vcpu, GicFrame::redistributor, vcpu * vmm::k_gic_redistributor_stride + offset, size));
    }
    void write_r(VcpuId vcpu, std::uint64_t offset, std::uint64_t value, unsigned size = 4)
    {
        gic.write(vcpu, GicFrame::redistributor, vcpu * vmm::k_gic_redistributor_stride + offset,
                  size, value);
    }

    /// One bit of a bitmap register, wherever this version has it for this interrupt.
    void set_bit(std::uint64_t reg, std::uint32_t intid, VcpuId vcpu = 0)
    {
        if (gic.config().version == GicVersion::v3 && intid < 32) {
            write_r(vcpu, SGI_BASE + reg, 1U << intid);
        } else {
            write(reg + intid / 32 * 4, 1U << (intid % 32), vcpu);
        }
    }
    bool get_bit(std::uint64_t reg, std::uint32_t intid, VcpuId vcpu = 0)
    {
        const auto word = gic.config().version == GicVersion::v3 && intid < 32
                              ? read_r(vcpu, SGI_BASE + reg)
                              : read(reg + intid / 32 * 4, vcpu);
        return (word >> (intid % 32) & 1) != 0;
    }
    void set_priority(std::uint32_t intid, std::uint8_t priority, VcpuId vcpu = 0)
    {
        if (gic.config().version == GicVersion::v3 && intid < 32) {
            write_r(vcpu, SGI_BASE + IPRIORITYR + intid, priority, 1);
        } else {
            write(IPRIORITYR + intid, priority, vcpu, 1);
        }
    }
    void set_edge(std::uint32_t intid, VcpuId vcpu = 0)
    {
        const bool          in_r = gic.config().version == GicVersion::v3 && intid < 32;
        const std::uint64_t at   = ICFGR + intid / 16 * 4;
        const auto          old  = in_r ? read_r(vcpu, SGI_BASE + at) : read(at, vcpu);
        const auto          now  = old | 2U << (2 * (intid % 16));
        if (in_r) {
            write_r(vcpu, SGI_BASE + at, now);
        } else {
            write(at, now, vcpu);
        }
    }

    /// What an operating system does first: groups on, v3 interrupts in group 1 and routed to vCPU
    /// 0 (the reset value), v2 shared ones to vCPU 0, everything enabled at priority 0xa0.
    void start()
    {
        const auto& config = gic.config();
        const auto  end    = 32 + config.spis;
        for (std::uint32_t intid = 0; intid < end; ++intid) {
            for (VcpuId vcpu = 0; vcpu < (intid < 32 ? config.vcpus : 1); ++vcpu) {
                if (config.version == GicVersion::v3) {
                    set_group1(intid, vcpu);
                }
                set_priority(intid, 0xa0, vcpu);
                set_bit(ISENABLER, intid, vcpu);
            }
            if (config.version == GicVersion::v2 && intid >= 32) {
                write(ITARGETSR + intid, 1, 0, 1);
            }
        }
        write(CTLR, 3);
    }
    void set_group1(std::uint32_t intid, VcpuId vcpu = 0)
    {
        if (gic.config().version == GicVersion::v3 && intid < 32) {
            write_r(vcpu, SGI_BASE + IGROUPR, read_r(vcpu, SGI_BASE + IGROUPR) | 1U << intid);
        } else {
            const auto at = IGROUPR + intid / 32 * 4;
            write(at, read(at, vcpu) | 1U << (intid % 32), vcpu);
        }
    }

    vmm::Gic                                         gic;
    Kernel                                           kernel;
    std::array<Cpu, vmm::k_gic_max_vcpus>            cpus{};
    std::vector<std::pair<VcpuId, std::uint32_t>>    ended;   ///< end_of_interrupt() calls
    std::map<std::pair<VcpuId, std::uint32_t>, Line> lines{}; ///< hardware_line()'s answers
    bool                                             masked                = false; ///< PSTATE.I
    unsigned                                         loads                 = 0;
    unsigned                                         refusals              = 0;
    unsigned                                         forgotten_actives     = 0;
    unsigned                                         ends_without_register = 0;
    bool                                             refuses_active        = false;
    bool                                             allow_twins           = false;
    bool                                             holds_messages        = false;
    bool weak_priorities = false; ///< seL4 with GICv3: all priorities pass every mask

private:
    std::uint8_t visible_priority(const Entry& entry) const
    {
        return weak_priorities ? static_cast<std::uint8_t>(entry.priority >> 3) : entry.priority;
    }
};

using Kernel = FakeMachine::Kernel;

} // namespace vmm_test
