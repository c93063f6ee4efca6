// SPDX-License-Identifier: BSD-2-Clause
// What there is to read about the commands: --help and the man page, both made of the parsers'
// own descriptions. The name of a value says what it is: FILE, FOLDER, BOARD, SYSTEM, NODE, words
// with | between them are all there are (completion.hpp uses that).
#pragma once

#include <CLI/CLI.hpp>

#include <memory>
#include <string>
#include <vector>

namespace vmm {

/// A parser per command, described, that nobody parses with.
using Parsers = std::vector<std::unique_ptr<CLI::App>>;

/// The text of `vmm COMMAND --help`.
[[nodiscard]] std::string help_of(const CLI::App& command);

/// The text of `vmm --help`: the commands in a line each.
[[nodiscard]] std::string overview_of(const Parsers& commands);

/// vmm.1, for `man`.
[[nodiscard]] std::string manual_page_of(const Parsers& commands, const std::string& version);

/// A page of the manual: the help of each command under a heading of its own.
[[nodiscard]] std::string manual_chapter_of(const Parsers& commands);

/// An option as it is written: "--board BOARD", "-o, --output FOLDER".
[[nodiscard]] std::string written(const CLI::Option& option);

} // namespace vmm
