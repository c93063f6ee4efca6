// SPDX-License-Identifier: BSD-2-Clause
// Layouts from files or text, for tests: the real boards, the drivers of test/drivers.
#pragma once

#include "layout.hpp"

#include <filesystem>
#include <string>

namespace sysgen::test {

[[nodiscard]] std::string read_text(const std::filesystem::path& path);

/// boards/NAME of this project.
[[nodiscard]] const boardgen::Board& board(const std::string& name = "qemu_virt_aarch64");

/// Reads and expands.
[[nodiscard]] Result<Layout> expand(const std::string&     text,
                                    const boardgen::Board& board = test::board());

/// One of the folder's files, which must expand.
[[nodiscard]] Layout expand_file(const std::string& name);

/// The bytes of "SYSTEM/FILE" without ".data"; fails the test if there is none.
[[nodiscard]] const ConfigFile& file(const Layout& layout, const std::string& name);

} // namespace sysgen::test
