// SPDX-License-Identifier: BSD-2-Clause
// The formats that are loaded, and those that people try and that must get a clear answer.
#include "kernel_format.hpp"

#include "base/endian.hpp"
#include "vmm/elf.hpp"
#include "vmm/inflate.hpp"
#include "vmm/linux_image.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace vmm {

namespace {

using namespace std::string_view_literals;

bool has(std::span<const std::byte> file, std::size_t offset, std::string_view text)
{
    const auto expected = std::as_bytes(std::span{text});
    return base::range_fits(offset, text.size(), file.size()) &&
           std::ranges::equal(file.subspan(offset, text.size()), expected);
}

struct Foreign {
    std::size_t      offset;
    std::string_view magic;
    std::string_view what;
    std::string_view hint;
};

constexpr std::string_view k_unpack = "unpack it first; gzip is the one compression supported";
constexpr std::string_view k_arm64  = "use a kernel for arm64 (aarch64)";

// clang-format off
constexpr auto k_foreign = std::to_array<Foreign>({
    {0,     "\xd0\x0d\xfe\xed"sv, "the kernel is a device tree or a FIT image", "give the Image itself; dumpimage takes one out of a FIT image"},
    {0,     "\x27\x05\x19\x56"sv, "the kernel is a U-Boot legacy image",        "give the Image itself: it begins 64 bytes into the file"},
    {0,     "\xfd" "7zXZ\0"sv,    "the kernel is compressed with xz",           k_unpack},
    {0,     "\x28\xb5\x2f\xfd"sv, "the kernel is compressed with zstd",         k_unpack},
    {0,     "\x04\x22\x4d\x18"sv, "the kernel is compressed with lz4",          k_unpack},
    {0,     "\x02\x21\x4c\x18"sv, "the kernel is compressed with lz4",          k_unpack},
    {0,     "BZh"sv,              "the kernel is compressed with bzip2",        k_unpack},
    {0,     "\x5d\0\0"sv,         "the kernel is compressed with lzma",         k_unpack},
    {0,     "\x89LZO"sv,          "the kernel is compressed with lzo",          k_unpack},
    {0,     "070701"sv,           "the kernel is a cpio archive",               "this looks like the initrd; give it as such"},
    {0,     "!<arch>"sv,          "the kernel is an archive or a Debian package", "take boot/vmlinuz-… out of it: dpkg-deb -x"},
    {0x38,  "RSC\x05"sv,          "the kernel is for RISC-V",                   k_arm64},
    {0x24,  "\x18\x28\x6f\x01"sv, "the kernel is a zImage for 32-bit Arm",      k_arm64},
    {0x202, "HdrS"sv,             "the kernel is for x86",                      k_arm64},
    {0,     "MZ"sv,               "the kernel is an EFI program",               "use the Image, or firmware that can start EFI programs"},
});
// clang-format on

/// The payload of an EFI zboot image (Linux drivers/firmware/efi/libstub/zboot-header.S).
base::Result<std::span<const std::byte>> zboot_payload(std::span<const std::byte> file)
{
    const auto start = base::load_little<std::uint32_t>(file, 8);
    const auto size  = base::load_little<std::uint32_t>(file, 12);
    if (!start || !size || !base::range_fits<std::size_t>(*start, *size, file.size())) {
        return base::fail("the kernel (an EFI zboot image) is cut off", "copy the file again",
                          file.size());
    }
    const auto payload = file.subspan(*start, *size);
    if (!has(file, 24, "gzip"sv) || !is_gzip(payload)) {
        return base::fail("the kernel is an EFI zboot image that is not packed with gzip",
                          "give the Image inside of it", file.size());
    }
    return payload;
}

KernelFormat format_of_head(std::span<const std::byte> head)
{
    return is_linux_image(head) ? KernelFormat::linux_image : KernelFormat::flat;
}

base::Result<> refuse_foreign(std::span<const std::byte> file)
{
    for (const auto& foreign : k_foreign) {
        if (has(file, foreign.offset, foreign.magic)) {
            return base::fail(foreign.what, foreign.hint);
        }
    }
    return {};
}

} // namespace

base::Result<std::span<const std::byte>> kernel_head(const KernelFile&    file,
                                                     std::span<std::byte> room)
{
    if (file.packing == Packing::none) {
        return file.payload;
    }
    return room.first(TRY(gunzip_head(file.payload, room)));
}

base::Result<KernelFile> identify_kernel(std::span<const std::byte> file)
{
    constexpr std::size_t k_one_instruction = 4;

    if (file.empty()) {
        return base::fail("the kernel is empty", "name a kernel image");
    }
    if (file.size() < k_one_instruction) {
        return base::fail("the kernel is cut off", "copy the file again", file.size());
    }
    if (is_elf(file)) {
        return KernelFile{KernelFormat::elf, Packing::none, file};
    }
    KernelFile kernel{format_of_head(file), Packing::none, file};
    if (kernel.format == KernelFormat::linux_image) {
        return kernel;
    }
    if (has(file, 0, "MZ"sv) && has(file, 4, "zimg"sv)) {
        kernel.payload = TRY(zboot_payload(file));
    }
    if (is_gzip(kernel.payload)) {
        kernel.packing = Packing::gzip;
        std::array<std::byte, LinuxImage::k_header_size> room{};
        const auto                                       head = TRY(kernel_head(kernel, room));
        if (is_elf(head)) {
            return base::fail("the kernel is an ELF file packed with gzip", "unpack it first");
        }
        if (head.empty()) {
            return base::fail("the kernel is empty", "name a kernel image");
        }
        kernel.format = format_of_head(head);
        if (kernel.format == KernelFormat::flat) {
            TRY(refuse_foreign(head));
        }
        return kernel;
    }
    TRY(refuse_foreign(file));
    return kernel;
}

} // namespace vmm
