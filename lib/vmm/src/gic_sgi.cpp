// SPDX-License-Identifier: BSD-2-Clause
// Software-generated interrupts: GICD_SGIR with its per-sender pending state, and ICC_SGI*R_EL1.
#include "vmm/gic.hpp"

#include "arch/gic_sysreg.hpp"
#include "arch/gicd.hpp"

#include "gic_inline.hpp"

namespace vmm {

namespace {

constexpr std::uint8_t sender_bit(VcpuId sender) { return static_cast<std::uint8_t>(1U << sender); }

} // namespace

/// Makes one SGI pending at one vCPU.
void Gic::send_sgi(VcpuId target, VcpuId source, unsigned intid)
{
    ++counters_.sgis;
    if (config_.version == GicVersion::v2) {
        set_sgi_pending(target, intid, sender_bit(source));
    } else {
        make_pending(target, 0, 1U << intid);
        raise(target, intid);
    }
}

/// GICD_SGIR, IHI 0048B 4.3.15.
void Gic::write_sgir(VcpuId sender, std::uint32_t value)
{
    using Sgir = arch::GicdSgir;
    const Sgir    sgir{value};
    const auto    everyone = (1U << config_.vcpus) - 1;
    std::uint32_t targets  = 0;
    switch (sgir.get<Sgir::target_list_filter>()) {
    case Sgir::Filter::list:
        targets = sgir.get<Sgir::cpu_target_list>() & everyone;
        break;
    case Sgir::Filter::others:
        targets = everyone & ~(1U << sender);
        break;
    case Sgir::Filter::self:
        targets = 1U << sender;
        break;
    case Sgir::Filter::reserved:
        break;
    }
    for (; targets != 0; targets &= targets - 1) {
        send_sgi(lowest(targets), sender, sgir.get<Sgir::intid>());
    }
}

void Gic::write_sgi_register(VcpuId sender, SgiRegister which, std::uint64_t value)
{
    if (config_.version != GicVersion::v3 || sender >= config_.vcpus) {
        return;
    }
    using Sgir = arch::IccSgir;
    const Sgir     sgir{value};
    const unsigned intid    = sgir.get<Sgir::intid>();
    const auto     everyone = (1U << config_.vcpus) - 1;
    std::uint32_t  targets  = everyone & ~(1U << sender);
    if (!sgir.get<Sgir::irm>()) {
        // Bit n of the list is the nth PE from the first of its sixteen.
        const auto first = gic_vcpu(static_cast<std::uint32_t>(sgir.get<Sgir::aff3>()) << 24 |
                                    static_cast<std::uint32_t>(sgir.get<Sgir::aff2>()) << 16 |
                                    static_cast<std::uint32_t>(sgir.get<Sgir::aff1>()) << 8 |
                                    16U * sgir.get<Sgir::rs>());
        targets          = first < config_.vcpus
                               ? everyone & (std::uint32_t{sgir.get<Sgir::target_list>()} << first)
                               : 0;
    }
    for (; targets != 0; targets &= targets - 1) {
        // IHI 0069H 8.1.10 with GICD_CTLR.DS = 1: SGI1R sends an SGI of either group, the others
        // only one that its target has in group 0.
        const auto target = lowest(targets);
        if (which == SgiRegister::sgi1r ||
            (state_.vcpus[target].bank.group & intid_bit(intid)) == 0) {
            send_sgi(target, sender, intid);
        }
    }
    deliver(1U << sender);
}

/// GICD_SPENDSGIR, IHI 0048B 4.3.17: pending from these senders.
void Gic::set_sgi_pending(VcpuId owner, unsigned intid, std::uint8_t sources)
{
    auto&      vcpu  = state_.vcpus[owner];
    const auto bit   = 1U << intid;
    const auto index = find_in_flight(owner, intid);
    if (index < config_.list_registers) {
        const auto same = sources & sender_bit(vcpu.list[index].source);
        if (same != 0 && host_->inspect_list_register(owner, index) == GicHost::Held::pending) {
            sources &= static_cast<std::uint8_t>(~same); // merges with the one not yet taken
        }
    }
    if (sources != 0) {
        vcpu.sgi_sources[intid] |= sources;
        vcpu.bank.latch |= bit;
        raise(owner, intid);
    }
}

/// GICD_CPENDSGIR, IHI 0048B 4.3.16. The writer is the owner: the register is banked.
void Gic::clear_sgi_pending(VcpuId owner, unsigned intid, std::uint8_t sources)
{
    auto&      vcpu  = state_.vcpus[owner];
    const auto index = find_in_flight(owner, intid);
    vcpu.sgi_sources[intid] &= static_cast<std::uint8_t>(~sources);
    if (vcpu.sgi_sources[intid] == 0) {
        vcpu.bank.latch &= ~(1U << intid);
    }
    if (index < config_.list_registers && (sources & sender_bit(vcpu.list[index].source)) != 0) {
        drop_pending(owner, owner, intid);
    }
    assign(owner, 0);
}

/// What GICD_SPENDSGIR and GICD_CPENDSGIR read.
std::uint8_t Gic::sgi_pending(VcpuId owner, unsigned intid)
{
    const auto& vcpu   = state_.vcpus[owner];
    auto        result = vcpu.sgi_sources[intid];
    const auto  index  = find_in_flight(owner, intid);
    if (index < config_.list_registers) {
        const auto held = host_->inspect_list_register(owner, index);
        if (held == GicHost::Held::pending || held == GicHost::Held::unknown) {
            result |= sender_bit(vcpu.list[index].source);
        }
    }
    return result;
}

} // namespace vmm
