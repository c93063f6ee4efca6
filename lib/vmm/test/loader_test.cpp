// SPDX-License-Identifier: BSD-2-Clause
// Where the loader puts things, and what it refuses.
#include "loader_fixture.hpp"

#include <random>

namespace vmm_test {
namespace {

TEST_F(Loader, AnImageGoesToTheLowestMultipleOf2MiB)
{
    add_ram(0x4000'0000, 64_MiB);
    initrd_size_      = 5_MiB + 1;
    const auto placed = plan(image({.image_size = 0x31'2345}));
    EXPECT_EQ(placed.format, KernelFormat::linux_image);
    EXPECT_EQ(placed.packing, vmm::Packing::none);
    EXPECT_EQ(placed.kernel, range(0x4000'0000, 0x31'2345));
    EXPECT_EQ(placed.entry.raw(), 0x4000'0000U);
    EXPECT_EQ(placed.device_tree, range(0x4032'0000, 64_KiB)) << "behind the bss";
    EXPECT_EQ(placed.initrd, range(0x4033'0000, 5_MiB + 1));
}

TEST_F(Loader, TheTextOffsetCountsFromAMultipleOf2MiB)
{
    add_ram(0x4010'0000, 64_MiB);
    EXPECT_EQ(plan(image({.text_offset = 0x8'0000})).kernel.start().raw(), 0x4028'0000U);
    EXPECT_EQ(plan(image({.text_offset = 0x10'0000})).kernel.start().raw(), 0x4030'0000U);
    EXPECT_EQ(plan(image({.text_offset = 0})).kernel.start().raw(), 0x4020'0000U);
}

TEST_F(Loader, AnImageWithoutASizeHasRoomBehindIt)
{
    add_ram(0x4000'0000, 64_MiB);
    initrd_size_      = 1_MiB;
    const auto placed = plan(image({.text_offset = 0x1234, .image_size = 0}));
    EXPECT_EQ(placed.kernel, range(0x4008'0000, 0x20'0000)) << "the offset of old kernels";
    EXPECT_EQ(placed.device_tree.start().raw(), 0x4000'0000U);
    EXPECT_EQ(placed.initrd->end().raw(), 0x4400'0000U);
}

TEST_F(Loader, ReservedRangesAreGoneAround)
{
    add_ram(0x4000'0000, 64_MiB);
    initrd_size_ = 4_MiB;
    reserved_    = {range(0x4000'0000, 1), range(0x4060'0000, 0x1000), range(0x4100'0000, 16_MiB)};
    const auto placed = plan(image());
    EXPECT_EQ(placed.kernel.start().raw(), 0x4020'0000U);
    EXPECT_EQ(placed.device_tree.start().raw(), 0x4050'0000U);
    // In the block of 2 MiB around a reserved range the tree would be mapped with its attributes.
    reserved_.push_back(range(0x4051'0000, 1));
    EXPECT_EQ(plan(image()).device_tree.start().raw(), 0x4080'0000U);
}

TEST_F(Loader, TheSecondRegionTakesWhatTheFirstCannot)
{
    add_ram(0x4000'0000, 4_MiB);
    add_ram(0x8000'0000, 64_MiB);
    initrd_size_ = 2_MiB;
    auto placed  = plan(image());
    EXPECT_EQ(placed.kernel.start().raw(), 0x4000'0000U);
    EXPECT_EQ(placed.device_tree.start().raw(), 0x4030'0000U);
    EXPECT_EQ(placed.initrd->start().raw(), 0x8000'0000U);
    placed = plan(image({.image_size = 5_MiB}));
    EXPECT_EQ(placed.kernel.start().raw(), 0x8000'0000U);
    EXPECT_EQ(placed.initrd->start().raw(), 0x8051'0000U);
    reserved_ = {range(0x8050'0000, 59_MiB)};
    placed    = plan(image({.image_size = 5_MiB}));
    EXPECT_EQ(placed.device_tree.start().raw(), 0x4000'0000U) << "anywhere is better than nowhere";
    EXPECT_EQ(placed.initrd->start().raw(), 0x4001'0000U);
}

TEST_F(Loader, TheInitrdIsWithin32GiBOfTheKernel)
{
    add_ram(0x4000'0000, 4_MiB);
    initrd_size_ = 2_MiB;
    add_ram(32_GiB, 4_MiB);
    EXPECT_EQ(plan(image()).initrd->start().raw(), 32_GiB) << "1 GiB to 33 GiB are 32 GiB";
    ram_.back() = {range(33_GiB, 4_MiB), {}};
    EXPECT_EQ(error_of(image()), "there is no room for the initrd in the guest's RAM");
    ram_ = {{range(1_GiB, 4_MiB), {}}, {range(31_GiB, 64_MiB), {}}};
    EXPECT_EQ(plan(image({.image_size = 32_MiB})).initrd->start().raw(), 31_GiB + 32_MiB + 64_KiB);
}

TEST_F(Loader, AKernelThatDoesNotFitIsRefused)
{
    add_ram(0x4000'0000, 4_MiB);
    add_ram(0x8000'0000, 4_MiB);
    EXPECT_EQ(error_of(image({.image_size = 8_MiB})), "the kernel is larger than the guest's RAM");
    EXPECT_EQ(error_of(image({.image_size = 1_MiB, .file_size = 5_MiB})),
              "the kernel is larger than the guest's RAM");
    EXPECT_EQ(error_of(image({.text_offset = 0x1f'f000, .image_size = 3_MiB})),
              "no region of RAM has room for the kernel at a multiple of 2 MiB");
    EXPECT_EQ(error_of(image({.text_offset = ~std::uint64_t{0}})),
              "the header of the kernel is damaged");
    EXPECT_EQ(error_of(image({.image_size = ~std::uint64_t{0}})),
              "the header of the kernel is damaged");
    initrd_size_ = 5_MiB;
    EXPECT_EQ(error_of(image()), "there is no room for the initrd in the guest's RAM");
    initrd_size_ = ~std::uint64_t{0};
    EXPECT_EQ(error_of(image()), "there is no room for the initrd in the guest's RAM");
    ram_.resize(1);
    initrd_size_ = 0;
    EXPECT_EQ(error_of(image({.image_size = 4_MiB})),
              "there is no room for the device tree in the guest's RAM");
    ram_.clear();
    EXPECT_EQ(error_of(image()), "the guest has no RAM");
}

TEST_F(Loader, ATreeOfMoreThan2MiBIsRefused)
{
    add_ram(0x4000'0000, 64_MiB);
    auto       wanted       = request(image());
    const auto file         = image();
    wanted.kernel           = file;
    wanted.device_tree_size = 2_MiB + 1;
    EXPECT_EQ(vmm::plan_load(wanted).error().what, "the device tree is larger than 2 MiB");
    wanted.device_tree_size = 2_MiB;
    EXPECT_EQ(vmm::plan_load(wanted)->device_tree, range(0x4040'0000, 2_MiB));
    wanted.device_tree_size = 0;
    EXPECT_TRUE(vmm::plan_load(wanted));
}

TEST_F(Loader, ForeignAndDamagedKernelsAreNamed)
{
    add_ram(0x4000'0000, 64_MiB);
    EXPECT_EQ(error_of({}), "the kernel is empty");
    EXPECT_EQ(error_of(pattern(3)), "the kernel is cut off");
    EXPECT_EQ(error_of(image({.flags = 0xb})), "the kernel is big-endian");
    EXPECT_EQ(error_of(image({.pe_size = 0x20'0001})), "the kernel is cut off");
    EXPECT_EQ(error_of(image({.pe_size = 0x20'0000})), "");

    const auto with = [](std::size_t offset, std::string_view magic) {
        auto file = pattern(0x1000);
        put(file, offset, magic);
        return file;
    };
    using namespace std::string_view_literals;
    EXPECT_EQ(error_of(with(0, "\xd0\x0d\xfe\xed")), "the kernel is a device tree or a FIT image");
    EXPECT_EQ(error_of(with(0, "\x27\x05\x19\x56")), "the kernel is a U-Boot legacy image");
    EXPECT_EQ(error_of(with(0, "\xfd"
                               "7zXZ\0"sv)),
              "the kernel is compressed with xz");
    EXPECT_EQ(error_of(with(0, "\x28\xb5\x2f\xfd")), "the kernel is compressed with zstd");
    EXPECT_EQ(error_of(with(0, "BZh")), "the kernel is compressed with bzip2");
    EXPECT_EQ(error_of(with(0, "070701")), "the kernel is a cpio archive");
    EXPECT_EQ(error_of(with(0, "!<arch>\n")), "the kernel is an archive or a Debian package");
    EXPECT_EQ(error_of(with(0x38, "RSC\x05")), "the kernel is for RISC-V");
    EXPECT_EQ(error_of(with(0x24, "\x18\x28\x6f\x01")), "the kernel is a zImage for 32-bit Arm");
    EXPECT_EQ(error_of(with(0x202, "HdrS")), "the kernel is for x86");
    EXPECT_EQ(error_of(with(0, "MZ")), "the kernel is an EFI program");
}

TEST_F(Loader, AFlatBinaryGoes512KiBAboveTheStartOfRam)
{
    add_ram(0x4000'0000, 8_MiB);
    initrd_size_ = 1_MiB;
    auto placed  = plan(pattern(0x1234));
    EXPECT_EQ(placed.format, KernelFormat::flat);
    EXPECT_EQ(placed.kernel, range(0x4008'0000, 0x1234));
    EXPECT_EQ(placed.entry.raw(), 0x4008'0000U);
    EXPECT_EQ(placed.device_tree.start().raw(), 0x4000'0000U) << "where U-Boot looks for it";
    EXPECT_EQ(placed.initrd->end().raw(), 0x4080'0000U) << "far from what is behind the kernel";

    EXPECT_EQ(error_of(pattern(8_MiB)), "the kernel is larger than the guest's RAM");
    reserved_ = {range(0x4008'1000, 1)};
    EXPECT_EQ(error_of(pattern(0x1234)), "the kernel overlaps a reserved range of RAM");
    EXPECT_EQ(error_of(pattern(0x1000)), "");
    reserved_.clear();

    flat_  = GuestPhysical{0x4000'0000};
    placed = plan(pattern(0x1234));
    EXPECT_EQ(placed.entry.raw(), 0x4000'0000U);
    EXPECT_EQ(placed.device_tree.end().raw(), 0x4080'0000U) << "no room below";
    flat_ = GuestPhysical{0x1000};
    EXPECT_EQ(error_of(pattern(0x1234)), "the kernel lies outside of the guest's RAM");
    flat_ = GuestPhysical{~std::uint64_t{0}};
    EXPECT_NE(error_of(pattern(0x1234)), "");
}

TEST_F(Loader, AnElfProgramGoesToItsPhysicalAddresses)
{
    add_ram(0x4000'0000, 8_MiB);
    const auto file   = elf(0x4010'0040, {{0x4010'0000, 0x4010'0000, 0x1800, 0x2000},
                                          {0x4020'0000, 0x4020'0000, 0x10, 0x5000}});
    const auto placed = plan(file);
    EXPECT_EQ(placed.format, KernelFormat::elf);
    EXPECT_EQ(placed.kernel, range(0x4010'0000, 0x10'5000));
    EXPECT_EQ(placed.entry.raw(), 0x4010'0040U);
    EXPECT_EQ(placed.device_tree.start().raw(), 0x4000'0000U);

    ASSERT_TRUE(load(placed));
    EXPECT_EQ(content(GuestPhysical{0x4010'0000}, 0x1800), pattern(0x1800));
    EXPECT_EQ(content(GuestPhysical{0x4010'1800}, 0x800), Bytes(0x800)) << "bss";
    EXPECT_EQ(content(GuestPhysical{0x4010'2000}, 1), Bytes(1, std::byte{0xee}));
    EXPECT_EQ(content(GuestPhysical{0x4020'0010}, 0x4ff0), Bytes(0x4ff0));
    EXPECT_EQ(content(GuestPhysical{0x4020'5000}, 1), Bytes(1, std::byte{0xee}));
}

TEST_F(Loader, AnElfProgramOutsideOfRamIsRefused)
{
    add_ram(0x4000'0000, 8_MiB);
    const std::uint64_t high = 0xffff'8000'0800'0000;
    EXPECT_EQ(error_of(elf(high, {{high, high, 0x1000, 0x1000}})),
              "the kernel lies outside of the guest's RAM")
        << "a vmlinux";
    EXPECT_EQ(error_of(elf(0x4000'0000, {{0x4000'0000, 0x4000'0000, 0x1000, 9_MiB}})),
              "the kernel lies outside of the guest's RAM");
    reserved_ = {range(0x4000'1000, 0x1000)};
    EXPECT_EQ(error_of(elf(0x4000'0000, {{0x4000'0000, 0x4000'0000, 0x1000, 0x1001}})),
              "the kernel overlaps a reserved range of RAM");
    EXPECT_EQ(error_of(elf(0x4000'0000, {{0x4000'0000, 0x4000'0000, 0x1000, 0x1000},
                                         {0x4000'2000, 0x4000'2000, 0x1000, 0x1000}})),
              "")
        << "between the segments there is room for others";
}

/// Random machines and kernels: whatever is planned keeps the rules of check().
TEST_F(Loader, EveryPlanKeepsTheRules)
{
    std::mt19937_64 random{3};
    unsigned        planned = 0;
    for (unsigned round = 0; round < 3000; ++round) {
        ram_.clear();
        reserved_.clear();
        std::uint64_t at = random() % 64 * 4_KiB;
        for (auto n = 1 + random() % 4; n != 0; --n) {
            at += random() % 4 * (random() % 2 == 0 ? 4_KiB : 16_GiB);
            const auto size = (1 + random() % 4096) * 4_KiB;
            add_ram(at, size);
            at += size;
        }
        for (auto n = random() % 4; n != 0; --n) {
            const auto& region = ram_[random() % ram_.size()].guest;
            reserved_.push_back(
                range(region.start().raw() + random() % region.size(), 1 + random() % 1_MiB));
        }
        initrd_size_ = random() % 3 == 0 ? 0 : random() % 8_MiB;
        Bytes kernel;
        switch (random() % 3) {
        case 0:
            kernel = image({.text_offset = random() % 2 == 0 ? 0 : random() % 4_MiB,
                            .image_size  = random() % 8 == 0 ? 0 : random() % 16_MiB,
                            .file_size   = 0x1000});
            break;
        case 1: {
            const auto& region = ram_[random() % ram_.size()].guest;
            const auto  base   = region.start().raw() + random() % region.size();
            kernel             = elf(base, {{base, base, 0x100, 1 + random() % 1_MiB + 0x100}});
            break;
        }
        default:
            kernel = pattern(0x1000);
            break;
        }
        const auto result = vmm::plan_load(request(kernel));
        if (result) {
            ++planned;
            check(*result);
        } else {
            EXPECT_FALSE(result.error().what.empty());
        }
    }
    EXPECT_GT(planned, 1000U);
}

} // namespace
} // namespace vmm_test
