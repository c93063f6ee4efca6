// SPDX-License-Identifier: BSD-2-Clause
// Tells kernel files apart by their first bytes.
#pragma once

#include "base/result.hpp"
#include "vmm/loader.hpp"

#include <cstddef>
#include <span>

namespace vmm {

/// The kernel file unwrapped.
struct KernelFile {
    KernelFormat               format;
    Packing                    packing;
    std::span<const std::byte> payload; ///< the part of the file that is copied or inflated
};

/// Errors: empty or cut off, a format that is known but not supported (each with its name), an
/// ELF file inside of gzip.
[[nodiscard]] base::Result<KernelFile> identify_kernel(std::span<const std::byte> file);

/// The first bytes of the kernel itself, inflated if need be, in `room` or in the payload.
[[nodiscard]] base::Result<std::span<const std::byte>> kernel_head(const KernelFile&    file,
                                                                   std::span<std::byte> room);

} // namespace vmm
