// SPDX-License-Identifier: BSD-2-Clause
// The virtual GIC: configuration, reset, vCPUs that come and go, input lines, and register access.
#include "vmm/gic.hpp"

#include "vmm/gic_registers.hpp"

#include "gic_inline.hpp"

namespace vmm {

namespace {

constexpr unsigned k_gicv3_list_registers = 16;
constexpr unsigned k_id_bits              = 10; ///< INTIDs below 1024; LPIs would need 14

/// IHI 0048B 4.3.2, IHI 0069H 12.9.38.
std::uint32_t typer(const GicConfig& config)
{
    const auto words = (k_gic_private + config.spis + 31) / 32;
    const auto base  = arch::GicdTyper{}.with<arch::GicdTyper::it_lines_number>(
        static_cast<std::uint8_t>(words - 1));
    if (config.version == GicVersion::v2) {
        return base.with<arch::GicdTyper::cpu_number>(static_cast<std::uint8_t>(config.vcpus - 1))
            .raw();
    }
    return base.with<arch::GicdTyper::mbis>(true)
        .with<arch::GicdTyper::id_bits>(k_id_bits - 1)
        .with<arch::GicdTyper::a3v>(true)
        .raw();
}

/// Bits of word `word` that exist when INTIDs end at `end`.
constexpr std::uint32_t implemented(unsigned word, unsigned end)
{
    if (end >= 32 * (word + 1)) {
        return ~std::uint32_t{0};
    }
    return end <= 32 * word ? 0 : (std::uint32_t{1} << (end % 32)) - 1;
}

} // namespace

base::Result<> Gic::configure(const GicConfig& config, GicHost& host)
{
    const bool     v2        = config.version == GicVersion::v2;
    const unsigned max_vcpus = v2 ? k_gicv2_max_vcpus : k_gic_max_vcpus;
    const unsigned max_lists = v2 ? k_gic_max_list_registers : k_gicv3_list_registers;
    if (config.vcpus < 1 || config.vcpus > max_vcpus) {
        return base::fail("the GIC does not have that many CPU interfaces",
                          "GICv2 has 1 to 8 vCPUs, GICv3 here 1 to 16", config.vcpus);
    }
    if (config.spis > k_gic_max_spis) {
        return base::fail("the GIC does not have that many shared interrupts",
                          "at most 988 SPIs, INTIDs 32 to 1019", config.spis);
    }
    if (config.list_registers < 1 || config.list_registers > max_lists) {
        return base::fail("no hardware has that many list registers",
                          "GICv2 has 1 to 64, GICv3 1 to 16", config.list_registers);
    }
    config_        = config;
    host_          = &host;
    distributor_   = &gic_map(config.version, GicFrame::distributor);
    redistributor_ = &gic_map(config.version, GicFrame::redistributor);
    counters_      = {};
    typer_         = typer(config);
    for (auto& vcpu : state_.vcpus) {
        vcpu.in_flight = 0;
        vcpu.fresh     = 0;
        vcpu.masked    = 0;
        vcpu.stale     = 0;
        vcpu.bank.owed = 0;
    }
    for (auto& bits : state_.shared) {
        bits.owed = 0;
    }
    clear_state();
    sees_ = host.inspect_list_register(0, 0) != GicHost::Held::unknown;
    return {};
}

/// Reset values everywhere, in place: the state is larger than a protection domain's stack. What we
/// know of list registers that are not empty stays.
void Gic::clear_state()
{
    const auto end        = k_gic_private + config_.spis;
    const bool v2         = config_.version == GicVersion::v2;
    touched_              = 0;
    draining_             = 0;
    state_.groups_enabled = 0;
    state_.online         = 0;
    state_.awake          = 0;
    state_.priority.fill(0);
    state_.home.fill(0);
    state_.route.fill(0);
    for (unsigned word = 1; word < k_gic_max_words; ++word) {
        state_.shared[word - 1] = {.implemented = implemented(word, end)};
    }
    for (VcpuId id = 0; id < k_gic_max_vcpus; ++id) {
        auto& vcpu = state_.vcpus[id];
        vcpu.bank  = {
             .implemented = id < config_.vcpus ? ~std::uint32_t{0} : 0,
             .enabled     = v2 ? k_sgis : 0,
             .edge        = k_sgis,
        };
        vcpu.priority.fill(0);
        vcpu.sgi_sources.fill(0);
        vcpu.waiting.fill(0);
        vcpu.waiting_words = 0;
        vcpu.last_loaded   = 0;
    }
}

void Gic::reset()
{
    for (VcpuId id = 0; id < config_.vcpus; ++id) {
        empty_list_registers(id);
    }
    release_all();
    clear_state();
}

/// At a reset: what list registers hold is of no use to anybody.
void Gic::empty_list_registers(VcpuId id)
{
    auto& vcpu = state_.vcpus[id];
    for (auto rest = vcpu.in_flight | vcpu.stale; rest != 0; rest &= rest - 1) {
        const auto index = lowest(rest);
        const auto bit   = register_bit(index);
        vcpu.stale &= ~bit;
        const auto held =
            host_->recall_list_register(id, index, GicHost::Recall::pending_or_active);
        if (held == GicHost::Held::unknown && !mask(id, index)) {
            vcpu.stale |= bit;
        }
    }
    vcpu.in_flight = 0;
    vcpu.fresh     = 0;
}

/// Tells the machine about finished interrupts with hardware behind them.
void Gic::release(VcpuId owner, unsigned word, std::uint32_t set)
{
    auto&      bits  = bank(owner, word);
    const auto still = bits.latch | (bits.line & ~bits.edge) | bits.in_flight | bits.active;
    for (auto rest = set & bits.owed & ~still; rest != 0; rest &= rest - 1) {
        const auto intid = 32 * word + lowest(rest);
        bits.owed &= ~(1U << lowest(rest));
        host_->end_of_interrupt(holder(owner, intid), intid);
    }
}

void Gic::release_all()
{
    for (unsigned word = 0; word < k_gic_max_words; ++word) {
        for (VcpuId owner = 0; owner < (word == 0 ? config_.vcpus : 1); ++owner) {
            auto& bits     = bank(owner, word);
            bits.latch     = 0;
            bits.line      = 0;
            bits.in_flight = 0;
            bits.active    = 0;
            release(owner, word, bits.owed);
        }
    }
}

void Gic::set_online(VcpuId id, bool online)
{
    const auto bit = 1U << id;
    if (id >= config_.vcpus || ((state_.online & bit) != 0) == online) {
        return;
    }
    state_.online ^= bit;
    if (!online) {
        evacuate(id);
    }
    assign_all();
    deliver(bit);
}

void Gic::message_lost(VcpuId id)
{
    if (id >= config_.vcpus) {
        return;
    }
    auto& vcpu = state_.vcpus[id];
    for (auto rest = vcpu.in_flight; rest != 0; rest &= rest - 1) {
        const auto          index = lowest(rest);
        const std::uint32_t intid = vcpu.list[index].intid;
        const auto          held  = host_->inspect_list_register(id, index);
        if (held == GicHost::Held::empty) {
            unload(id, index, PutBack::no);
            (void)finish(bank(id, intid / 32), intid_bit(intid));
            follow_up(id, intid, vcpu.list[index].latched);
        } else if (held == GicHost::Held::unknown && mask(id, index)) {
            unload(id, index, PutBack::yes);
            assign(id, intid / 32);
        }
    }
    deliver(1U << id);
}

/// Takes back what is in flight at a vCPU that stopped. Its next life starts with an idle CPU
/// interface, while the distributor remembers what was pending and what was active.
void Gic::evacuate(VcpuId id)
{
    auto& vcpu = state_.vcpus[id];
    for (auto rest = vcpu.in_flight; rest != 0; rest &= rest - 1) {
        const auto          index = lowest(rest);
        const std::uint32_t intid = vcpu.list[index].intid;
        auto&               bits  = bank(id, intid / 32);
        switch (host_->recall_list_register(id, index, GicHost::Recall::pending_or_active)) {
        case GicHost::Held::pending:
            unload(id, index, PutBack::yes);
            break;
        case GicHost::Held::active:
            unload(id, index, PutBack::no);
            bits.active |= 1U << (intid % 32);
            break;
        case GicHost::Held::empty: // its maintenance message went with the vCPU's thread
            unload(id, index, PutBack::no);
            (void)finish(bits, intid_bit(intid));
            follow_up(id, intid, vcpu.list[index].latched);
            break;
        case GicHost::Held::unknown:
            if (mask(id, index)) {
                unload(id, index, PutBack::yes); // perhaps once too often, never lost
            } else {
                vcpu.stale |= register_bit(index);
                unload(id, index, PutBack::no);
                bits.active |= 1U << (intid % 32);
            }
            break;
        }
    }
    for (auto words = vcpu.waiting_words & ~1U; words != 0; words &= words - 1) {
        const auto word = lowest(words);
        for (auto rest = vcpu.waiting[word]; rest != 0; rest &= rest - 1) {
            unassign(bank(id, word), word, 1U << lowest(rest));
        }
    }
}

std::optional<GicLocation> Gic::locate(base::GuestPhysical address) const
{
    const bool v2   = config_.version == GicVersion::v2;
    const auto size = v2 ? k_gicv2_distributor_size : k_gicv3_distributor_size;
    if (address >= config_.distributor && address.minus(config_.distributor) < size) {
        return GicLocation{GicFrame::distributor, address.minus(config_.distributor)};
    }
    const auto base = config_.cpu_interface_or_redistributor;
    if (!v2 && address >= base &&
        address.minus(base) < config_.vcpus * k_gic_redistributor_stride) {
        return GicLocation{GicFrame::redistributor, address.minus(base)};
    }
    return std::nullopt;
}

/// Whose registers an access means, in which table, and where in that.
inline Gic::Resolved Gic::resolve(VcpuId vcpu, GicFrame frame, std::uint64_t offset)
{
    if (vcpu < config_.vcpus) [[likely]] {
        if (frame == GicFrame::distributor) [[likely]] {
            return {vcpu, distributor_, offset};
        }
        const auto nth = offset / k_gic_redistributor_stride;
        if (nth < config_.vcpus) {
            return {static_cast<VcpuId>(nth), redistributor_, offset % k_gic_redistributor_stride};
        }
    }
    ++counters_.unknown_accesses;
    return {};
}

/// The register at an offset of a frame; counts what is not there.
inline const GicRegister* Gic::find(const GicMap& map, std::uint64_t offset, unsigned size)
{
    const GicRegister* reg = map.find(offset);
    if (reg == nullptr) [[unlikely]] {
        ++counters_.unknown_accesses;
        return nullptr;
    }
    if ((reg->widths & size) == 0 || !is_single(size) || (offset & (size - 1)) != 0) [[unlikely]] {
        ++counters_.bad_widths;
        return nullptr;
    }
    return reg;
}

std::uint64_t Gic::read(VcpuId vcpu, GicFrame frame, std::uint64_t offset, unsigned size)
{
    const auto [owner, map, at] = resolve(vcpu, frame, offset);
    const GicRegister* reg      = map != nullptr ? find(*map, at, size) : nullptr;
    if (reg == nullptr) {
        return 0;
    }
    return read_register(*reg, owner, static_cast<std::uint32_t>(at) - reg->offset, size);
}

void Gic::write(VcpuId vcpu, GicFrame frame, std::uint64_t offset, unsigned size,
                std::uint64_t value)
{
    const auto [owner, map, at] = resolve(vcpu, frame, offset);
    const GicRegister* reg      = map != nullptr ? find(*map, at, size) : nullptr;
    if (reg == nullptr) {
        return;
    }
    write_register(*reg, vcpu, owner, static_cast<std::uint32_t>(at) - reg->offset, size, value);
    deliver(1U << vcpu);
}

bool Gic::has_deliverable(VcpuId id) const
{
    return id < config_.vcpus && state_.vcpus[id].fresh != 0;
}

bool Gic::may_park(VcpuId id)
{
    if (id >= config_.vcpus) {
        return true;
    }
    auto& vcpu = state_.vcpus[id];
    if (vcpu.waiting_words != 0) {
        // It can take nothing of what it has, so there is nothing to keep a register free for.
        idle_ = true;
        touched_ |= 1U << id;
        deliver(1U << id);
        idle_ = false;
    }
    const bool may = vcpu.fresh == 0;
    vcpu.fresh     = 0;
    return may;
}

void Gic::restore(const GicState& saved)
{
    state_.groups_enabled = saved.groups_enabled;
    state_.online         = saved.online;
    state_.awake          = saved.awake;
    state_.shared         = saved.shared;
    state_.priority       = saved.priority;
    state_.home           = saved.home;
    state_.route          = saved.route;
    for (VcpuId id = 0; id < config_.vcpus; ++id) {
        auto&      vcpu   = state_.vcpus[id];
        const auto masked = vcpu.masked;
        const auto stale  = vcpu.stale;
        const auto list   = vcpu.list;
        vcpu              = saved.vcpus[id];
        for (auto rest = vcpu.in_flight; rest != 0; rest &= rest - 1) {
            unload(id, lowest(rest), PutBack::yes);
        }
        vcpu.waiting.fill(0);
        vcpu.waiting_words = 0;
        vcpu.list          = list;
        vcpu.masked        = masked;
        vcpu.stale         = stale;
    }
    for (auto& bits : state_.shared) {
        bits.waiting = 0;
    }
    assign_all();
    deliver();
}

} // namespace vmm
