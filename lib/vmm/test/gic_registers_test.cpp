// SPDX-License-Identifier: BSD-2-Clause
// Every offset of every frame in every width: what is there, where the frames are, what they are
// called.
#include "gic_fake.hpp"

#include "vmm/gic_registers.hpp"

namespace vmm_test {
namespace {

/// A register as the specifications have it, written down independently of the table under test.
struct Expected {
    std::uint64_t first;
    std::uint64_t last; ///< of the last byte
    unsigned      widths;
};

constexpr Expected k_v2_distributor[] = {
    {0x000, 0x00b, 4},     {0x080, 0x0ff, 4},     {0x100, 0x3ff, 4}, {0x400, 0x7fb, 1 | 4},
    {0x800, 0xbfb, 1 | 4}, {0xc00, 0xcff, 4},     {0xe00, 0xeff, 4}, {0xf00, 0xf03, 4},
    {0xf10, 0xf1f, 1 | 4}, {0xf20, 0xf2f, 1 | 4}, {0xfd0, 0xfff, 4},
};
constexpr Expected k_v3_distributor[] = {
    {0x0000, 0x0013, 4},     {0x0040, 0x0043, 2 | 4}, {0x0048, 0x004b, 2 | 4},
    {0x0050, 0x0053, 2 | 4}, {0x0058, 0x005b, 2 | 4}, {0x0080, 0x03ff, 4},
    {0x0400, 0x07fb, 1 | 4}, {0x0800, 0x0bfb, 1 | 4}, {0x0c00, 0x0cff, 4},
    {0x0d00, 0x0d7f, 4},     {0x0e00, 0x0eff, 4},     {0x0f00, 0x0f03, 4},
    {0x0f10, 0x0f2f, 1 | 4}, {0x0f80, 0x0fff, 4},     {0x6100, 0x7fdf, 4 | 8},
    {0xffd0, 0xffff, 4},
};
constexpr Expected k_v3_redistributor[] = {
    {0x00000, 0x00007, 4},     {0x00008, 0x0000f, 4 | 8}, {0x00010, 0x0001f, 4},
    {0x00040, 0x0004f, 4 | 8}, {0x00070, 0x0007f, 4 | 8}, {0x000a0, 0x000a7, 4 | 8},
    {0x000b0, 0x000b7, 4 | 8}, {0x000c0, 0x000c3, 4},     {0x0ffd0, 0x0ffff, 4},
    {0x10080, 0x10083, 4},     {0x10100, 0x10103, 4},     {0x10180, 0x10183, 4},
    {0x10200, 0x10203, 4},     {0x10280, 0x10283, 4},     {0x10300, 0x10303, 4},
    {0x10380, 0x10383, 4},     {0x10400, 0x1041f, 1 | 4}, {0x10c00, 0x10c07, 4},
    {0x10d00, 0x10d03, 4},     {0x10e00, 0x10e03, 4},     {0x10f80, 0x10f83, 4},
};

template <std::size_t N>
unsigned widths_at(const Expected (&table)[N], std::uint64_t offset)
{
    for (const auto& row : table) {
        if (offset >= row.first && offset <= row.last) {
            return row.widths;
        }
    }
    return 0;
}

/// Whether an access of this width at this offset reaches a register.
enum class Fate : std::uint8_t { reaches, wrong_width, nothing_there };

template <std::size_t N>
void sweep(FakeMachine& machine, GicFrame frame, const Expected (&table)[N], std::uint64_t base,
           std::uint64_t size)
{
    for (std::uint64_t offset = 0; offset < size; ++offset) {
        const auto widths = widths_at(table, offset);
        for (const unsigned width : {1U, 2U, 4U, 8U}) {
            const auto fate   = widths == 0                                    ? Fate::nothing_there
                                : (widths & width) != 0 && offset % width == 0 ? Fate::reaches
                                                                               : Fate::wrong_width;
            const auto before = machine.gic.counters();
            const auto value  = machine.gic.read(0, frame, base + offset, width);
            machine.gic.write(0, frame, base + offset, width, 0);
            machine.gic.write(0, frame, base + offset, width, ~std::uint64_t{0});
            machine.gic.write(0, frame, base + offset, width, 0x0123'4567'89ab'cdef);
            const auto after = machine.gic.counters();
            ASSERT_EQ(after.unknown_accesses - before.unknown_accesses,
                      fate == Fate::nothing_there ? 4U : 0U)
                << std::hex << offset << " width " << width;
            ASSERT_EQ(after.bad_widths - before.bad_widths, fate == Fate::wrong_width ? 4U : 0U)
                << std::hex << offset << " width " << width;
            if (fate != Fate::reaches) {
                ASSERT_EQ(value, 0U) << std::hex << offset;
            } else if (width < 8) {
                ASSERT_EQ(value >> (8 * width), 0U) << std::hex << offset;
            }
        }
    }
}

TEST(GicRegisters, EveryOffsetAndWidthOfGicV2IsThereOrRazWiAndCounted)
{
    for (const auto kernel : {Kernel::blind, Kernel::seeing}) {
        FakeMachine machine{{GicVersion::v2, 4, 100, 4}, kernel};
        machine.refuses_active = true;
        sweep(machine, GicFrame::distributor, k_v2_distributor, 0, 0x1000);
        // Beyond the frame, and in a frame that GICv2 does not have.
        const auto before = machine.gic.counters().unknown_accesses;
        EXPECT_EQ(machine.gic.read(0, GicFrame::distributor, 0x1000, 4), 0U);
        EXPECT_EQ(machine.gic.read(0, GicFrame::distributor, ~std::uint64_t{3}, 4), 0U);
        EXPECT_EQ(machine.gic.read(0, GicFrame::redistributor, 8, 4), 0U);
        EXPECT_EQ(machine.gic.counters().unknown_accesses, before + 3);
    }
}

TEST(GicRegisters, EveryOffsetAndWidthOfGicV3IsThereOrRazWiAndCounted)
{
    for (const auto kernel : {Kernel::blind, Kernel::seeing}) {
        FakeMachine machine{{GicVersion::v3, 3, 988, 16}, kernel};
        machine.refuses_active = true;
        sweep(machine, GicFrame::distributor, k_v3_distributor, 0, 0x1'0000);
        for (VcpuId vcpu = 0; vcpu < 3; ++vcpu) {
            sweep(machine, GicFrame::redistributor, k_v3_redistributor,
                  vcpu * vmm::k_gic_redistributor_stride, vmm::k_gic_redistributor_stride);
        }
        // The frames of vCPUs that do not exist.
        const auto before = machine.gic.counters().unknown_accesses;
        EXPECT_EQ(machine.read_r(3, GICR_TYPER), 0U);
        EXPECT_EQ(machine.gic.read(0, GicFrame::redistributor, ~std::uint64_t{7}, 8), 0U);
        EXPECT_EQ(machine.gic.counters().unknown_accesses, before + 2);
    }
}

TEST(GicRegisters, NonsenseSizesAndVcpusAreHarmless)
{
    FakeMachine machine{{GicVersion::v2, 2, 32, 4}};
    for (const unsigned size : {0U, 3U, 5U, 6U, 7U, 9U, 16U, 0x8000'0000U}) {
        EXPECT_EQ(machine.gic.read(0, GicFrame::distributor, 0x400, size), 0U);
        machine.gic.write(0, GicFrame::distributor, 0x400, size, ~0ULL);
    }
    EXPECT_EQ(machine.gic.counters().bad_widths, 16U);
    EXPECT_EQ(machine.gic.read(2, GicFrame::distributor, 4, 4), 0U);
    machine.gic.write(17, GicFrame::distributor, 0, 4, 3);
    machine.gic.set_line(9, 27, true);
    machine.gic.maintenance(9, 0);
    machine.gic.set_online(31, true);
    EXPECT_TRUE(machine.gic.may_park(31));
    EXPECT_EQ(machine.read(CTLR), 0U);
    EXPECT_EQ(machine.read(IPRIORITYR), 0U);
}

TEST(GicRegisters, AGicThatWasNeverConfiguredAnswersNothing)
{
    vmm::Gic gic;
    EXPECT_EQ(gic.read(0, GicFrame::distributor, 4, 4), 0U);
    gic.write(0, GicFrame::distributor, 0, 4, 3);
    gic.set_line(0, 40, true);
    gic.maintenance(0, 0);
    EXPECT_FALSE(gic.locate(base::GuestPhysical{0x100000}));
}

TEST(GicConfig, CountsOutOfRangeAreRefusedWithTheNumber)
{
    vmm::Gic    gic;
    FakeMachine host{{}};
    for (const GicConfig config :
         {GicConfig{GicVersion::v2, 9, 32, 4}, GicConfig{GicVersion::v2, 0, 32, 4},
          GicConfig{GicVersion::v3, 17, 32, 4}}) {
        const auto result = gic.configure(config, host);
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().value, config.vcpus);
    }
    EXPECT_EQ(gic.configure({GicVersion::v3, 1, 989, 4}, host).error().value, 989U);
    EXPECT_EQ(gic.configure({GicVersion::v3, 1, 32, 17}, host).error().value, 17U);
    EXPECT_EQ(gic.configure({GicVersion::v2, 1, 32, 65}, host).error().value, 65U);
    EXPECT_FALSE(gic.configure({GicVersion::v2, 1, 32, 0}, host));
    EXPECT_TRUE(gic.configure({GicVersion::v2, 8, 988, 64}, host));
    EXPECT_TRUE(gic.configure({GicVersion::v3, 16, 0, 16}, host));
}

TEST(GicConfig, LocateFindsTheFramesAndNothingElse)
{
    FakeMachine machine{{GicVersion::v3, 2, 32, 4}};
    const auto  at = [&](std::uint64_t address) {
        return machine.gic.locate(base::GuestPhysical{address});
    };
    EXPECT_FALSE(at(0x07ff'ffff));
    EXPECT_EQ(at(0x0800'0000)->frame, GicFrame::distributor);
    EXPECT_EQ(at(0x0800'fffc)->offset, 0xfffcU);
    EXPECT_FALSE(at(0x0801'0000));
    EXPECT_EQ(at(0x080a'0000 + 0x2'0008)->offset, 0x2'0008U);
    EXPECT_EQ(at(0x080a'0000)->frame, GicFrame::redistributor);
    EXPECT_FALSE(at(0x080a'0000 + 0x4'0000));
    FakeMachine v2{{GicVersion::v2, 2, 32, 4}};
    EXPECT_FALSE(v2.gic.locate(base::GuestPhysical{0x0800'1000}));
    EXPECT_FALSE(v2.gic.locate(base::GuestPhysical{0x080a'0000}));
}

std::string traced;

TEST(GicRegisters, TracesNameTheRegister)
{
    const auto name = [](GicVersion version, GicFrame frame, std::uint64_t offset) {
        traced.clear();
        vmm::print_gic_register([](char c) { traced += c; }, version, frame, offset);
        return traced;
    };
    EXPECT_EQ(name(GicVersion::v2, GicFrame::distributor, 0x104), "GICD_ISENABLER+0x4");
    EXPECT_EQ(name(GicVersion::v2, GicFrame::distributor, 0xf00), "GICD_SGIR");
    EXPECT_EQ(name(GicVersion::v2, GicFrame::distributor, 0x44), "GICD+0x44");
    EXPECT_EQ(name(GicVersion::v3, GicFrame::distributor, 0x6108), "GICD_IROUTER+0x8");
    EXPECT_EQ(name(GicVersion::v3, GicFrame::redistributor, 0x5'0100), "vCPU 2 GICR_ISENABLER0");
    EXPECT_EQ(name(GicVersion::v3, GicFrame::redistributor, 0x50), "vCPU 0 GICR+0x50");
}

TEST(GicRegisters, TheIndexFindsWhatALinearSearchFinds)
{
    for (const auto version : {GicVersion::v2, GicVersion::v3}) {
        for (const auto frame : {GicFrame::distributor, GicFrame::redistributor}) {
            const auto& map = vmm::gic_map(version, frame);
            for (std::uint64_t offset = 0; offset < 0x2'1000; ++offset) {
                const vmm::GicRegister* expected = nullptr;
                for (const auto& reg : map.registers) {
                    if (offset >= reg.offset && offset < reg.end()) {
                        expected = &reg;
                    }
                }
                ASSERT_EQ(map.find(offset), expected) << std::hex << offset;
            }
        }
    }
}

} // namespace
} // namespace vmm_test
