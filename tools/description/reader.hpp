// SPDX-License-Identifier: BSD-2-Clause
// From a system description, or a layout and its board, to the model of the Microkit tool.
#pragma once

#include "board.hpp"
#include "diagnostic.hpp"
#include "layout.hpp"
#include "places.hpp"
#include "sdf/model.hpp"
#include "sdf/parse.hpp"

#include <expected>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace description {

/// All of a file; nothing if it cannot be read.
[[nodiscard]] std::optional<std::string> content_of(const std::filesystem::path& file);

/// Whether an XML document is a layout of sysgen's: it has an element that Microkit does not know.
[[nodiscard]] bool is_layout(std::string_view text);

/// What the Microkit tool's reader must know of a board: its facts, or, without any, numbers so
/// wide that nothing is refused that some board may have.
[[nodiscard]] tool::Board board_for_reader(const boardgen::Board* facts);

/// A board's facts from its board.json and its device tree as a blob.
[[nodiscard]] tool::Result<boardgen::Board> read_facts(const std::filesystem::path& json,
                                                       std::span<const std::byte>   tree);

/// What sysgen makes of a layout.
struct Expanded {
    std::string                     text; ///< the system description
    std::vector<sysgen::ConfigFile> config_files;
    std::vector<sysgen::Program>    programs;
};

/// Expands a layout; `name` is its file (for messages, and device trees beside it), `tree` the
/// board's as a blob, `drivers` the folder of their config.json.
[[nodiscard]] tool::Result<Expanded> expand(std::string layout, const std::string& name,
                                            const boardgen::Board&       board,
                                            std::span<const std::byte>   tree,
                                            const std::filesystem::path& drivers);

/// Reads a description and checks it as the image tool does.
[[nodiscard]] std::expected<tool::System, std::vector<tool::Diagnostic>>
parse(const std::string& text, const std::string& name, const tool::Board& board);

/// All of the above for files; no limits of a board. The error is for the user: place, what is
/// wrong, what to do.
[[nodiscard]] std::expected<tool::System, std::string> read_system(const Sources& sources);

} // namespace description
