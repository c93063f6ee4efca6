// SPDX-License-Identifier: BSD-2-Clause
// The virtual GIC's inputs: lines of emulated devices, edges, messages, and interrupts of hardware.
#include "vmm/gic.hpp"

#include "arch/gicd.hpp"

#include "gic_inline.hpp"

namespace vmm {

void Gic::set_line(VcpuId id, std::uint32_t intid, bool high)
{
    const VcpuId owner = intid < k_gic_private ? id : 0;
    if (intid < k_gic_sgis || !exists(owner, intid)) {
        return;
    }
    const auto word = intid / 32;
    const auto bit  = intid_bit(intid);
    auto&      bits = bank(owner, word);
    if (((bits.line & bit) != 0) == high) {
        return;
    }
    if (!high) {
        lower(owner, word, bit);
        return;
    }
    bits.line |= bit;
    if ((bits.edge & bit) != 0) {
        make_pending(owner, word, bit);
    }
    raise(owner, intid);
}

void Gic::pulse(VcpuId id, std::uint32_t intid)
{
    const VcpuId owner = intid < k_gic_private ? id : 0;
    if (intid < k_gic_sgis || !exists(owner, intid)) {
        return;
    }
    make_pending(owner, intid / 32, intid_bit(intid));
    raise(owner, intid);
}

void Gic::hardware_interrupt(VcpuId id, std::uint32_t intid)
{
    const VcpuId owner = intid < k_gic_private ? id : 0;
    if (intid < k_gic_sgis || !exists(owner, intid)) {
        return;
    }
    const auto bit  = intid_bit(intid);
    auto&      bits = bank(owner, intid / 32);
    bits.owed |= bit;
    if ((bits.edge & bit) != 0) {
        make_pending(owner, intid / 32, bit);
    } else {
        bits.line |= bit;
    }
    raise(owner, intid);
}

/// A line goes low: what was pending only by it, and was not taken yet, is not pending any more.
void Gic::lower(VcpuId owner, unsigned word, std::uint32_t bit)
{
    auto& bits = bank(owner, word);
    bits.line &= ~bit;
    if ((bits.in_flight & ~bits.edge & bit) != 0 && sees_) {
        const auto intid = 32 * word + lowest(bit);
        const auto at    = holder(owner, intid);
        const auto index = find_in_flight(at, intid);
        if (index < config_.list_registers && !state_.vcpus[at].list[index].latched &&
            host_->recall_list_register(at, index, GicHost::Recall::pending_only) ==
                GicHost::Held::pending) {
            unload(at, index, PutBack::no);
            deliver(0);
        }
    } else if ((bits.waiting & bit) != 0) {
        assign(owner, word);
    }
}

/// The lines of hardware behind a vCPU's own interrupts, where the machine can tell. The kernel
/// reports when they rise, not when they fall.
void Gic::sample(VcpuId owner)
{
    auto& bits = state_.vcpus[owner].bank;
    for (auto rest = bits.owed & ~bits.edge; rest != 0; rest &= rest - 1) {
        const auto bit = rest & (0 - rest);
        switch (host_->hardware_line(owner, lowest(bit))) {
        case GicHost::Line::unknown:
            break;
        case GicHost::Line::high:
            bits.line |= bit;
            break;
        case GicHost::Line::low:
            lower(owner, 0, bit);
            release(owner, 0, bit);
            break;
        }
    }
}

/// GICD_SETSPI_NSR, GICD_CLRSPI_NSR: an edge, or the two edges of a level (IHI 0069H 12.9.36).
void Gic::write_spi_message(std::uint32_t value, bool high)
{
    const std::uint32_t intid = arch::GicdSpi{value}.get<arch::GicdSpi::intid>();
    if (intid < k_gic_private || !exists(0, intid)) {
        return;
    }
    auto&      bits = bank(0, intid / 32);
    const auto bit  = 1U << (intid % 32);
    if ((bits.edge & bit) == 0) {
        set_line(0, intid, high);
        return;
    }
    if (high) {
        make_pending(0, intid / 32, bit);
    } else {
        constexpr VcpuId k_nobody = ~VcpuId{0};
        bits.latch &= ~bit;
        drop_pending(k_nobody, 0, intid);
    }
    assign(0, intid / 32);
}

} // namespace vmm
