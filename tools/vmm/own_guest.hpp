// SPDX-License-Identifier: BSD-2-Clause
// A user's guest in place of an example's: the VMM's program linked anew around other images, the
// system description with other RAM and vCPUs, and an image of both.
#pragma once

#include "system.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace vmm {

/// What a kernel file is, as far as the runner cares.
enum class KernelKind {
    linux_image, ///< has the arm64 Image header, itself or inside gzip
    bare_metal,  ///< ELF or flat binary
};

/// Looks at the first bytes of `file`.
[[nodiscard]] Result<KernelKind> kernel_kind(const std::filesystem::path& file);

/// The system description `xml` with the guest's RAM region of `memory` bytes (0: unchanged) and
/// `vcpus` vCPUs. A region that grows loses its phys_addr, because what follows it there may not be
/// free: the image tool then finds a place. The error says what the description lacks.
[[nodiscard]] Result<std::string> derive_description(std::string_view    xml,
                                                     const GuestProgram& guest,
                                                     std::uint64_t memory, unsigned vcpus);

/// The layout `xml` with `memory` bytes of RAM (0: unchanged) and `vcpus` vCPUs in each <guest>
/// whose program is `image`. The error says what the layout lacks.
[[nodiscard]] Result<std::string> derive_layout(std::string_view xml, std::string_view image,
                                                std::uint64_t memory, unsigned vcpus);

/// Makes `system` anew in `folder` with `own` in place of its guest's parts: program, description
/// and image. The result is `system` with these paths.
[[nodiscard]] Result<System> with_own_guest(System system, const OwnGuest& own,
                                            const std::filesystem::path& folder);

} // namespace vmm
