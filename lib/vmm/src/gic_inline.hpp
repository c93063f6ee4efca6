// SPDX-License-Identifier: BSD-2-Clause
// The small members of the virtual GIC that every path goes through, where the compiler sees them.
#pragma once

#include "vmm/gic.hpp"

#include "arch/gicd.hpp"
#include "gic_bits.hpp"

namespace vmm {

inline GicBank& Gic::bank(VcpuId owner, unsigned word)
{
    return word == 0 ? state_.vcpus[owner].bank : state_.shared[word - 1];
}

inline bool Gic::exists(VcpuId vcpu, std::uint32_t intid)
{
    return vcpu < config_.vcpus && intid < 32 * k_gic_max_words &&
           (bank(vcpu, intid / 32).implemented & intid_bit(intid)) != 0;
}

/// The vCPU that an interrupt in flight or waiting is at.
inline VcpuId Gic::holder(VcpuId owner, std::uint32_t intid) const
{
    return intid < k_gic_private ? owner : state_.home[intid - k_gic_private];
}

inline std::uint8_t& Gic::priority_of(VcpuId owner, std::uint32_t intid)
{
    return intid < k_gic_private ? state_.vcpus[owner].priority[intid]
                                 : state_.priority[intid - k_gic_private];
}

/// IHI 0069H 4.8: enabled, pending, its group enabled, and not being handled.
inline std::uint32_t Gic::eligible(const GicBank& bank) const
{
    const auto          enables = arch::GicdCtlr{state_.groups_enabled};
    const std::uint32_t group0  = enables.get<arch::GicdCtlr::enable_grp0>() ? ~bank.group : 0;
    const std::uint32_t group1  = enables.get<arch::GicdCtlr::enable_grp1>() ? bank.group : 0;
    const std::uint32_t pending = bank.latch | (bank.line & ~bank.edge);
    return pending & bank.enabled & (group0 | group1) & ~(bank.in_flight | bank.active);
}

/// An interrupt that was in flight is not any more. Gives its bit if there is more to do.
inline std::uint32_t Gic::finish(GicBank& bank, std::uint32_t bit)
{
    bank.in_flight &= ~bit;
    if (!sees_) {
        bank.active &= ~bit; // set by ISACTIVER while the interrupt was active, as far as we know
    }
    return ((bank.owed & ~bank.latch) | eligible(bank)) & bit;
}

/// Fills list registers wherever something happened. `served` is the vCPU, a bit, that is stopped
/// at an exit that we handle: no message of it is under way.
inline void Gic::deliver(std::uint32_t served)
{
    if (touched_ != 0) {
        deliver_touched(served);
    }
}

} // namespace vmm
