// SPDX-License-Identifier: BSD-2-Clause
// What the loader copies and unpacks into the guest's RAM.
#include "loader_fixture.hpp"

namespace vmm_test {
namespace {

TEST_F(Loader, KernelAndInitrdAreCopied)
{
    add_ram(0x4000'0000, 8_MiB);
    initrd_size_      = 100'001;
    const auto file   = image({.image_size = 0x30'0000, .file_size = 0x12'3457});
    const auto initrd = pattern(initrd_size_);
    const auto placed = plan(file);
    ASSERT_TRUE(load(placed, initrd));
    EXPECT_EQ(content(placed.kernel.start(), file.size()), file);
    EXPECT_EQ(content(placed.initrd->start(), initrd.size()), initrd);
    EXPECT_EQ(content(placed.initrd->end(), 1), Bytes(1, std::byte{0xee}));
    EXPECT_EQ(content(placed.device_tree.start(), 8), Bytes(8, std::byte{0xee}))
        << "the tree is not the loader's";
    EXPECT_EQ(vmm::load_images(placed, {}, memory_).error().what,
              "the initrd is not the one that was planned with");
    vmm::GuestMemory other;
    EXPECT_EQ(vmm::load_images(placed, initrd, other).error().what,
              "the guest's RAM is not the one that was planned with");
}

TEST_F(Loader, AKernelThatIsInPlaceStaysThere)
{
    add_ram(0x4000'0000, 8_MiB);
    const auto file = image();
    ASSERT_TRUE(load(plan(file)));
    const auto window = memory_.window(GuestPhysical{0x4000'0000}, file.size());
    ASSERT_TRUE(window);
    auto again         = request({});
    again.kernel       = window->bytes();
    const auto planned = vmm::plan_load(again);
    ASSERT_TRUE(planned);
    ASSERT_TRUE(vmm::load_images(*planned, {}, memory_));
    EXPECT_EQ(content(GuestPhysical{0x4000'0000}, file.size()), file);
}

TEST_F(Loader, AGzipKernelIsUnpackedInPlace)
{
    add_ram(0x4000'0000, 8_MiB);
    const auto file   = image({.text_offset = 0x8'0000, .file_size = 0x12'3457});
    auto       packed = gzip(file);
    const auto placed = plan(packed);
    EXPECT_EQ(placed.format, KernelFormat::linux_image);
    EXPECT_EQ(placed.packing, vmm::Packing::gzip);
    EXPECT_EQ(placed.kernel, range(0x4008'0000, 0x30'0000));
    ASSERT_TRUE(load(placed));
    EXPECT_EQ(content(placed.entry, file.size()), file);

    packed[packed.size() - 5] ^= std::byte{1};
    EXPECT_EQ(vmm::load_images(plan(packed), {}, memory_).error().what,
              "the gzip file's checksum is wrong");
    packed.resize(packed.size() - 100);
    EXPECT_NE(vmm::load_images(*vmm::plan_load(request(packed)), {}, memory_).error().what, "");
    packed.resize(30);
    EXPECT_EQ(error_of(packed), "the compressed data is cut off");
    packed.resize(9);
    EXPECT_EQ(error_of(packed), "the gzip file is cut off");
}

TEST_F(Loader, OtherThingsInsideOfGzip)
{
    add_ram(0x4000'0000, 8_MiB);
    const auto flat   = pattern(0x1234);
    const auto packed = gzip(flat);
    const auto placed = plan(packed);
    EXPECT_EQ(placed.format, KernelFormat::flat);
    EXPECT_EQ(placed.kernel, range(0x4008'0000, 0x1234));
    ASSERT_TRUE(load(placed));
    EXPECT_EQ(content(placed.entry, flat.size()), flat);

    EXPECT_EQ(error_of(gzip(elf(0, {{0, 0, 1, 1}}))), "the kernel is an ELF file packed with gzip");
    EXPECT_EQ(error_of(gzip({})), "the kernel is empty");
    EXPECT_EQ(error_of(gzip(image({.flags = 1}))), "the kernel is big-endian");
    EXPECT_EQ(error_of(gzip(image({.image_size = 9_MiB}))),
              "the kernel is larger than the guest's RAM");
    auto cpio = pattern(1000);
    put(cpio, 0, "070701");
    EXPECT_EQ(error_of(gzip(cpio)), "the kernel is a cpio archive") << "an initrd by mistake";
}

TEST_F(Loader, AnEfiZbootImageHasAGzipKernelInside)
{
    add_ram(0x4000'0000, 8_MiB);
    const auto file   = image();
    const auto packed = gzip(file);
    Bytes      zboot(0x400);
    put(zboot, 0, "MZ");
    put(zboot, 4, "zimg");
    put(zboot, 8, 0x400, 4);
    put(zboot, 12, packed.size(), 4);
    put(zboot, 24, "gzip");
    zboot.insert(zboot.end(), packed.begin(), packed.end());
    zboot.resize(zboot.size() + 77);
    const auto placed = plan(zboot);
    EXPECT_EQ(placed.format, KernelFormat::linux_image);
    ASSERT_TRUE(load(placed));
    EXPECT_EQ(content(placed.entry, file.size()), file);

    auto other = zboot;
    put(other, 24, "zstd");
    EXPECT_EQ(error_of(other), "the kernel is an EFI zboot image that is not packed with gzip");
    other = zboot;
    put(other, 12, other.size(), 4);
    EXPECT_EQ(error_of(other), "the kernel (an EFI zboot image) is cut off");
}

TEST_F(Loader, APackedKernelMayNotLieWhereItIsUnpackedTo)
{
    add_ram(0x4000'0000, 8_MiB);
    const auto packed = gzip(image());
    auto       wanted = request(packed);
    ASSERT_TRUE(load(plan(packed)));
    const auto window = memory_.window(GuestPhysical{0x4010'0000}, packed.size());
    std::ranges::copy(packed, window->bytes().begin());
    wanted.kernel = window->bytes();
    EXPECT_EQ(vmm::load_images(*vmm::plan_load(wanted), {}, memory_).error().what,
              "the packed kernel lies where it would be unpacked to");
}

} // namespace
} // namespace vmm_test
