// SPDX-License-Identifier: BSD-2-Clause
// Registers of a GICv3 alone (IHI 0069H): affinity routing, redistributors, the CPU interface in
// system registers.
#include "check.hpp"
#include "controller.hpp"
#include "sections.hpp"

#include "guest/exception.hpp"

namespace conformance {
namespace {

constexpr std::uint64_t k_sgi_frame = 0x1'0000, k_router = 0x6000;

void check_distributor()
{
    const auto ctlr = read32(distributor());
    check((ctlr >> 4 & 1) == 1, "IHI0069H GICD_CTLR", "affinity routing is on");
    check((ctlr >> 31) == 0, "IHI0069H GICD_CTLR", "RWP is 0 when nothing was written");
    const auto typer = read32(distributor() + 4);
    check((typer >> 19 & 0x1f) >= 9, "IHI0069H GICD_TYPER", "IDbits cover 1020 interrupts");
    check((typer >> 17 & 1) == 0 || (typer >> 19 & 0x1f) >= 13, "IHI0069H GICD_TYPER",
          "LPIs only with 14 bits of INTID");
    for (const std::uint32_t offset : {0x80U, 0x100U, 0x200U, 0x300U, 0x400U, 0xc00U}) {
        const auto old = read32(distributor() + offset);
        write32(distributor() + offset, ~0U);
        check(old == 0 && read32(distributor() + offset) == 0,
              "IHI0069H 12.9 registers of INTIDs below 32",
              {"RAZ/WI with affinity routing: ", offset == 0x80    ? "IGROUPR0"
                                                 : offset == 0x100 ? "ISENABLER0"
                                                 : offset == 0x200 ? "ISPENDR0"
                                                 : offset == 0x300 ? "ISACTIVER0"
                                                 : offset == 0x400 ? "IPRIORITYR0"
                                                                   : "ICFGR0"});
    }
    write32(address_of(Reg::target, k_spi), ~0U);
    check_equal(read32(address_of(Reg::target, k_spi)), 0, "IHI0069H GICD_ITARGETSR",
                "RAZ/WI with affinity routing");
    check_equal(read32(distributor() + 0xf20), 0, "IHI0069H GICD_SPENDSGIR",
                "RAZ/WI with affinity routing");
}

void check_routers()
{
    constexpr const char* k_name  = "IHI0069H GICD_IROUTER";
    const auto            address = distributor() + k_router + 8 * std::uint64_t{k_spi};
    write64(address, 0);
    check_equal(read64(address), 0, k_name, "0 is kept");
    write64(address, platform().cpus[platform().cpus.size() - 1]);
    check_equal(read64(address), platform().cpus[platform().cpus.size() - 1], k_name,
                "an affinity is kept");
    check_equal(read32(address), platform().cpus[platform().cpus.size() - 1] & 0xffff'ffff, k_name,
                "its lower half is read alone");
    write32(address, 0);
    check_equal(read64(address), 0, k_name, "its lower half is written alone");
    write64(address, ~0ULL);
    check_equal(read64(address) & ~0xff'80ff'ffffULL, 0, k_name, "reserved bits read as zero");
    write64(address, 1U << 31);
    const bool one_of_n = (read64(address) >> 31 & 1) != 0;
    check_equal(one_of_n, (read32(distributor() + 4) >> 25 & 1) == 0, k_name,
                "IRM can be set where GICD_TYPER.No1N is 0");
    write64(address, platform().cpus[0]);
}

void check_redistributors()
{
    constexpr const char* k_name  = "IHI0069H GICR_TYPER";
    bool                  numbers = true, last = true, affinities = true;
    for (std::uint32_t i = 0; i < platform().cpus.size(); ++i) {
        const auto mpidr = platform().cpus[i];
        const auto frame = redistributor(mpidr);
        affinities =
            affinities && read32(frame + 12) == ((mpidr & 0xff'ffff) | (mpidr >> 32 << 24));
        numbers = numbers && (read32(frame + 8) >> 8 & 0xffff) == i;
        last    = last && ((read32(frame + 8) >> 4 & 1) != 0) == (i + 1 == platform().cpus.size());
    }
    check(affinities, k_name, "each CPU has a frame with its affinity");
    check(numbers, k_name, "processor numbers count from 0");
    check(last, k_name, "Last is set in the last frame alone");
    const auto own = redistributor(guest::own_mpidr());
    check_equal(read64(own + 8) & 0xffff'ffff, read32(own + 8), k_name, "reads as 64 bits too");
    check_equal(read32(own + 0xffe8) >> 4 & 0xf, 3, "IHI0069H GICR_PIDR2", "ArchRev is 3");
    write32(own + 0x14, 0);
    check_equal(read32(own + 0x14) & 6, 0, "IHI0069H GICR_WAKER",
                "an awake one has no sleeping children");
    write32(own + 0x14, 2);
    check(wait_until(k_soon, [&] { return (read32(own + 0x14) & 6) == 6; }), "IHI0069H GICR_WAKER",
          "ProcessorSleep puts the children to sleep");
    write32(own + 0x14, 0);
    check(wait_until(k_soon, [&] { return (read32(own + 0x14) & 6) == 0; }), "IHI0069H GICR_WAKER",
          "and clearing it wakes them");
    const auto old = read32(own + k_sgi_frame + 0xc00);
    write32(own + k_sgi_frame + 0xc00, 0);
    check_equal(read32(own + k_sgi_frame + 0xc00), old, "IHI0069H GICR_ICFGR0", "read-only");
    check((read32(own + 8) & 1) == (read32(distributor() + 4) >> 17 & 1), k_name,
          "PLPIS agrees with GICD_TYPER.LPIS");
}

void check_interface()
{
    check_equal(GUEST_READ_SYSREG(s3_0_c12_c12_5) & 1, 1, "IHI0069H ICC_SRE_EL1",
                "SRE is 1: system registers are on");
    const auto ctlr = GUEST_READ_SYSREG(s3_0_c12_c12_4);
    check((ctlr >> 8 & 7) >= 4, "IHI0069H ICC_CTLR_EL1", "PRIbits: at least 5 bits of priority");
    check((ctlr >> 11 & 7) <= 1, "IHI0069H ICC_CTLR_EL1", "IDbits is a value that is defined");
    check_equal(ctlr >> 15 & 1, read32(distributor() + 4) >> 24 & 1, "IHI0069H ICC_CTLR_EL1",
                "A3V agrees with GICD_TYPER");
    set_priority_mask(0xff);
    const auto mask   = priority_mask();
    const auto absent = static_cast<std::uint8_t>(~mask);
    check(mask >= 0xf0 && (absent & (absent + 1)) == 0, "IHI0069H ICC_PMR_EL1",
          "at least 4 bits, and those at the top");
    set_priority_mask(0);
    check_equal(priority_mask(), 0, "IHI0069H ICC_PMR_EL1", "0 is kept");
    set_priority_mask(0xf0);
    set_binary_point(7);
    check_equal(binary_point(), 7, "IHI0069H ICC_BPR1_EL1", "7 is kept");
    set_binary_point(0);
    check(binary_point() <= 4, "IHI0069H ICC_BPR1_EL1", "the smallest value is 4 or less");
    interface_on(false);
    check_equal(GUEST_READ_SYSREG(s3_0_c12_c12_7) & 1, 0, "IHI0069H ICC_IGRPEN1_EL1",
                "reads 0 once written so");
    interface_on(true);
    check_equal(GUEST_READ_SYSREG(s3_0_c12_c12_7) & 1, 1, "IHI0069H ICC_IGRPEN1_EL1",
                "reads 1 once written so");
    check_equal(acknowledge(), k_spurious, "IHI0069H ICC_IAR1_EL1", "1023 when nothing is pending");
    check_equal(highest_pending(), k_spurious, "IHI0069H ICC_HPPIR1_EL1",
                "1023 when nothing is pending");
    check_equal(running_priority(), 0xff, "IHI0069H ICC_RPR_EL1", "0xff when nothing is active");
    check_equal(GUEST_READ_SYSREG(s3_0_c12_c9_0), 0, "IHI0069H ICC_AP1R0_EL1",
                "0 when nothing is active");
    check_equal(GUEST_READ_SYSREG(id_aa64pfr0_el1) >> 24 & 0xf, 1, "DDI0487 ID_AA64PFR0_EL1",
                "GIC says that there are system registers");
}

void check_messages()
{
    constexpr const char* k_name = "IHI0069H GICD_SETSPI_NSR";
    if ((read32(distributor() + 4) >> 16 & 1) == 0) {
        skip(k_name, "makes an SPI pending", "GICD_TYPER.MBIS is 0");
        skip(k_name, "16 bits wide too", "GICD_TYPER.MBIS is 0");
        skip("IHI0069H GICD_CLRSPI_NSR", "takes it back", "GICD_TYPER.MBIS is 0");
        return;
    }
    quiet();
    prepare(k_spi);
    write32(distributor() + 0x40, k_spi);
    check_equal(take_and_end(), k_spi, k_name, "makes an SPI pending");
    write16(distributor() + 0x40, k_spi);
    check_equal(take_and_end(), k_spi, k_name, "16 bits wide too");
    set(Reg::clear_enable, k_spi);
    write32(distributor() + 0x40, k_spi);
    write32(distributor() + 0x48, k_spi);
    check(!bit(Reg::set_pending, k_spi), "IHI0069H GICD_CLRSPI_NSR", "takes it back");
}

} // namespace

void check_gic_v3_registers()
{
    check_distributor();
    check_routers();
    check_redistributors();
    check_interface();
    check_messages();
    quiet();
}

} // namespace conformance
