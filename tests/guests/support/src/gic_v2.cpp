// SPDX-License-Identifier: BSD-2-Clause
#include "gic_v2.hpp"

#include "guest/cpu.hpp"

namespace guest {
namespace {

// Distributor, table 4-1.
constexpr std::uint64_t k_ctlr = 0x000, k_typer = 0x004, k_isenabler = 0x100, k_icenabler = 0x180;
constexpr std::uint64_t k_ipriorityr = 0x400, k_itargetsr = 0x800, k_sgir = 0xf00;
// CPU interface, table 4-2.
constexpr std::uint64_t k_cctlr = 0x00, k_pmr = 0x04, k_iar = 0x0c, k_eoir = 0x10;

} // namespace

void GicV2::locate(std::uint64_t distributor, std::uint64_t cpu_interface)
{
    gicd_ = distributor;
    gicc_ = cpu_interface;
}

void GicV2::configure()
{
    const auto words = (read32(gicd_ + k_typer) & 0x1f) + 1;
    for (std::uint32_t i = 1; i < words; ++i) {
        write32(gicd_ + k_icenabler + 4 * i, ~0U);
    }
    write32(gicd_ + k_ctlr, 1);
}

void GicV2::configure_cpu()
{
    write32(gicd_ + k_icenabler, 0xffff'0000U);
    for (std::uint32_t i = 0; i < 32; i += 4) {
        write32(gicd_ + k_ipriorityr + i, 0xa0a0'a0a0U);
    }
    write32(gicc_ + k_pmr, 0xf0);
    write32(gicc_ + k_cctlr, 1);
}

void GicV2::enable(std::uint32_t intid)
{
    if (intid >= 32) {
        // The register of interrupt 0 reads as this CPU's bit in every byte (4.3.12).
        const auto own   = read32(gicd_ + k_itargetsr) & 0xff;
        const auto word  = gicd_ + k_itargetsr + (intid & ~3U);
        const auto shift = 8 * (intid & 3);
        write32(word, (read32(word) & ~(0xffU << shift)) | own << shift);
    }
    write32(gicd_ + k_isenabler + 4 * (intid / 32), 1U << intid % 32);
}

void GicV2::disable(std::uint32_t intid)
{
    write32(gicd_ + k_icenabler + 4 * (intid / 32), 1U << intid % 32);
}

void GicV2::send_to_self(std::uint32_t sgi) { write32(gicd_ + k_sgir, sgir_to_self(sgi)); }

void GicV2::send(std::uint64_t mpidr, std::uint32_t sgi)
{
    write32(gicd_ + k_sgir, sgir(mpidr, sgi));
}

std::uint32_t GicV2::acknowledge() { return read32(gicc_ + k_iar); }
void          GicV2::end(std::uint32_t raw) { write32(gicc_ + k_eoir, raw); }

} // namespace guest
