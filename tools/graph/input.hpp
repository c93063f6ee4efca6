// SPDX-License-Identifier: BSD-2-Clause
// From a system description, or a layout and its board, to the model of the Microkit tool.
#pragma once

#include "sdf/model.hpp"

#include <expected>
#include <filesystem>
#include <string>

namespace graph {

/// What a picture is made of. Paths that are empty are not given.
struct Files {
    std::filesystem::path system;     ///< NAME.system, or else a layout
    std::filesystem::path board_json; ///< a layout needs the board's three
    std::filesystem::path board_tree; ///< the device tree's blob
    std::filesystem::path drivers;    ///< folder of CLASS/DEVICE/config.json
};

/// Reads and checks the system. The error is for the user: place, what is wrong, what to do.
[[nodiscard]] std::expected<tool::System, std::string> read_system(const Files& files);

/// The same of a description's text; `name` is its file in messages.
[[nodiscard]] std::expected<tool::System, std::string> read_description(const std::string& text,
                                                                        const std::string& name);

/// Whether a file is a layout of sysgen's, by its name.
[[nodiscard]] bool is_layout(const std::filesystem::path& file);

} // namespace graph
