// SPDX-License-Identifier: BSD-2-Clause
// The header of an arm64 Linux `Image` (Linux Documentation/arch/arm64/booting, section 4).
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace vmm {

/// What the header asks of whoever loads the image.
struct LinuxImage {
    static constexpr std::size_t k_header_size = 64;

    /// The kernel begins this many bytes above a multiple of 2 MiB.
    std::uint64_t text_offset;
    /// Bytes from its beginning that it needs, bss included; 0 in kernels before 3.17, which want
    /// as much as possible.
    std::uint64_t image_size;
    /// Bytes that the file must have at least, as far as the header tells (from the PE header that
    /// kernels with an EFI stub have; else 0).
    std::uint64_t file_size;
};

/// Whether the file has the magic number of an arm64 `Image`; the first 64 bytes suffice.
[[nodiscard]] bool is_linux_image(std::span<const std::byte> file);

/// Reads the header. `file` may be its beginning alone. Errors: no arm64 `Image`, a big-endian
/// kernel, numbers that make no sense.
[[nodiscard]] base::Result<LinuxImage> read_linux_image(std::span<const std::byte> file);

} // namespace vmm
