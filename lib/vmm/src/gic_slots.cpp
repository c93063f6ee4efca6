// SPDX-License-Identifier: BSD-2-Clause
// Which list register a virtual interrupt goes into: free, fair, and one kept for the most urgent.
#include "vmm/gic.hpp"

#include "gic_inline.hpp"

namespace vmm {

namespace {

/// With fewer list registers than this none is kept free.
constexpr unsigned k_reserve_from = 4;

/// How often an interrupt in a list register may be passed by others of its priority, at last.
constexpr std::uint8_t k_patience_ends = 128;

constexpr unsigned k_none = ~0U;

} // namespace

/// The list register that a waiting interrupt may go to now, or none.
unsigned Gic::find_slot(VcpuId id, std::uint32_t intid, std::uint64_t refused)
{
    const auto& vcpu     = state_.vcpus[id];
    const auto  priority = priority_of(id, intid);
    const auto  all      = config_.list_registers == k_gic_max_list_registers
                               ? ~std::uint64_t{0}
                               : register_bit(config_.list_registers) - 1;
    // The same INTID must not be in two registers (IHI 0048B 5.3.9), so its own comes first.
    for (auto rest = vcpu.masked; rest != 0; rest &= rest - 1) {
        if (vcpu.list[lowest(rest)].intid == intid) {
            return lowest(rest);
        }
    }
    const auto usable = all & ~(vcpu.in_flight | vcpu.stale | refused);
    if (usable == 0) {
        // One that we gave up may have ended. Then its message would be taken for the new content,
        // unless the vCPU stands still at another exit.
        const auto stale = (served_ & (1U << id)) != 0 ? vcpu.stale & ~refused : 0;
        return stale != 0 ? lowest(stale) : k_none;
    }
    const auto empty = (usable & ~vcpu.masked) != 0 ? usable & ~vcpu.masked : usable;
    if (vcpu.in_flight == 0) [[likely]] {
        return lowest(empty);
    }
    if (is_single(usable) && config_.list_registers >= k_reserve_from && !sees_ && !idle_) {
        // The last one is kept for what may preempt all that is in flight. Else the most urgent
        // interrupt would wait for the least urgent, perhaps for as long as the guest masks those.
        for (auto rest = vcpu.in_flight; rest != 0; rest &= rest - 1) {
            if (vcpu.list[lowest(rest)].priority <= priority) {
                return k_none;
            }
        }
    }
    return take_turn(id, priority, empty);
}

/// Hardware takes equal priorities by the number of the register, so what goes into a low one
/// passes those in higher ones, and lines that stay high would starve them. So go above them if
/// there is room. If not, each may be passed a few times; then newcomers stay out while registers
/// drain, until those had their turn. If something else happens first, then they are perhaps not
/// pending but being handled (with EOImode = 1, for long): go on, and be slower to stay out.
unsigned Gic::take_turn(VcpuId id, std::uint8_t priority, std::uint64_t empty)
{
    auto&         vcpu     = state_.vcpus[id];
    const bool    draining = (draining_ & (1U << id)) != 0;
    std::uint64_t above    = empty;
    bool          wait     = false;
    for (auto rest = vcpu.in_flight; rest != 0; rest &= rest - 1) {
        auto& entry = vcpu.list[lowest(rest)];
        if (entry.priority != priority) {
            continue;
        }
        above &= ~(2 * register_bit(lowest(rest)) - 1);
        if (entry.overtaken < entry.patience) {
            continue;
        }
        if (draining) {
            wait = true;
        } else {
            entry.overtaken = 0;
            entry.patience  = entry.patience < k_patience_ends
                                  ? static_cast<std::uint8_t>(2 * entry.patience)
                                  : k_patience_ends;
        }
    }
    if (above != 0) {
        return lowest(above);
    }
    return wait ? k_none : lowest(empty);
}

/// Counts whom a newcomer in `index` passes.
void Gic::overtake(GicVcpu& vcpu, unsigned index)
{
    const auto priority = vcpu.list[index].priority;
    for (auto rest = vcpu.in_flight & ~(2 * register_bit(index) - 1); rest != 0; rest &= rest - 1) {
        auto& other = vcpu.list[lowest(rest)];
        if (other.priority == priority && other.overtaken < other.patience) {
            ++other.overtaken;
        }
    }
}

/// Takes the lowest interrupt below `priority` that is still pending back out of its register, if
/// the machine can tell. Gives the register, or none.
unsigned Gic::displace(VcpuId id, std::uint8_t priority)
{
    auto& vcpu = state_.vcpus[id];
    for (auto candidates = vcpu.in_flight; sees_ && candidates != 0;) {
        auto victim = lowest(candidates);
        for (auto rest = candidates; rest != 0; rest &= rest - 1) {
            if (vcpu.list[lowest(rest)].priority > vcpu.list[victim].priority) {
                victim = lowest(rest);
            }
        }
        if (vcpu.list[victim].priority <= priority) {
            break;
        }
        if (host_->recall_list_register(id, victim, GicHost::Recall::pending_only) ==
            GicHost::Held::pending) {
            const std::uint32_t intid = vcpu.list[victim].intid;
            unload(id, victim, PutBack::yes);
            assign(id, intid / 32);
            return victim;
        }
        candidates &= ~register_bit(victim);
    }
    return k_none;
}

/// Finds a register for a waiting interrupt and loads it.
bool Gic::place_one(VcpuId id, std::uint32_t intid)
{
    std::uint64_t refused = 0;
    while (true) {
        auto index = find_slot(id, intid, refused);
        if (index == k_none && refused == 0) {
            index = displace(id, priority_of(id, intid));
        }
        if (index == k_none) {
            return false;
        }
        if (load(id, index, intid)) [[likely]] {
            return true;
        }
        refused |= register_bit(index);
    }
}

} // namespace vmm
