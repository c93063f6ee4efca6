// SPDX-License-Identifier: BSD-2-Clause
// The virtual GIC's way from pending into list registers: who gets it, what goes first, what if
// full.
#include "vmm/gic.hpp"

#include "arch/gicd.hpp"

#include "gic_inline.hpp"

namespace vmm {

namespace {

constexpr VcpuId        k_nobody   = ~VcpuId{0};
constexpr std::uint32_t k_no_intid = ~std::uint32_t{0};
constexpr std::uint8_t  k_idle     = 0xff; ///< below every priority

/// How often an interrupt in a list register may be passed by others of its priority, at first.
constexpr std::uint8_t k_patience = 2;

/// For list registers whose content is unknown: the architecture's "none".
constexpr std::uint16_t k_no_interrupt = 1023;

} // namespace

/// The online vCPUs that an SPI may go to.
std::uint32_t Gic::targets_of(std::uint32_t intid) const
{
    const auto route = state_.route[intid - k_gic_private];
    if (config_.version == GicVersion::v2) {
        // IHI 0048B 4.3.12: with one CPU there is nothing to route.
        const auto targets = config_.vcpus == 1 ? 1U : static_cast<std::uint32_t>(route);
        return targets & state_.online;
    }
    const arch::GicdIrouter router{route};
    if (router.get<arch::GicdIrouter::irm>()) {
        // IHI 0069H 3.2.1: any of the participating ones; a sleeping one only if all sleep.
        const auto awake = state_.online & state_.awake;
        return awake != 0 ? awake : state_.online;
    }
    const auto affinity = router.get<arch::GicdIrouter::aff210>() |
                          static_cast<std::uint32_t>(router.get<arch::GicdIrouter::aff3>()) << 24;
    const auto vcpu = gic_vcpu(affinity);
    return vcpu < config_.vcpus ? (1U << vcpu) & state_.online : 0;
}

/// One of several: the first that has nothing to do, else the first.
VcpuId Gic::choose(std::uint32_t targets) const
{
    if (targets == 0) {
        return k_nobody;
    }
    if (!is_single(targets)) {
        for (auto rest = targets; rest != 0; rest &= rest - 1) {
            const auto& vcpu = state_.vcpus[lowest(rest)];
            if (vcpu.in_flight == 0 && vcpu.waiting_words == 0) {
                return lowest(rest);
            }
        }
    }
    return lowest(targets);
}

void Gic::unassign(GicBank& bank, unsigned word, std::uint32_t bit)
{
    auto& vcpu = state_.vcpus[state_.home[32 * (word - 1) + lowest(bit)]];
    bank.waiting &= ~bit;
    vcpu.waiting[word] &= ~bit;
    if (vcpu.waiting[word] == 0) {
        vcpu.waiting_words &= ~(1U << word);
    }
}

/// Brings `waiting` up to date after any change to one word of 32 interrupts.
void Gic::assign(VcpuId owner, unsigned word)
{
    auto&      bits = bank(owner, word);
    const auto now  = eligible(bits);
    if (word == 0) {
        auto& vcpu      = state_.vcpus[owner];
        bits.waiting    = now;
        vcpu.waiting[0] = now;
        if (now == 0) {
            vcpu.waiting_words &= ~1U;
            return;
        }
        vcpu.waiting_words |= 1U;
        touched_ |= 1U << owner;
        return;
    }
    for (auto gone = bits.waiting & ~now; gone != 0; gone &= gone - 1) {
        unassign(bits, word, gone & (0 - gone));
    }
    for (auto come = now & ~bits.waiting; come != 0; come &= come - 1) {
        const auto spi  = 32 * (word - 1) + lowest(come);
        const auto home = choose(targets_of(spi + k_gic_private));
        if (home == k_nobody) {
            continue; // stays pending; looked at again when a vCPU or a route comes
        }
        state_.home[spi] = static_cast<std::uint8_t>(home);
        bits.waiting |= 1U << lowest(come);
        state_.vcpus[home].waiting[word] |= 1U << lowest(come);
        state_.vcpus[home].waiting_words |= 1U << word;
        touched_ |= 1U << home;
    }
}

void Gic::assign_all()
{
    for (VcpuId vcpu = 0; vcpu < config_.vcpus; ++vcpu) {
        assign(vcpu, 0);
    }
    for (unsigned word = 1; word < k_gic_max_words; ++word) {
        assign(0, word);
    }
}

void Gic::deliver_touched(std::uint32_t served)
{
    served_ = served;
    // Placing on one vCPU can displace an interrupt that then waits for another: a lower one each
    // time, so this ends.
    while (touched_ != 0) {
        const auto vcpu = lowest(touched_);
        touched_ &= touched_ - 1;
        place(vcpu);
        draining_ &= ~(1U << vcpu);
    }
}

/// The waiting interrupt of the highest priority; of equals the next one after the last loaded, so
/// that none starves.
std::uint32_t Gic::best_waiting(VcpuId id)
{
    const auto& vcpu = state_.vcpus[id];
    if (is_single(vcpu.waiting_words)) {
        const auto word = lowest(vcpu.waiting_words);
        if (is_single(vcpu.waiting[word])) {
            return 32 * word + lowest(vcpu.waiting[word]);
        }
    }
    unsigned      highest = k_idle;
    std::uint32_t first   = k_no_intid; // the lowest INTID of that priority
    std::uint32_t next    = k_no_intid; // the lowest beyond the last loaded
    for (auto words = vcpu.waiting_words; words != 0; words &= words - 1) {
        for (auto bits = vcpu.waiting[lowest(words)]; bits != 0; bits &= bits - 1) {
            const auto     intid    = 32 * lowest(words) + lowest(bits);
            const unsigned priority = priority_of(id, intid);
            if (priority > highest) {
                continue;
            }
            if (priority < highest) {
                highest = priority;
                first   = intid;
                next    = k_no_intid;
            }
            if (next == k_no_intid && intid > vcpu.last_loaded) {
                next = intid;
            }
        }
    }
    return next != k_no_intid ? next : first;
}

/// Puts an interrupt into a list register. False if that refuses.
bool Gic::load(VcpuId id, unsigned index, std::uint32_t intid)
{
    auto&      vcpu     = state_.vcpus[id];
    auto&      bits     = bank(id, intid / 32);
    const auto bit      = intid_bit(intid);
    const bool is_sgi   = config_.version == GicVersion::v2 && intid < k_gic_sgis;
    const auto priority = priority_of(id, intid);
    const auto source   = static_cast<std::uint8_t>(is_sgi ? lowest(vcpu.sgi_sources[intid]) : 0);
    const auto group    = static_cast<std::uint8_t>((bits.group & bit) != 0 ? 1 : 0);

    if (!host_->load_list_register(id, index, {intid, priority, group, source})) [[unlikely]] {
        give_up(vcpu, index);
        return false;
    }
    ++counters_.loaded;

    vcpu.list[index] = {.intid    = static_cast<std::uint16_t>(intid),
                        .priority = priority,
                        .source   = source,
                        .patience = k_patience,
                        .latched  = (bits.latch & bit) != 0};
    vcpu.last_loaded = static_cast<std::uint16_t>(intid);
    if (vcpu.in_flight != 0) {
        overtake(vcpu, index);
    }
    vcpu.in_flight |= register_bit(index);
    vcpu.fresh |= register_bit(index);
    if ((vcpu.masked | vcpu.stale) != 0) {
        vcpu.masked &= ~register_bit(index);
        vcpu.stale &= ~register_bit(index);
    }

    bits.in_flight |= bit;
    if ((bits.waiting & bit) != 0) {
        bits.waiting ^= bit;
        vcpu.waiting[intid / 32] ^= bit;
        if (vcpu.waiting[intid / 32] == 0) {
            vcpu.waiting_words &= ~intid_bit(intid / 32);
        }
    }
    if (is_sgi) {
        // Of several senders one at a time: seL4 cannot tell them apart in list registers.
        vcpu.sgi_sources[intid] &= static_cast<std::uint8_t>(~(1U << source));
        if (vcpu.sgi_sources[intid] != 0) {
            return true;
        }
    }
    bits.latch &= ~bit;
    return true;
}

/// A list register refused: it holds an active interrupt that we know nothing of, or gave up.
void Gic::give_up(GicVcpu& vcpu, unsigned index)
{
    ++counters_.refused;
    if (((vcpu.stale | vcpu.masked) & register_bit(index)) == 0) {
        vcpu.list[index].intid = k_no_interrupt;
    }
    vcpu.stale |= register_bit(index);
    vcpu.masked &= ~register_bit(index);
}

/// One interrupt may have become deliverable. The usual case is that its vCPU has none: then it
/// goes into the first list register by the shortest way.
void Gic::raise(VcpuId owner, std::uint32_t intid)
{
    const auto& bits = bank(owner, intid / 32);
    if ((eligible(bits) & ~bits.waiting & intid_bit(intid)) == 0) {
        return;
    }
    auto target = owner;
    if (intid >= k_gic_private) {
        target = choose(targets_of(intid));
        if (target == k_nobody) {
            return;
        }
        state_.home[intid - k_gic_private] = static_cast<std::uint8_t>(target);
    }
    const auto& vcpu = state_.vcpus[target];
    if ((vcpu.in_flight | vcpu.masked | vcpu.stale | vcpu.waiting_words) == 0 &&
        (state_.online & (1U << target)) != 0 && load(target, 0, intid)) [[likely]] {
        host_->wake(target);
        return;
    }
    assign(owner, intid / 32);
    deliver();
}

/// Fills list registers from what waits for this vCPU.
void Gic::place(VcpuId id)
{
    auto& vcpu = state_.vcpus[id];
    if ((state_.online & (1U << id)) == 0) {
        return;
    }
    bool loaded = false;
    while (vcpu.waiting_words != 0 && place_one(id, best_waiting(id))) {
        loaded = true;
    }
    if (loaded) {
        host_->wake(id);
    }
}

} // namespace vmm
