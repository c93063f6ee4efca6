// SPDX-License-Identifier: BSD-2-Clause
// Programs with their configuration sections filled in.
#pragma once

#include "layout.hpp"

#include <filesystem>
#include <span>

namespace sysgen {

/// Copies an ELF file and replaces the contents of sections. Refuses a file that lacks one of them,
/// or has it with another size: objcopy would not notice.
[[nodiscard]] Result<> fill_program(const std::filesystem::path& from,
                                    const std::filesystem::path& to,
                                    std::span<const ConfigFile>  files);

} // namespace sysgen
