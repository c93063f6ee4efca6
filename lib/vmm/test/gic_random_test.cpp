// SPDX-License-Identifier: BSD-2-Clause
// Random guests against the plain model. A kernel that sees list registers must agree with it in
// every value read and every interrupt taken; a blind one must never lose an interrupt.
#include "gic_fake.hpp"
#include "gic_model.hpp"

#include "arch/gic_sysreg.hpp"

#include <bit>
#include <random>

namespace vmm_test {
namespace {

struct Run {
    GicVersion version;
    Kernel     kernel;
    unsigned   list_registers;
    bool       refuses = false; ///< a blind kernel that refuses to overwrite what is active
};

void PrintTo(const Run& run, std::ostream* out)
{
    *out << (run.version == GicVersion::v2 ? "v2 " : "v3 ")
         << (run.kernel == Kernel::blind ? "blind " : "seeing ") << run.list_registers
         << (run.refuses ? " refusing" : "");
}

class RandomGuest {
public:
    RandomGuest(const Run& run, unsigned seed)
        : run_{run}
        , machine_{{run.version, ModelGic::k_cpus, ModelGic::k_spis, run.list_registers},
                   run.kernel}
        , random_{seed}
    {
        machine_.refuses_active = run.refuses;
        machine_.allow_twins    = run.refuses;
        machine_.holds_messages = true;
        for (unsigned cpu = 0; cpu < ModelGic::k_cpus; ++cpu) {
            for (std::uint32_t intid = 0; intid < 16; ++intid) {
                model_.own[cpu][intid].edge    = true;
                model_.own[cpu][intid].enabled = v2();
            }
        }
        for (auto& spi : model_.shared) {
            spi.targets = v2() ? 0 : 1;
        }
    }

    void step()
    {
        cpu_ = pick(ModelGic::k_cpus);
        machine_.deliver_message(cpu_); // it was stopped by this, and runs again
        switch (pick(20)) {
        case 0:
            write_bits(ISENABLER);
            break;
        case 1:
            write_bits(ICENABLER);
            break;
        case 2:
        case 3:
            write_bits(ISPENDR);
            break;
        case 4:
            write_bits(ICPENDR);
            break;
        case 5:
            write_activity();
            break;
        case 6:
            write_priority();
            break;
        case 7:
            write_route();
            break;
        case 8:
            write_group();
            break;
        case 9:
            write_configuration();
            break;
        case 10:
        case 11:
            send_sgi();
            break;
        case 12:
            set_line();
            break;
        case 13:
            pulse();
            break;
        case 14:
            if (pick(8) == 0) {
                write_ctlr(pick(4));
            }
            break;
        case 15:
            // A vCPU that stops inside handlers the kernel knows of costs a register each time.
            if (!run_.refuses && pick(4) == 0) {
                switch_power();
            }
            break;
        case 16:
            if (pick(4) == 0) {
                // Paused by somebody, and resumed: the message it was stopped by is gone.
                const auto paused             = pick(ModelGic::k_cpus);
                machine_.cpus[paused].message = std::nullopt;
                machine_.gic.message_lost(paused);
            }
            compare_registers();
            break;
        default:
            if (running_[cpu_].empty() || pick(2) == 0) {
                acknowledge();
            } else {
                end();
            }
        }
    }

    /// Everything on, everything routed to CPU 0, all lines low: now all that is pending must come.
    void drain()
    {
        machine_.holds_messages = false;
        for (cpu_ = 0; cpu_ < ModelGic::k_cpus; ++cpu_) {
            machine_.deliver_message(cpu_);
            while (!running_[cpu_].empty()) {
                end();
            }
            if (!model_.online[cpu_]) {
                switch_power();
            }
        }
        for (std::uint32_t intid = 16; intid < ModelGic::k_total; ++intid) {
            for (cpu_ = 0; cpu_ < (intid < 32 ? ModelGic::k_cpus : 1); ++cpu_) {
                machine_.gic.set_line(cpu_, intid, false);
                model_.at(cpu_, intid).line = false;
            }
        }
        cpu_ = 0;
        write_ctlr(3);
        std::vector<std::pair<unsigned, std::uint32_t>> owed;
        for (std::uint32_t intid = 0; intid < ModelGic::k_total; ++intid) {
            for (cpu_ = 0; cpu_ < (intid < 32 ? ModelGic::k_cpus : 1); ++cpu_) {
                machine_.set_priority(intid, 0x80, cpu_);
                machine_.set_bit(ICACTIVER, intid, cpu_);
                machine_.set_bit(ISENABLER, intid, cpu_);
                if (intid >= 32) {
                    route(intid, 1);
                }
                if (model_.at(cpu_, intid).pending()) {
                    owed.emplace_back(cpu_, intid);
                }
            }
        }
        std::array<std::vector<std::uint32_t>, ModelGic::k_cpus> taken;
        for (unsigned round = 0; round < 2; ++round) { // one may hand over to another
            for (unsigned cpu = 0; cpu < ModelGic::k_cpus; ++cpu) {
                for (const auto iar : machine_.take_all(cpu)) {
                    taken[cpu].push_back(iar & 0x3ff);
                }
            }
        }
        for (const auto& [cpu, intid] : owed) {
            bool found = std::count(taken[cpu].begin(), taken[cpu].end(), intid) != 0;
            for (unsigned other = 0; intid >= 32 && other < ModelGic::k_cpus; ++other) {
                found = found || std::count(taken[other].begin(), taken[other].end(), intid) != 0;
            }
            EXPECT_TRUE(found) << "lost: INTID " << intid << " at CPU " << cpu;
        }
        for (const auto& vcpu : machine_.gic.state().vcpus) {
            EXPECT_EQ(vcpu.in_flight, 0U);
            EXPECT_EQ(vcpu.waiting_words, 0U);
        }
    }

    unsigned taken() const { return taken_; }

private:
    struct Running {
        std::uint32_t iar;
        bool          deactivated; ///< by ICACTIVER: its end only drops the priority
    };

    bool v2() const { return run_.version == GicVersion::v2; }
    bool sees() const { return run_.kernel == Kernel::seeing; }

    unsigned      pick(unsigned below) { return static_cast<unsigned>(random_() % below); }
    std::uint32_t pick_intid()
    {
        // Few enough to collide, of every kind.
        constexpr std::uint32_t k_some[] = {0,  1,  2,  15, 16, 27, 30, 31, 32, 33, 34, 35,
                                            40, 41, 42, 43, 62, 63, 64, 65, 70, 90, 94, 95};
        return k_some[pick(std::size(k_some))];
    }

    bool in_list_register(unsigned cpu, std::uint32_t intid, FakeMachine::State state) const
    {
        const auto& list = machine_.cpus[cpu].list;
        return std::any_of(list.begin(), list.end(), [&](const auto& reg) {
            return reg.state == state && !reg.is_mask && reg.entry.intid == intid;
        });
    }

    void write_bits(std::uint64_t reg)
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

    void write_activity()
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

    void write_priority()
    {
        const auto intid    = pick_intid();
        const auto priority = static_cast<std::uint8_t>(0x20 * pick(7));
        machine_.set_priority(intid, priority, cpu_);
        model_.at(cpu_, intid).priority = priority;
    }

    void route(std::uint32_t intid, std::uint8_t targets)
    {
        if (v2()) {
            machine_.write(ITARGETSR + intid, targets, cpu_, 1);
        } else if (std::has_single_bit(targets)) {
            machine_.write(IROUTER + 8 * intid,
                           vmm::gic_affinity(static_cast<VcpuId>(std::countr_zero(targets))), cpu_,
                           8);
        } else if (targets == 0) {
            machine_.write(IROUTER + 8 * intid, 0x77, cpu_, 8);
        } else {
            targets = 0xf;
            machine_.write(IROUTER + 8 * intid, 0x8000'0000, cpu_, 8);
        }
        model_.at(cpu_, intid).targets = targets;
    }

    void write_route()
    {
        const auto intid = pick_intid();
        if (intid >= 32) {
            route(intid, static_cast<std::uint8_t>(pick(3) != 0 ? 1U << pick(4) : pick(16)));
        }
    }

    void write_group()
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

    void write_configuration()
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
            note_phantoms(intid,
                          [&] { model_.at(cpu_, intid).edge = !model_.at(cpu_, intid).edge; });
        }
    }

    void send_sgi()
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

    /// Applies a change of line or configuration to the model. What was pending only by its line
    /// and is in a list register of a blind kernel may then be taken though nothing is pending any
    /// more.
    template <class Change>
    void note_phantoms(std::uint32_t intid, Change change)
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

    void set_line()
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

    void pulse()
    {
        const auto intid = pick_intid();
        if (intid >= 16) {
            machine_.gic.pulse(cpu_, intid);
            model_.at(cpu_, intid).latch = true;
        }
    }

    void write_ctlr(std::uint32_t value)
    {
        machine_.write(CTLR, value, cpu_);
        model_.group_enabled = {(value & 1) != 0, (value & 2) != 0};
    }

    void switch_power()
    {
        model_.online[cpu_] = !model_.online[cpu_];
        machine_.gic.set_online(cpu_, model_.online[cpu_]);
        running_[cpu_].clear(); // its CPU interface starts afresh; what was active stays so
        machine_.cpus[cpu_].running.clear();
        phantoms_[cpu_].fill(false);
    }

    void compare_registers()
    {
        if (!sees()) {
            return;
        }
        for (std::uint32_t intid = 0; intid < ModelGic::k_total; ++intid) {
            const auto& it = model_.at(cpu_, intid);
            ASSERT_EQ(machine_.get_bit(ISPENDR, intid, cpu_), it.pending()) << intid;
            ASSERT_EQ(machine_.get_bit(ISACTIVER, intid, cpu_), it.active) << intid;
            ASSERT_EQ(machine_.get_bit(ISENABLER, intid, cpu_), it.enabled) << intid;
            if (v2() && intid < 16) {
                ASSERT_EQ(machine_.read(SPENDSGIR + intid, cpu_, 1), it.senders) << intid;
            }
        }
    }

    void acknowledge()
    {
        if (!model_.online[cpu_]) {
            return;
        }
        const auto iar   = machine_.acknowledge(cpu_);
        const auto intid = iar & 0x3ff;
        const auto best  = model_.best(cpu_);
        // Hardware that nests as deep as there are list registers has no room for one more.
        const auto actives =
            std::count_if(machine_.cpus[cpu_].list.begin(), machine_.cpus[cpu_].list.end(),
                          [](const auto& reg) { return reg.state == FakeMachine::State::active; });
        const bool full = actives >= static_cast<long>(run_.list_registers);
        const auto limit =
            machine_.cpus[cpu_].running.empty() ? 0xf8 : machine_.cpus[cpu_].running.back();
        if (iar == k_spurious) {
            if (sees() && !full && !message_under_way()) {
                ASSERT_GE(best, limit) << "CPU " << cpu_ << " gets nothing";
            }
            return;
        }
        ++taken_;
        auto& it = model_.at(cpu_, intid);
        if (sees() && !phantoms_[cpu_][intid]) {
            ASSERT_TRUE(model_.deliverable(cpu_, intid))
                << "CPU " << cpu_ << " gets INTID " << intid;
            if (!phantom_anywhere() && !full && !message_under_way()) {
                ASSERT_LE(it.priority, best) << "CPU " << cpu_ << " gets INTID " << intid;
            }
        }
        phantoms_[cpu_][intid] = false;
        if (v2() && intid < 16) {
            const auto sender = static_cast<std::uint8_t>(1U << (iar >> 10));
            if (sees()) {
                ASSERT_NE(it.senders & sender, 0);
            }
            it.senders &= static_cast<std::uint8_t>(~sender);
            it.latch = it.senders != 0;
        } else {
            it.latch = false;
        }
        it.active = true;
        running_[cpu_].push_back({iar, false});
    }

    /// An interrupt that ended elsewhere may come here only once the VMM knows of its end.
    bool message_under_way() const
    {
        return std::any_of(machine_.cpus.begin(), machine_.cpus.end(),
                           [](const auto& cpu) { return cpu.message.has_value(); });
    }

    bool phantom_anywhere() const
    {
        return std::any_of(phantoms_[cpu_].begin(), phantoms_[cpu_].end(),
                           [](bool is) { return is; });
    }

    void end()
    {
        const auto running = running_[cpu_].back();
        running_[cpu_].pop_back();
        if (!running.deactivated) {
            model_.at(cpu_, running.iar & 0x3ff).active = false;
            machine_.end(running.iar, cpu_);
        } else {
            machine_.cpus[cpu_].running.pop_back();
        }
    }

    Run                                                               run_;
    FakeMachine                                                       machine_;
    ModelGic                                                          model_{};
    std::mt19937                                                      random_;
    unsigned                                                          cpu_ = 0;
    std::array<std::vector<Running>, ModelGic::k_cpus>                running_{};
    std::array<std::array<bool, ModelGic::k_total>, ModelGic::k_cpus> phantoms_{};
    unsigned                                                          taken_ = 0;
};

class GicRandom : public testing::TestWithParam<Run> {};

INSTANTIATE_TEST_SUITE_P(
    All, GicRandom,
    testing::Values(Run{GicVersion::v2, Kernel::seeing, 4}, Run{GicVersion::v2, Kernel::seeing, 1},
                    Run{GicVersion::v2, Kernel::blind, 4}, Run{GicVersion::v2, Kernel::blind, 2},
                    Run{GicVersion::v2, Kernel::blind, 4, true},

                    Run{GicVersion::v3, Kernel::seeing, 4}, Run{GicVersion::v3, Kernel::seeing, 16},
                    Run{GicVersion::v3, Kernel::blind, 4}, Run{GicVersion::v3, Kernel::blind, 16},
                    Run{GicVersion::v3, Kernel::blind, 4, true}));

TEST_P(GicRandom, AgreesWithTheModelAndLosesNothing)
{
    unsigned taken = 0;
    for (unsigned seed = 1; seed <= 40; ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        RandomGuest guest{GetParam(), seed};
        for (unsigned step = 0; step < 2000; ++step) {
            SCOPED_TRACE(testing::Message() << "step " << step);
            guest.step();
            if (HasFatalFailure() || HasNonfatalFailure()) {
                return;
            }
        }
        guest.drain();
        if (HasFailure()) {
            return;
        }
        taken += guest.taken();
    }
    EXPECT_GT(taken, 1000U);
}

} // namespace
} // namespace vmm_test
