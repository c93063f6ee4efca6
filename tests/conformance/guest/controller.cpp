// SPDX-License-Identifier: BSD-2-Clause
#include "controller.hpp"

#include "sections.hpp"

#include "guest/gic.hpp"

namespace conformance {
namespace {

constexpr std::uint64_t k_frame = 0x2'0000, k_sgi_frame = 0x1'0000, k_router = 0x6000;
constexpr std::uint64_t k_cctlr = 0x00, k_pmr = 0x04, k_bpr = 0x08, k_rpr = 0x14, k_hppir = 0x18,
                        k_dir  = 0x1000;
constexpr std::uint32_t k_last = 1U << 4, k_write_pending = 1U << 31;
constexpr std::uint32_t k_separate_v2 = 1U << 9, k_separate_v3 = 1U << 1;

void settle()
{
    guest::data_barrier();
    if (is_v3()) {
        while ((read32(distributor()) & k_write_pending) != 0) {
        }
        while ((read32(redistributor(guest::own_mpidr())) & 1U << 3) != 0) {
        }
    }
    guest::instruction_barrier();
}

std::uint64_t bank(std::uint32_t intid)
{
    return is_v3() && intid < 32 ? redistributor(guest::own_mpidr()) + k_sgi_frame : distributor();
}

} // namespace

bool          is_v3() { return platform().gic_version == 3; }
std::uint64_t distributor() { return platform().distributor; }
std::uint64_t cpu_interface() { return platform().cpu_interface; }

std::uint64_t redistributor(std::uint64_t mpidr)
{
    const auto affinity = static_cast<std::uint32_t>((mpidr & 0xff'ffff) | (mpidr >> 32 << 24));
    auto       frame    = platform().cpu_interface;
    while (read32(frame + 12) != affinity && (read32(frame + 8) & k_last) == 0) {
        frame += k_frame;
    }
    return frame;
}

void set_up_controller()
{
    guest::gic().configure();
    set_up_interface();
    quiet();
}

void set_up_interface()
{
    guest::gic().configure_cpu();
    // What was sent while the CPU was off has waited for it.
    write32(address_of(Reg::clear_pending, 0), 0xffff);
    for (std::uint32_t word = 0; word < 16 && !is_v3(); word += 4) {
        write32(distributor() + 0xf10 + word, ~0U); // GICD_CPENDSGIR
    }
    write32(address_of(Reg::set_enable, 0), 0xffff); // SGIs: off after a reset of a GICv3
}

std::uint64_t address_of(Reg reg, std::uint32_t intid)
{
    const auto base = bank(intid) + static_cast<std::uint32_t>(reg);
    switch (reg) {
    case Reg::priority:
    case Reg::target:
        return base + intid;
    case Reg::configuration:
        return base + 4 * (intid / 16);
    default:
        return base + 4 * (intid / 32);
    }
}

bool bit(Reg reg, std::uint32_t intid)
{
    return (read32(address_of(reg, intid)) >> intid % 32 & 1) != 0;
}

void set(Reg reg, std::uint32_t intid)
{
    write32(address_of(reg, intid), 1U << intid % 32);
    settle();
}

std::uint8_t priority(std::uint32_t intid) { return read8(address_of(Reg::priority, intid)); }

void set_priority(std::uint32_t intid, std::uint8_t value)
{
    write8(address_of(Reg::priority, intid), value);
    guest::data_barrier();
}

void set_edge(std::uint32_t intid, bool edge)
{
    const auto address = address_of(Reg::configuration, intid);
    const auto mask    = 2U << 2 * (intid % 16);
    write32(address, edge ? read32(address) | mask : read32(address) & ~mask);
    guest::data_barrier();
}

void route(std::uint32_t intid, unsigned cpu)
{
    if (is_v3()) {
        write64(distributor() + k_router + 8 * std::uint64_t{intid}, platform().cpus[cpu]);
    } else {
        write8(address_of(Reg::target, intid), static_cast<std::uint8_t>(1U << cpu));
    }
    settle();
}

void prepare(std::uint32_t intid, std::uint8_t value)
{
    set_edge(intid, true);
    set_priority(intid, value);
    if (intid >= 32) {
        route(intid, 0);
    }
    set(Reg::set_enable, intid);
}

void distributor_on(bool on)
{
    const std::uint32_t enable = is_v3() ? 2 : 1;
    const auto          ctlr   = read32(distributor());
    write32(distributor(), on ? ctlr | enable : ctlr & ~enable);
    settle();
}

std::uint32_t acknowledge() { return guest::gic().acknowledge(); }
void          end(std::uint32_t raw) { guest::gic().end(raw); }

void deactivate(std::uint32_t raw)
{
    if (is_v3()) {
        GUEST_WRITE_SYSREG(s3_0_c12_c11_1, raw); // ICC_DIR_EL1
        guest::instruction_barrier();
    } else {
        write32(cpu_interface() + k_dir, raw);
    }
}

void interface_on(bool on)
{
    if (is_v3()) {
        GUEST_WRITE_SYSREG(s3_0_c12_c12_7, on ? 1 : 0); // ICC_IGRPEN1_EL1
        guest::instruction_barrier();
    } else {
        const auto ctlr = read32(cpu_interface() + k_cctlr);
        write32(cpu_interface() + k_cctlr, on ? ctlr | 1 : ctlr & ~1U);
    }
}

void set_priority_mask(std::uint8_t mask)
{
    if (is_v3()) {
        GUEST_WRITE_SYSREG(s3_0_c4_c6_0, mask); // ICC_PMR_EL1
        guest::instruction_barrier();
    } else {
        write32(cpu_interface() + k_pmr, mask);
    }
}

std::uint8_t priority_mask()
{
    return static_cast<std::uint8_t>(is_v3() ? GUEST_READ_SYSREG(s3_0_c4_c6_0)
                                             : read32(cpu_interface() + k_pmr));
}

void set_binary_point(std::uint32_t value)
{
    if (is_v3()) {
        GUEST_WRITE_SYSREG(s3_0_c12_c12_3, value); // ICC_BPR1_EL1
        guest::instruction_barrier();
    } else {
        write32(cpu_interface() + k_bpr, value);
    }
}

std::uint32_t binary_point()
{
    return static_cast<std::uint32_t>(is_v3() ? GUEST_READ_SYSREG(s3_0_c12_c12_3)
                                              : read32(cpu_interface() + k_bpr));
}

void separate_end(bool separate)
{
    if (is_v3()) {
        const auto ctlr = GUEST_READ_SYSREG(s3_0_c12_c12_4); // ICC_CTLR_EL1
        GUEST_WRITE_SYSREG(s3_0_c12_c12_4,
                           separate ? ctlr | k_separate_v3 : ctlr & ~std::uint64_t{k_separate_v3});
        guest::instruction_barrier();
    } else {
        const auto ctlr = read32(cpu_interface() + k_cctlr);
        write32(cpu_interface() + k_cctlr, separate ? ctlr | k_separate_v2 : ctlr & ~k_separate_v2);
    }
}

std::uint32_t running_priority()
{
    return is_v3() ? static_cast<std::uint32_t>(GUEST_READ_SYSREG(s3_0_c12_c11_3)) // ICC_RPR_EL1
                   : read32(cpu_interface() + k_rpr);
}

std::uint32_t highest_pending()
{
    return is_v3() ? static_cast<std::uint32_t>(GUEST_READ_SYSREG(s3_0_c12_c12_2)) // ICC_HPPIR1
                   : read32(cpu_interface() + k_hppir);
}

std::uint32_t take(std::uint64_t limit)
{
    std::uint32_t raw = k_spurious;
    (void)wait_until(limit, [&] {
        raw = acknowledge();
        return (raw & k_number) < 1020;
    });
    return raw;
}

std::uint32_t take_and_end(std::uint64_t limit)
{
    const auto raw = take(limit);
    if ((raw & k_number) < 1020) {
        end(raw);
    }
    return raw;
}

bool nothing_comes()
{
    std::uint32_t raw  = k_spurious;
    const bool    came = wait_until(k_never, [&] {
        raw = acknowledge();
        return (raw & k_number) < 1020;
    });
    if (came) {
        end(raw);
    }
    return !came;
}

void quiet()
{
    separate_end(false);
    interface_on(true);
    set_priority_mask(0xf0);
    set_binary_point(0);
    distributor_on(true);
    const auto reset = [](std::uint32_t intid) {
        set(Reg::clear_enable, intid);
        set(Reg::clear_pending, intid);
        set(Reg::clear_active, intid);
        set_priority(intid, k_usual_priority);
    };
    for (std::uint32_t intid = 0; intid < 16 && is_v3(); ++intid) {
        reset(intid);
        set(Reg::set_enable, intid);
    }
    for (auto intid = k_ppi; intid < k_ppi + 3; ++intid) {
        reset(intid);
    }
    for (auto intid = k_spi; intid < k_spi + k_spis; ++intid) {
        reset(intid);
    }
    if (!is_v3()) {
        for (std::uint32_t word = 0; word < 16; word += 4) {
            write32(distributor() + 0xf10 + word, ~0U); // GICD_CPENDSGIR
        }
        write32(distributor() + 0x380, 0xffff); // GICD_ICACTIVER0
        for (std::uint32_t intid = 0; intid < 16; ++intid) {
            set_priority(intid, k_usual_priority);
            set(Reg::set_enable, intid);
        }
    }
    for (int i = 0; i < 64; ++i) {
        const auto raw = acknowledge();
        if ((raw & k_number) >= 1020) {
            break;
        }
        end(raw);
    }
}

} // namespace conformance
