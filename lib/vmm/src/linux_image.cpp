// SPDX-License-Identifier: BSD-2-Clause
// Reads the 64-byte header, and the PE header behind it for the size of the file.
#include "vmm/linux_image.hpp"

#include "base/checked.hpp"
#include "base/endian.hpp"
#include "base/reg.hpp"
#include "base/units.hpp"

#include <algorithm>

namespace vmm {

namespace {

using namespace base::literals;

constexpr std::uint32_t k_magic = 0x644d'5241; // "ARM\x64"

/// Offsets in the header.
constexpr std::size_t k_text_offset = 8, k_image_size = 16, k_flags = 24, k_magic_at = 56,
                      k_pe_header = 60;

struct Flags : base::Register<Flags, std::uint64_t> {
    using Register::Register;
    using big_endian = base::Flag<0>;
};

constexpr std::uint64_t k_old_text_offset = 0x8'0000; // of kernels before 3.17

/// A kernel whose header says more than this is damaged: no RAM is as large.
constexpr std::uint64_t k_sane_size = 1024_GiB;

/// Where the last section of the PE file ends (Microsoft PE format: COFF header and section table).
std::uint64_t pe_file_size(std::span<const std::byte> file)
{
    constexpr std::uint32_t k_signature = 0x0000'4550; // "PE\0\0"
    constexpr std::size_t   k_coff_size = 24, k_section_size = 40;

    const std::size_t pe = base::load_little<std::uint32_t>(file, k_pe_header).value_or(0);
    if (base::load_little<std::uint32_t>(file, pe) != k_signature) {
        return 0;
    }
    const auto sections = base::load_little<std::uint16_t>(file, pe + 6);
    const auto optional = base::load_little<std::uint16_t>(file, pe + 20);
    if (!sections || !optional) {
        return 0;
    }
    std::uint64_t end = 0;
    std::size_t   at  = pe + k_coff_size + *optional;
    for (unsigned i = 0; i < *sections; ++i, at += k_section_size) {
        const std::uint64_t size  = base::load_little<std::uint32_t>(file, at + 16).value_or(0);
        const std::uint64_t start = base::load_little<std::uint32_t>(file, at + 20).value_or(0);
        end                       = std::max(end, start + size);
    }
    return end;
}

} // namespace

bool is_linux_image(std::span<const std::byte> file)
{
    return base::load_little<std::uint32_t>(file, k_magic_at) == k_magic &&
           file.size() >= LinuxImage::k_header_size;
}

base::Result<LinuxImage> read_linux_image(std::span<const std::byte> file)
{
    if (!is_linux_image(file)) {
        return base::fail("the kernel is not an arm64 Image", "use arch/arm64/boot/Image");
    }
    LinuxImage image{};
    image.text_offset = *base::load_little<std::uint64_t>(file, k_text_offset);
    image.image_size  = *base::load_little<std::uint64_t>(file, k_image_size);
    image.file_size   = pe_file_size(file);
    if (Flags{*base::load_little<std::uint64_t>(file, k_flags)}.get<Flags::big_endian>()) {
        return base::fail("the kernel is big-endian", "build it without CONFIG_CPU_BIG_ENDIAN");
    }
    if (image.image_size == 0) {
        image.text_offset = k_old_text_offset;
    }
    if (image.text_offset >= k_sane_size || image.image_size >= k_sane_size) {
        return base::fail("the header of the kernel is damaged", "copy the file again",
                          std::max(image.text_offset, image.image_size));
    }
    return image;
}

} // namespace vmm
