// SPDX-License-Identifier: BSD-2-Clause
// Device trees for the closure of what is passed through: the board's own, and files that a layout
// names beside itself.
#pragma once

#include "tree.hpp"

#include <cstddef>
#include <expected>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace sysgen {

/// A sysgen::BoardTrees; its trees live as long as it does.
class TreeFiles {
public:
    /// `own` is the board's tree as a blob, `folder` that of the layout.
    TreeFiles(std::span<const std::byte> own, std::filesystem::path folder)
        : own_{own.begin(), own.end()}
        , folder_{std::move(folder)}
    {
    }

    /// The board's own for an empty name. The error is a clause.
    std::expected<const check::Tree*, std::string> operator()(const std::string& name);

private:
    std::vector<std::byte>             own_;
    std::filesystem::path              folder_;
    std::map<std::string, check::Tree> trees_;
};

} // namespace sysgen
