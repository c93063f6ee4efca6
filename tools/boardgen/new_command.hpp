// SPDX-License-Identifier: BSD-2-Clause
// `boardgen new` and `vmm board`: a board's folder from a device tree, as words of a command line
// say.
#pragma once

#include "new_board.hpp"

#include <filesystem>
#include <string>

namespace CLI {
class App;
}

namespace boardgen {

/// What the words say.
struct NewOptions {
    NewBoard              wishes;
    std::filesystem::path dtb;
    std::filesystem::path boards; ///< the folder that gets a folder
    std::string           memory; ///< START:SIZE, may be empty
};

/// Adds options with their texts; a parser writes into `options`, which must outlive it.
void describe_new(CLI::App& app, NewOptions& options);

/// Makes boards/NAME with board.dts and board.json, and gives it. Nothing that is there is changed.
[[nodiscard]] Result<std::filesystem::path> add_board(const NewOptions& options);

/// What a file holds.
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path);
/// Writes only what changed, so that nothing is compiled again in vain; renames into place, so that
/// a build that reads at the same time sees the old file or the new one.
[[nodiscard]] Result<> write_file(const std::filesystem::path& path, const std::string& content);

} // namespace boardgen
