// SPDX-License-Identifier: BSD-2-Clause
#include "board_trees.hpp"

#include <fmt/format.h>
#include <fstream>
#include <iterator>

namespace sysgen {

std::expected<const check::Tree*, std::string> TreeFiles::operator()(const std::string& name)
{
    if (const auto known = trees_.find(name); known != trees_.end()) {
        return &known->second;
    }
    auto       blob = own_;
    const auto file =
        name.empty() ? std::string{"the board's device tree"} : (folder_ / name).string();
    if (!name.empty()) {
        std::ifstream     stream{folder_ / name, std::ios::binary};
        const std::string text{std::istreambuf_iterator<char>{stream}, {}};
        if (!stream) {
            return std::unexpected(fmt::format("{} cannot be read", file));
        }
        const auto bytes = std::as_bytes(std::span{text});
        blob             = {bytes.begin(), bytes.end()};
    }
    auto tree = check::Tree::create(std::move(blob), file);
    if (!tree) {
        return std::unexpected(fmt::format("{}: {}", file, tree.error()));
    }
    return &trees_.emplace(name, *std::move(tree)).first->second;
}

} // namespace sysgen
