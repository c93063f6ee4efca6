// SPDX-License-Identifier: BSD-2-Clause
// Options that `vmm check` and `vmm dtb` share: which system, board and trees.
#pragma once

#include "input.hpp"

#include <CLI/CLI.hpp>

namespace check {

/// Words of a command line about the input.
class InputOptions {
public:
    /// Adds them to a parser.
    void add_to(CLI::App& parser);
    /// The files that were named, or that `places` knows of.
    [[nodiscard]] std::expected<Files, std::string> files(const description::Places& places) const;

private:
    description::Words       words_;
    std::string              board_tree_;
    std::string              board_json_;
    std::string              drivers_;
    std::vector<std::string> trees_;
    std::string              settings_;
};

} // namespace check
