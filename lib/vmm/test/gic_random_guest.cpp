// SPDX-License-Identifier: BSD-2-Clause
// A random guest's choice of what to do next, and what it takes and must be given.
#include "gic_random_guest.hpp"

namespace vmm_test {

RandomGuest::RandomGuest(const RandomRun& run, unsigned seed)
    : run_{run}
    , machine_{{run.version, ModelGic::k_cpus, ModelGic::k_spis, run.list_registers}, run.kernel}
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

void RandomGuest::step()
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

void RandomGuest::drain()
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

bool RandomGuest::in_list_register(unsigned cpu, std::uint32_t intid,
                                   FakeMachine::State state) const
{
    const auto& list = machine_.cpus[cpu].list;
    return std::any_of(list.begin(), list.end(), [&](const auto& reg) {
        return reg.state == state && !reg.is_mask && reg.entry.intid == intid;
    });
}

void RandomGuest::compare_registers()
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

void RandomGuest::acknowledge()
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
        ASSERT_TRUE(model_.deliverable(cpu_, intid)) << "CPU " << cpu_ << " gets INTID " << intid;
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

bool RandomGuest::message_under_way() const
{
    return std::any_of(machine_.cpus.begin(), machine_.cpus.end(),
                       [](const auto& cpu) { return cpu.message.has_value(); });
}

bool RandomGuest::phantom_anywhere() const
{
    return std::any_of(phantoms_[cpu_].begin(), phantoms_[cpu_].end(), [](bool is) { return is; });
}

void RandomGuest::end()
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

} // namespace vmm_test
