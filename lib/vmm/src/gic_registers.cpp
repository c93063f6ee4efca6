// SPDX-License-Identifier: BSD-2-Clause
// What the GIC's memory-mapped registers do when a guest reads and writes them.
#include "vmm/gic_registers.hpp"

#include "arch/gicd.hpp"
#include "arch/gicr.hpp"

#include "gic_inline.hpp"

namespace vmm {

namespace {

using arch::GicdCtlr;
using arch::GicdIrouter;
using arch::GicIcfgr;
using arch::GicrTyper;
using arch::GicrWaker;

/// List registers keep five bits of a priority, so all registers do (IHI 0048B 3.3: the others are
/// RAZ/WI).
constexpr std::uint8_t k_priority_bits = 0xf8;

constexpr std::uint64_t k_low = 0xffff'ffff;

/// The part of a register that an access of `size` bytes at byte `at` touches.
constexpr std::uint64_t part(std::uint64_t value, std::uint64_t at, unsigned size)
{
    const auto shifted = value >> (8 * at);
    return size == 8 ? shifted : shifted & ((std::uint64_t{1} << (8 * size)) - 1);
}

} // namespace

/// GICD_ISPENDR as the guest reads it.
inline std::uint64_t Gic::pending(VcpuId owner, unsigned word)
{
    const auto& bits = bank(owner, word);
    if (word == 0 && bits.owed != 0) {
        sample(owner);
    }
    const auto result = bits.latch | (bits.line & ~bits.edge);
    return (bits.in_flight & ~result) == 0 ? result : pending_in_flight(owner, word, result);
}

/// GICD_ISACTIVER as the guest reads it.
inline std::uint64_t Gic::active(VcpuId owner, unsigned word)
{
    const auto& bits = bank(owner, word);
    return (bits.in_flight & ~bits.active) == 0 ? bits.active : active_in_flight(owner, word);
}

std::uint64_t Gic::read_register(const GicRegister& reg, VcpuId owner, std::uint32_t at,
                                 unsigned size)
{
    // Bitmaps have 32-bit accesses only, so `at` / 4 counts words.
    const auto word = reg.first + at / 4;
    if (reg.access == GicAccess::wo) {
        return 0;
    }
    switch (reg.action) {
    case GicAction::constant:
        return part(reg.value, at % 4, size);
    case GicAction::ctlr:
        return reg.value | state_.groups_enabled;
    case GicAction::typer:
        return typer_;
    case GicAction::enable:
    case GicAction::disable:
        return bank(owner, word).enabled;
    case GicAction::group:
        return bank(owner, word).group;
    case GicAction::set_pending:
    case GicAction::clear_pending:
        return pending(owner, word);
    case GicAction::set_active:
    case GicAction::clear_active:
        return active(owner, word);
    case GicAction::configuration:
        return GicIcfgr::from_edges(bank(owner, word / 2).edge >> (16 * (word % 2))).raw();
    case GicAction::priority:
        return read_priorities(owner, reg.first + at, size);
    case GicAction::targets:
    case GicAction::set_sgi_pending:
    case GicAction::clear_sgi_pending:
        return read_bytes(reg.action, owner, reg.first + at, size);
    case GicAction::router:
        return part(state_.route[reg.first - k_gic_private + at / 8], at % 8, size);
    case GicAction::gicr_typer:
        return part(GicrTyper{}
                        .with<GicrTyper::affinity>(gic_affinity(owner))
                        .with<GicrTyper::processor_number>(static_cast<std::uint16_t>(owner))
                        .with<GicrTyper::last>(owner + 1 == config_.vcpus)
                        .raw(),
                    at, size);
    case GicAction::waker: {
        // The interface is as quiet or awake as the guest asks, at once.
        const bool asleep = (state_.awake & (1U << owner)) == 0;
        return GicrWaker{}
            .with<GicrWaker::processor_sleep>(asleep)
            .with<GicrWaker::children_asleep>(asleep)
            .raw();
    }
    case GicAction::send_sgi:
    case GicAction::set_spi:
    case GicAction::clear_spi:
        break;
    }
    return 0;
}

void Gic::write_register(const GicRegister& reg, VcpuId writer, VcpuId owner, std::uint32_t at,
                         unsigned size, std::uint64_t value)
{
    const auto word    = reg.first + at / 4;
    const auto value32 = static_cast<std::uint32_t>(value);
    if (reg.access == GicAccess::ro) {
        return;
    }
    switch (reg.action) {
    case GicAction::ctlr:
        write_ctlr(value32);
        break;
    case GicAction::enable:
    case GicAction::disable:
    case GicAction::group:
    case GicAction::set_pending:
    case GicAction::clear_pending:
    case GicAction::set_active:
    case GicAction::clear_active:
        write_word(reg.action, writer, owner, word, value32);
        break;
    case GicAction::configuration:
        write_configuration(owner, word, value32);
        break;
    case GicAction::priority:
    case GicAction::targets:
    case GicAction::set_sgi_pending:
    case GicAction::clear_sgi_pending:
        for (unsigned i = 0; i < size; ++i) {
            write_byte(reg.action, owner, reg.first + at + i,
                       static_cast<std::uint8_t>(part(value, i, 1)));
        }
        break;
    case GicAction::send_sgi:
        write_sgir(writer, value32);
        break;
    case GicAction::set_spi:
    case GicAction::clear_spi:
        write_spi_message(value32, reg.action == GicAction::set_spi);
        break;
    case GicAction::router:
        write_router(reg.first + at / 8, at % 8, size, value);
        break;
    case GicAction::waker:
        write_waker(owner, value32);
        break;
    case GicAction::constant:
    case GicAction::typer:
    case GicAction::gicr_typer:
        break;
    }
}

void Gic::write_ctlr(std::uint32_t value)
{
    const auto enables =
        GicdCtlr{}
            .with<GicdCtlr::enable_grp0>(GicdCtlr{value}.get<GicdCtlr::enable_grp0>())
            .with<GicdCtlr::enable_grp1>(GicdCtlr{value}.get<GicdCtlr::enable_grp1>());
    if (enables.raw() == state_.groups_enabled) {
        return;
    }
    if ((state_.groups_enabled & ~enables.raw()) != 0) {
        // A group that is switched off must not be taken any more, as far as we can help it.
        for (VcpuId vcpu = 0; vcpu < config_.vcpus; ++vcpu) {
            for (auto rest = state_.vcpus[vcpu].in_flight; rest != 0; rest &= rest - 1) {
                const auto intid = state_.vcpus[vcpu].list[lowest(rest)].intid;
                settle(vcpu, intid / 32U, 1U << (intid % 32));
            }
        }
    }
    state_.groups_enabled = enables.raw();
    assign_all();
}

/// The registers of one bit for each interrupt.
void Gic::write_word(GicAction action, VcpuId writer, VcpuId owner, unsigned word,
                     std::uint32_t value)
{
    auto& bits = bank(owner, word);
    value &= bits.implemented;
    // IHI 0048B 3.2.2, 4.3.7: a GICv2's SGIs are always enabled, and pending by sender only.
    const auto without_sgis =
        config_.version == GicVersion::v2 && word == 0 ? value & ~k_sgis : value;
    if (word == 0 && bits.owed != 0) {
        sample(owner);
    }
    switch (action) {
    case GicAction::enable:
        if ((value & ~bits.enabled) == 0) {
            return;
        }
        bits.enabled |= value;
        break;
    case GicAction::disable:
        if ((without_sgis & bits.enabled) == 0) {
            return;
        }
        settle(owner, word, without_sgis);
        bits.enabled &= ~without_sgis;
        break;
    case GicAction::group: {
        // Unlike the others this one is written as a whole.
        const auto changed = value ^ bits.group;
        settle(owner, word, changed);
        bits.group ^= changed;
        break;
    }
    case GicAction::set_pending:
        make_pending(owner, word, without_sgis);
        break;
    case GicAction::clear_pending:
        bits.latch &= ~without_sgis;
        bits.line &= ~(without_sgis & bits.owed); // if it is still high, it interrupts again
        for (auto rest = without_sgis & bits.in_flight; rest != 0; rest &= rest - 1) {
            drop_pending(writer, owner, 32 * word + lowest(rest));
        }
        release(owner, word, without_sgis);
        break;
    case GicAction::set_active:
        settle(owner, word, value);
        for (auto rest = value & bits.in_flight; rest != 0; rest &= rest - 1) {
            if (inspect(owner, 32 * word + lowest(rest)) == GicHost::Held::active) {
                value &= ~intid_bit(lowest(rest)); // is so already, until the guest ends it
            }
        }
        bits.active |= value;
        break;
    case GicAction::clear_active: {
        const bool alone = is_single(value);
        bits.active &= ~value;
        for (auto rest = value & bits.in_flight; rest != 0; rest &= rest - 1) {
            deactivate(writer, owner, 32 * word + lowest(rest), alone);
        }
        release(owner, word, value);
        break;
    }
    default:
        return;
    }
    assign(owner, word);
}

/// ICFGR: `index` counts words of 16 interrupts.
void Gic::write_configuration(VcpuId owner, std::uint32_t index, std::uint32_t value)
{
    auto&      bits  = bank(owner, index / 2);
    const auto shift = 16 * (index % 2);
    const auto mask  = 0xffffU << shift & bits.implemented;
    const auto edges = GicIcfgr{value}.edges() << shift;
    settle(owner, index / 2, (bits.edge ^ edges) & mask);
    bits.edge = (bits.edge & ~mask) | (edges & mask);
    assign(owner, index / 2);
}

/// Four priorities at an aligned INTID, or one.
inline std::uint32_t Gic::read_priorities(VcpuId owner, std::uint32_t intid, unsigned size)
{
    const auto* bytes = &priority_of(owner, intid);
    if (size == 1) {
        return *bytes;
    }
    return bytes[0] | std::uint32_t{bytes[1]} << 8 | std::uint32_t{bytes[2]} << 16 |
           std::uint32_t{bytes[3]} << 24;
}

inline std::uint8_t Gic::read_byte(GicAction action, VcpuId owner, std::uint32_t index)
{
    if (action != GicAction::targets) {
        return sgi_pending(owner, index);
    }
    // IHI 0048B 4.3.12: private interrupts name the reader; with one CPU all is RAZ/WI.
    if (config_.vcpus == 1) {
        return 0;
    }
    return static_cast<std::uint8_t>(index < k_gic_private ? 1U << owner
                                                           : state_.route[index - k_gic_private]);
}

std::uint64_t Gic::read_bytes(GicAction action, VcpuId owner, std::uint32_t index, unsigned size)
{
    std::uint64_t value = 0;
    for (unsigned i = 0; i < size; ++i) {
        value |= std::uint64_t{read_byte(action, owner, index + i)} << (8 * i);
    }
    return value;
}

void Gic::write_byte(GicAction action, VcpuId owner, std::uint32_t index, std::uint8_t value)
{
    const auto everyone = static_cast<std::uint8_t>((1U << config_.vcpus) - 1);
    switch (action) {
    case GicAction::priority:
        if (exists(owner, index)) {
            write_priority(owner, index, value & k_priority_bits);
        }
        break;
    case GicAction::targets:
        if (index >= k_gic_private && config_.vcpus > 1 && exists(owner, index)) {
            retarget(index, value & everyone);
        }
        break;
    case GicAction::set_sgi_pending:
        set_sgi_pending(owner, index, value & everyone);
        break;
    default:
        clear_sgi_pending(owner, index, value & everyone);
        break;
    }
}

void Gic::write_priority(VcpuId owner, std::uint32_t intid, std::uint8_t priority)
{
    auto& current = priority_of(owner, intid);
    if (current == priority) {
        return;
    }
    const auto word = intid / 32;
    const auto bit  = 1U << (intid % 32);
    settle(owner, word, bit);
    current = priority;
    assign(owner, word);
    if ((bank(owner, word).waiting & bit) != 0) {
        touched_ |= 1U << holder(owner, intid);
    }
}

void Gic::write_router(std::uint32_t intid, std::uint32_t at, unsigned size, std::uint64_t value)
{
    if (!exists(0, intid)) {
        return;
    }
    auto route = state_.route[intid - k_gic_private];
    if (size == 8) {
        route = value;
    } else if (at == 0) {
        route = (route & ~k_low) | (value & k_low);
    } else {
        route = (route & k_low) | value << 32;
    }
    retarget(intid, route & GicdIrouter::k_implemented);
}

/// A new route for an SPI. If it is in flight and we cannot take it back, the next one goes there.
void Gic::retarget(std::uint32_t intid, std::uint64_t route)
{
    auto& current = state_.route[intid - k_gic_private];
    if (current == route) {
        return;
    }
    const auto word = intid / 32;
    const auto bit  = 1U << (intid % 32);
    auto&      bits = bank(0, word);
    settle(0, word, bit);
    if ((bits.waiting & bit) != 0) {
        unassign(bits, word, bit);
    }
    current = route;
    assign(0, word);
}

/// GICR_WAKER: matters only for whom a 1-of-N interrupt goes to.
void Gic::write_waker(VcpuId owner, std::uint32_t value)
{
    const auto bit = 1U << owner;
    if (GicrWaker{value}.get<GicrWaker::processor_sleep>()) {
        state_.awake &= ~bit;
    } else {
        state_.awake |= bit;
    }
}

} // namespace vmm
