// SPDX-License-Identifier: BSD-2-Clause
// Registers of a GICv2 alone (IHI 0048B): targets, SGIs' pending state, the CPU interface.
#include "check.hpp"
#include "controller.hpp"
#include "sections.hpp"

namespace conformance {
namespace {

constexpr const char* k_targets = "IHI0048B GICD_ITARGETSR";

void check_targets()
{
    const auto cpus = static_cast<unsigned>(platform().cpus.size());
    const auto word = address_of(Reg::target, k_spi);
    const auto all  = ((1U << cpus) - 1) * 0x0101'0101U;
    const auto old  = read32(word);
    write32(word, ~0U);
    if (cpus == 1) {
        check_equal(read32(word), 0, k_targets, "RAZ/WI with one CPU, shared interrupts");
        check_equal(read32(address_of(Reg::target, 0)), 0, k_targets,
                    "RAZ/WI with one CPU, private interrupts");
        return;
    }
    check_equal(read32(word), all, k_targets, "bits of CPUs that are not there read as zero");
    write32(word, 0x0102'0201);
    check_equal(read32(word), 0x0102'0201, k_targets, "four values are kept");
    write8(word + 2, 3);
    check_equal(read32(word), 0x0103'0201, k_targets, "a byte is written alone");
    check_equal(read8(word + 3), 1, k_targets, "a byte is read alone");
    write32(word, old);
    check_equal(read32(address_of(Reg::target, 0)), 0x0101'0101, k_targets,
                "those of SGIs read as the reading CPU");
    check_equal(read8(address_of(Reg::target, k_ppi)), 1, k_targets,
                "those of PPIs read as the reading CPU");
    write8(address_of(Reg::target, k_ppi), 0xff);
    check_equal(read8(address_of(Reg::target, k_ppi)), 1, k_targets, "those of PPIs are read-only");
}

void check_distributor()
{
    check_equal((read32(distributor() + 4) >> 5 & 7) + 1, platform().cpus.size(),
                "IHI0048B GICD_TYPER", "CPUNumber counts the CPUs");
    check_equal(read32(distributor() + 4) & 0xffff'0300, 0, "IHI0048B GICD_TYPER",
                "reserved bits read as zero");
    const auto id   = address_of(Reg::set_pending, 0);
    const auto mine = read32(id) & 0xffff;
    write32(id, 0xffff);
    check_equal(read32(id) & 0xffff, mine, "IHI0048B GICD_ISPENDR", "those of SGIs are read-only");
    check(nothing_comes(), "IHI0048B GICD_ISPENDR", "writing those of SGIs sends none");
    check_equal(read32(distributor() + 0xf00), 0, "IHI0048B GICD_SGIR", "write-only: reads as 0");
    check_equal(read32(distributor() + 0xe00), 0, "IHI0048B GICD_NSACR",
                "RAZ/WI without Security Extensions");
}

void check_sgi_pending()
{
    constexpr const char* k_set   = "IHI0048B GICD_SPENDSGIR";
    constexpr const char* k_clear = "IHI0048B GICD_CPENDSGIR";
    const auto            set     = distributor() + 0xf20;
    const auto            clear   = distributor() + 0xf10;
    quiet();
    check_equal(read32(set), 0, k_set, "clear at first");
    interface_on(false);
    write8(set + 5, 1);
    check_equal(read8(set + 5), 1, k_set, "writing 1 makes an SGI of that CPU pending");
    check_equal(read8(clear + 5), 1, k_clear, "reads the same");
    check_equal(read32(set + 4), 0x100, k_set, "a word holds four SGIs");
    check(bit(Reg::set_pending, 5), "IHI0048B GICD_ISPENDR", "shows a pending SGI");
    write8(clear + 5, 1);
    check_equal(read8(set + 5), 0, k_clear, "writing 1 clears");
    // No byte of it 0: that makes QEMU's GIC pend an SGI from nobody, and abort when it is taken.
    write32(set + 8, 0x0101'0101);
    interface_on(true);
    std::uint32_t taken = 0;
    for (int i = 0; i < 4; ++i) {
        taken |= 1U << (take_and_end() & 0x1f);
    }
    check_equal(taken, 0xf00, k_set, "four SGIs written at once are taken, from CPU 0");
    check_equal(read32(set + 8), 0, k_set, "taken, they are no longer pending");
}

void check_interface()
{
    constexpr const char* k_pmr = "IHI0048B GICC_PMR";
    set_priority_mask(0xff);
    const auto mask   = priority_mask();
    const auto absent = static_cast<std::uint8_t>(~mask);
    check(mask >= 0xf0 && (absent & (absent + 1)) == 0, k_pmr,
          "at least 4 bits, and those at the top");
    set_priority_mask(0);
    check_equal(priority_mask(), 0, k_pmr, "0 is kept");
    set_priority_mask(0xf0);
    check_equal(read32(cpu_interface() + 0xfc) >> 16 & 0xf, 2, "IHI0048B GICC_IIDR",
                "ArchVersion is 2");
    check_equal(read32(cpu_interface() + 0xfc) & 0xfff, read32(distributor() + 8) & 0xfff,
                "IHI0048B GICC_IIDR", "of the implementer of GICD_IIDR");
    const auto bpr = cpu_interface() + 0x08;
    write32(bpr, 7);
    check_equal(read32(bpr), 7, "IHI0048B GICC_BPR", "7 is kept");
    write32(bpr, 0);
    const auto least = read32(bpr);
    check(least <= 3, "IHI0048B GICC_BPR", "the smallest value is 3 or less");
    write32(bpr, least);
    check_equal(read32(cpu_interface() + 0x0c) & k_number, k_spurious, "IHI0048B GICC_IAR",
                "1023 when nothing is pending");
    check_equal(read32(cpu_interface() + 0x18) & k_number, k_spurious, "IHI0048B GICC_HPPIR",
                "1023 when nothing is pending");
    check_equal(read32(cpu_interface() + 0xd0), 0, "IHI0048B GICC_APR", "0 when nothing is active");
    interface_on(false);
    check((read32(cpu_interface()) & 1) == 0, "IHI0048B GICC_CTLR",
          "the enable bit reads 0 once written so");
    interface_on(true);
    check((read32(cpu_interface()) & 1) == 1, "IHI0048B GICC_CTLR",
          "the enable bit reads 1 once written so");
}

} // namespace

void check_gic_v2_registers()
{
    check_distributor();
    check_targets();
    check_sgi_pending();
    check_interface();
    quiet();
}

} // namespace conformance
