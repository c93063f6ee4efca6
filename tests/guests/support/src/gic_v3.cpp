// SPDX-License-Identifier: BSD-2-Clause
#include "gic_v3.hpp"

#include "guest/cpu.hpp"

namespace guest {
namespace {

// Distributor, 12.9.
constexpr std::uint64_t k_ctlr = 0x0000, k_typer = 0x0004, k_igroupr = 0x0080, k_isenabler = 0x0100;
constexpr std::uint64_t k_icenabler = 0x0180, k_ipriorityr = 0x0400, k_irouter = 0x6000;
// Redistributor, 12.11: the second 64 KiB hold SGIs and PPIs, laid out like the distributor.
constexpr std::uint64_t k_rtyper = 0x0008, k_rwaker = 0x0014, k_sgi_frame = 0x1'0000;
constexpr std::uint64_t k_redistributor_size = 0x2'0000;

constexpr std::uint32_t k_are = 1U << 4, k_group1 = 1U << 1, k_rwp = 1U << 31;
constexpr std::uint64_t k_last = 1U << 4;

void wait_for_writes(std::uint64_t gicd)
{
    while ((read32(gicd + k_ctlr) & k_rwp) != 0) {
    }
}

} // namespace

void GicV3::locate(std::uint64_t distributor, std::uint64_t redistributors)
{
    gicd_ = distributor;
    gicr_ = redistributors;
}

std::uint64_t GicV3::own_redistributor() const
{
    const auto mpidr    = own_mpidr();
    const auto affinity = static_cast<std::uint32_t>((mpidr & 0xff'ffff) | (mpidr >> 32 << 24));
    auto       frame    = gicr_;
    while (read32(frame + k_rtyper + 4) != affinity && (read32(frame + k_rtyper) & k_last) == 0) {
        frame += k_redistributor_size;
    }
    return frame;
}

void GicV3::configure()
{
    write32(gicd_ + k_ctlr, k_are);
    wait_for_writes(gicd_);
    const auto words = (read32(gicd_ + k_typer) & 0x1f) + 1;
    for (std::uint32_t i = 1; i < words; ++i) {
        write32(gicd_ + k_icenabler + 4 * i, ~0U);
        write32(gicd_ + k_igroupr + 4 * i, ~0U);
    }
    write32(gicd_ + k_ctlr, k_are | k_group1);
    wait_for_writes(gicd_);
}

void GicV3::configure_cpu()
{
    const auto frame = own_redistributor();
    write32(frame + k_rwaker, 0);
    constexpr std::uint32_t k_children_asleep = 1U << 2;
    while ((read32(frame + k_rwaker) & k_children_asleep) != 0) {
    }
    const auto own = frame + k_sgi_frame;
    write32(own + k_icenabler, 0xffff'0000U);
    write32(own + k_igroupr, ~0U);
    for (std::uint32_t i = 0; i < 32; i += 4) {
        write32(own + k_ipriorityr + i, 0xa0a0'a0a0U);
    }
    GUEST_WRITE_SYSREG(s3_0_c12_c12_5, GUEST_READ_SYSREG(s3_0_c12_c12_5) | 1); // ICC_SRE_EL1.SRE
    instruction_barrier();
    GUEST_WRITE_SYSREG(s3_0_c4_c6_0, 0xf0); // ICC_PMR_EL1
    GUEST_WRITE_SYSREG(s3_0_c12_c12_4, 0);  // ICC_CTLR_EL1: end of interrupt also deactivates
    GUEST_WRITE_SYSREG(s3_0_c12_c12_7, 1);  // ICC_IGRPEN1_EL1
    instruction_barrier();
}

void GicV3::enable(std::uint32_t intid)
{
    if (intid < 32) {
        write32(own_redistributor() + k_sgi_frame + k_isenabler, 1U << intid);
        return;
    }
    write64(gicd_ + k_irouter + 8 * std::uint64_t{intid}, own_mpidr());
    write32(gicd_ + k_isenabler + 4 * (intid / 32), 1U << intid % 32);
}

void GicV3::disable(std::uint32_t intid)
{
    const auto base = intid < 32 ? own_redistributor() + k_sgi_frame : gicd_;
    write32(base + k_icenabler + 4 * (intid / 32), 1U << intid % 32);
}

void GicV3::send_to_self(std::uint32_t sgi) { send(own_mpidr(), sgi); }

void GicV3::send(std::uint64_t mpidr, std::uint32_t sgi)
{
    GUEST_WRITE_SYSREG(s3_0_c12_c11_5, sgi1r(mpidr, sgi)); // ICC_SGI1R_EL1
    instruction_barrier();
}

std::uint32_t GicV3::acknowledge()
{
    const auto intid = GUEST_READ_SYSREG(s3_0_c12_c12_0); // ICC_IAR1_EL1
    data_barrier();
    return static_cast<std::uint32_t>(intid);
}

void GicV3::end(std::uint32_t raw)
{
    GUEST_WRITE_SYSREG(s3_0_c12_c12_1, raw); // ICC_EOIR1_EL1
    instruction_barrier();
}

} // namespace guest
