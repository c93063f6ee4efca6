// SPDX-License-Identifier: BSD-2-Clause
// The virtual GIC's way from pending into list registers: who gets it, what goes first, what if
// full.
#include "vmm/gic.hpp"

#include "arch/gicd.hpp"

#include "gic_bits.hpp"

namespace vmm {

namespace {

constexpr VcpuId        k_nobody   = ~VcpuId{0};
constexpr std::uint32_t k_no_intid = ~std::uint32_t{0};
constexpr std::uint8_t  k_idle     = 0xff; ///< below every priority

/// For list registers whose content is unknown: the architecture's "none".
constexpr std::uint16_t k_no_interrupt = 1023;

} // namespace

GicBank& Gic::bank(VcpuId owner, unsigned word)
{
    return word == 0 ? state_.vcpus[owner].bank : state_.shared[word - 1];
}

bool Gic::exists(VcpuId vcpu, std::uint32_t intid)
{
    return vcpu < config_.vcpus && intid < 32 * k_gic_max_words &&
           (bank(vcpu, intid / 32).implemented & intid_bit(intid)) != 0;
}

VcpuId Gic::holder(VcpuId owner, std::uint32_t intid) const
{
    return intid < k_gic_private ? owner : state_.home[intid - k_gic_private];
}

std::uint8_t& Gic::priority_of(VcpuId owner, std::uint32_t intid)
{
    return intid < k_gic_private ? state_.vcpus[owner].priority[intid]
                                 : state_.priority[intid - k_gic_private];
}

/// IHI 0069H 4.8: enabled, pending, its group enabled, and not being handled.
std::uint32_t Gic::eligible(const GicBank& bank) const
{
    const auto          enables = arch::GicdCtlr{state_.groups_enabled};
    const std::uint32_t group0  = enables.get<arch::GicdCtlr::enable_grp0>() ? ~bank.group : 0;
    const std::uint32_t group1  = enables.get<arch::GicdCtlr::enable_grp1>() ? bank.group : 0;
    const std::uint32_t pending = bank.latch | (bank.line & ~bank.edge);
    return pending & bank.enabled & (group0 | group1) & ~(bank.in_flight | bank.active);
}

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
    for (VcpuId vcpu = 0; vcpu < config_.vcpus; ++vcpu) {
        if (gic_affinity(vcpu) == affinity) {
            return (1U << vcpu) & state_.online;
        }
    }
    return 0;
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

/// `served` is the vCPU, a bit, that is stopped at an exit that we handle: no message of it is
/// under way.
void Gic::deliver(std::uint32_t served)
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

/// Puts a waiting interrupt into a list register. False if that refuses.
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
        ++counters_.refused;
        if (((vcpu.stale | vcpu.masked) & register_bit(index)) == 0) {
            vcpu.list[index].intid = k_no_interrupt; // we do not know what is in there
        }
        vcpu.stale |= register_bit(index);
        vcpu.masked &= ~register_bit(index);
        return false;
    }
    ++counters_.loaded;

    vcpu.list[index] = {.intid    = static_cast<std::uint16_t>(intid),
                        .priority = priority,
                        .source   = source,
                        .latched  = (bits.latch & bit) != 0};
    overtake(id, index);
    vcpu.in_flight |= register_bit(index);
    vcpu.fresh |= register_bit(index);
    vcpu.masked &= ~register_bit(index);
    vcpu.stale &= ~register_bit(index);
    vcpu.last_loaded = static_cast<std::uint16_t>(intid);

    bits.in_flight |= bit;
    bits.waiting &= ~bit;
    vcpu.waiting[intid / 32] &= ~bit;
    if (vcpu.waiting[intid / 32] == 0) {
        vcpu.waiting_words &= ~(1U << (intid / 32));
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

} // namespace vmm
