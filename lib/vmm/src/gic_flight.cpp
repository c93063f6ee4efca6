// SPDX-License-Identifier: BSD-2-Clause
// Interrupts in flight: what a guest's access to their state means while a list register holds
// them.
//
// A kernel that can read list registers (GicHost::inspect_…, recall_…) gets the architecture to the
// letter. seL4 cannot. There an interrupt in flight counts as pending, not active; it is taken back
// only where that is harmless whichever it is, and only from the vCPU that makes the access:
// another vCPU's maintenance message may be under way already, and would be taken for the new
// content.
#include "vmm/gic.hpp"

#include "gic_inline.hpp"

namespace vmm {

namespace {

using Held   = GicHost::Held;
using Recall = GicHost::Recall;

/// GICv2: the idle priority, which no priority mask lets through (IHI 0048B 3.3). seL4 hands it to
/// a GICv3 as 0x1f, so there the other group has to hide it, which guests leave disabled.
constexpr std::uint8_t k_idle_priority = 0xf8;

} // namespace

Held          GicHost::inspect_list_register(VcpuId, unsigned) { return Held::unknown; }
Held          GicHost::recall_list_register(VcpuId, unsigned, Recall) { return Held::unknown; }
GicHost::Line GicHost::hardware_line(VcpuId, std::uint32_t) { return Line::unknown; }
bool          GicHost::masks_interrupts(VcpuId) { return false; }

/// The list register that holds an interrupt in flight, or the number of list registers.
unsigned Gic::find_in_flight(VcpuId id, std::uint32_t intid) const
{
    const auto& vcpu = state_.vcpus[id];
    for (auto rest = vcpu.in_flight; rest != 0; rest &= rest - 1) {
        if (vcpu.list[lowest(rest)].intid == intid) {
            return lowest(rest);
        }
    }
    return config_.list_registers;
}

Held Gic::inspect(VcpuId owner, std::uint32_t intid)
{
    const auto at    = holder(owner, intid);
    const auto index = find_in_flight(at, intid);
    return index < config_.list_registers ? host_->inspect_list_register(at, index) : Held::empty;
}

/// GICD_ISPENDR with what is in flight; `result` is pending anyway.
std::uint64_t Gic::pending_in_flight(VcpuId owner, unsigned word, std::uint32_t result)
{
    for (auto rest = bank(owner, word).in_flight & ~result; rest != 0; rest &= rest - 1) {
        const auto intid = 32 * word + lowest(rest);
        const auto at    = holder(owner, intid);
        const auto index = find_in_flight(at, intid);
        // What came from a line is as pending as the line, and that is low.
        if (index < config_.list_registers && state_.vcpus[at].list[index].latched) {
            const auto held = host_->inspect_list_register(at, index);
            if (held == Held::pending || held == Held::unknown) {
                result |= intid_bit(intid);
            }
        }
    }
    return result;
}

/// GICD_ISACTIVER with what is in flight.
std::uint64_t Gic::active_in_flight(VcpuId owner, unsigned word)
{
    const auto&   bits   = bank(owner, word);
    std::uint32_t result = bits.active;
    for (auto rest = bits.in_flight & ~result; rest != 0; rest &= rest - 1) {
        if (inspect(owner, 32 * word + lowest(rest)) == Held::active) {
            result |= 1U << lowest(rest);
        }
    }
    return result;
}

/// Latches edges. One that finds its interrupt in flight and not yet taken merges with it; where
/// we cannot know, it is delivered again after the end of interrupt: once too often beats never.
void Gic::make_pending(VcpuId owner, unsigned word, std::uint32_t set)
{
    auto& bits = bank(owner, word);
    if ((set & bits.in_flight) != 0) {
        set &= ~merge_in_flight(owner, word, set & bits.in_flight & ~bits.latch);
    }
    bits.latch |= set;
}

/// Those of `set`, interrupts in flight, that still wait in their list register.
std::uint32_t Gic::merge_in_flight(VcpuId owner, unsigned word, std::uint32_t set)
{
    std::uint32_t merged = 0;
    for (auto rest = set; rest != 0; rest &= rest - 1) {
        const auto intid = 32 * word + lowest(rest);
        if (inspect(owner, intid) == Held::pending) {
            const auto at                                            = holder(owner, intid);
            state_.vcpus[at].list[find_in_flight(at, intid)].latched = true;
            merged |= 1U << lowest(rest);
        }
    }
    return merged;
}

/// Before something about them changes: takes interrupts that are in flight but not yet taken back
/// into the distributor, if the machine can tell. What is deliverable after the change goes again.
void Gic::settle(VcpuId owner, unsigned word, std::uint32_t set)
{
    auto& bits = bank(owner, word);
    for (auto rest = set & bits.in_flight; rest != 0; rest &= rest - 1) {
        const auto intid = 32 * word + lowest(rest);
        const auto at    = holder(owner, intid);
        const auto index = find_in_flight(at, intid);
        if (index < config_.list_registers &&
            host_->recall_list_register(at, index, Recall::pending_only) == Held::pending) {
            unload(at, index, PutBack::yes);
        }
    }
}

/// ICPENDR of an interrupt in flight. Where we cannot know whether it is active already, masking it
/// forgets its active state, which the guest's end of interrupt then does without.
void Gic::drop_pending(VcpuId writer, VcpuId owner, std::uint32_t intid)
{
    const auto at    = holder(owner, intid);
    const auto index = find_in_flight(at, intid);
    if (index >= config_.list_registers) {
        return;
    }
    const auto held = host_->recall_list_register(at, index, Recall::pending_only);
    if (held == Held::pending || (held == Held::unknown && at == writer && mask(at, index))) {
        unload(at, index, PutBack::no);
    }
}

/// ICACTIVER of an interrupt in flight. Where we cannot know whether it is active there is a guess
/// to make. A vCPU that names this interrupt alone, with interrupts masked, stands in a handler
/// that ends it so. Otherwise, as when a guest clears whole registers at its start, it may still be
/// pending and must not be lost, so it goes again.
void Gic::deactivate(VcpuId writer, VcpuId owner, std::uint32_t intid, bool alone)
{
    const auto at    = holder(owner, intid);
    const auto index = find_in_flight(at, intid);
    if (index >= config_.list_registers) {
        return;
    }
    auto&      bits = bank(owner, intid / 32);
    const auto bit  = intid_bit(intid);
    // What came of a hardware line counts as sampled now: the line interrupts again if it is high.
    const auto sampled = state_.vcpus[at].list[index].latched ? 0 : bits.owed & bit;
    switch (host_->inspect_list_register(at, index)) {
    case Held::empty:
    case Held::pending:
        return;
    case Held::active:
        if (host_->recall_list_register(at, index, Recall::pending_or_active) == Held::active) {
            unload(at, index, PutBack::no);
            bits.line &= ~sampled;
        }
        return;
    case Held::unknown:
        if (at != writer) {
            return;
        }
        if (!mask(at, index)) {
            state_.vcpus[at].stale |= register_bit(index);
            unload(at, index, PutBack::no);
            bits.line &= ~sampled;
        } else if (alone && host_->masks_interrupts(at)) {
            unload(at, index, PutBack::no);
            bits.line &= ~sampled;
        } else {
            unload(at, index, PutBack::yes);
        }
        return;
    }
}

/// Forgets that a list register holds an interrupt in flight.
void Gic::unload(VcpuId id, unsigned index, PutBack put_back)
{
    auto&       vcpu  = state_.vcpus[id];
    const auto& entry = vcpu.list[index];
    auto&       bits  = bank(id, entry.intid / 32);
    const auto  bit   = 1U << (entry.intid % 32);
    vcpu.in_flight &= ~register_bit(index);
    vcpu.fresh &= ~register_bit(index);
    bits.in_flight &= ~bit;
    if (vcpu.waiting_words != 0) {
        touched_ |= 1U << id; // there is room for another
    }
    if (put_back == PutBack::yes && entry.latched) {
        bits.latch |= bit;
        if (config_.version == GicVersion::v2 && entry.intid < k_gic_sgis) {
            vcpu.sgi_sources[entry.intid] |= static_cast<std::uint8_t>(1U << entry.source);
        }
    }
}

/// Overwrites a list register with what the guest does not take. False if it refuses, or if we do
/// not know what it holds.
bool Gic::mask(VcpuId id, unsigned index)
{
    auto&               vcpu  = state_.vcpus[id];
    const std::uint32_t intid = vcpu.list[index].intid;
    if (!exists(id, intid)) {
        return false;
    }
    const bool           in_group1 = (bank(id, intid / 32).group & intid_bit(intid)) != 0;
    const GicHost::Entry entry{intid, k_idle_priority, static_cast<std::uint8_t>(in_group1 ? 0 : 1),
                               0};
    if (!host_->load_list_register(id, index, entry)) {
        ++counters_.refused;
        return false;
    }
    vcpu.masked |= register_bit(index);
    return true;
}

/// The guest is done with an interrupt that was in flight: the common case, with nothing to follow,
/// must stay short.
void Gic::maintenance(VcpuId id, std::uint64_t index)
{
    ++counters_.maintenances;
    if (id >= config_.vcpus || index >= config_.list_registers) [[unlikely]] {
        ++counters_.maintenances_unknown;
        return;
    }
    auto&      vcpu = state_.vcpus[id];
    const auto done = register_bit(static_cast<unsigned>(index));
    if ((vcpu.in_flight & done) == 0) [[unlikely]] {
        finish_stale(id, static_cast<unsigned>(index));
        return;
    }
    vcpu.in_flight ^= done;
    vcpu.fresh &= ~done;

    const std::uint32_t intid = vcpu.list[index].intid;
    auto&               bits  = bank(id, intid / 32);
    if ((finish(bits, intid_bit(intid)) | vcpu.waiting_words) != 0) {
        follow_up(id, intid, vcpu.list[index].latched);
    }
}

/// After finish(): acknowledges hardware, and goes on with what is pending. `latched`: what ended
/// was an edge or of the guest's own making, so that a line has yet to have its turn.
void Gic::follow_up(VcpuId id, std::uint32_t intid, bool latched)
{
    const auto bit  = intid_bit(intid);
    auto&      bits = bank(id, intid / 32);
    if ((bits.owed & ~bits.latch & bit) != 0) {
        const bool its_turn = latched && (bits.line & ~bits.edge & bit) != 0 &&
                              host_->hardware_line(id, intid) != GicHost::Line::low;
        if (!its_turn) {
            // The line too is down for us now: it interrupts again if it is high.
            bits.owed &= ~bit;
            bits.line &= ~bit;
            host_->end_of_interrupt(id, intid);
        }
    }
    if ((eligible(bits) & bit) != 0) {
        assign(id, intid / 32);
    }
    if (state_.vcpus[id].waiting_words != 0) {
        touched_ |= 1U << id;
        draining_ |= 1U << id;
    }
    deliver(1U << id);
}

/// A message for a register that is not in flight: perhaps for one that we had given up.
void Gic::finish_stale(VcpuId id, unsigned index)
{
    auto&               vcpu  = state_.vcpus[id];
    const std::uint32_t intid = vcpu.list[index].intid;
    if ((vcpu.stale & register_bit(index)) == 0) {
        ++counters_.maintenances_unknown;
        return;
    }
    vcpu.stale &= ~register_bit(index);
    auto&      bits = bank(id, intid / 32);
    const auto twin = find_in_flight(id, intid);
    if (twin < config_.list_registers) {
        // Did it finish the old one, or the newer one and hardware found the older register first?
        // Load the newer one again: if that is refused, then it is the one left active.
        const auto& entry = vcpu.list[twin];
        const bool  group = (bits.group & intid_bit(intid)) != 0;
        if (!host_->load_list_register(
                id, twin,
                {intid, entry.priority, static_cast<std::uint8_t>(group ? 1 : 0), entry.source})) {
            ++counters_.refused;
            vcpu.in_flight &= ~register_bit(twin);
            vcpu.fresh &= ~register_bit(twin);
            vcpu.stale |= register_bit(twin);
            (void)finish(bits, intid_bit(intid));
        }
    } else if ((bits.in_flight & intid_bit(intid)) == 0) {
        (void)finish(bits, intid_bit(intid));
    }
    follow_up(id, intid, vcpu.list[index].latched);
}

} // namespace vmm
