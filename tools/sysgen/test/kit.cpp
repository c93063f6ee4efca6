// SPDX-License-Identifier: BSD-2-Clause
#include "kit.hpp"

#include "board_trees.hpp"

#include <algorithm>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <iterator>
#include <map>

namespace sysgen::test {

std::string read_text(const std::filesystem::path& path)
{
    std::ifstream file{path, std::ios::binary};
    EXPECT_TRUE(file) << path;
    return {std::istreambuf_iterator<char>{file}, {}};
}

const boardgen::Board& board(const std::string& name)
{
    static std::map<std::string, boardgen::Board> boards;
    if (const auto known = boards.find(name); known != boards.end()) {
        return known->second;
    }
    const auto blob = read_text(std::filesystem::path{BOARDS_GENERATED} / name / "board.dtb");
    const auto tree = boardgen::DeviceTree::create(std::as_bytes(std::span{blob}));
    const auto json = read_text(std::filesystem::path{BOARDS_SOURCE} / name / "board.json");
    return boards.emplace(name, boardgen::read_board(tree.value(), json).value()).first->second;
}

Result<Layout> expand(const std::string& text, const boardgen::Board& board)
{
    static const auto drivers =
        read_drivers(std::filesystem::path{SYSGEN_TEST_DIR} / "drivers").value();
    auto       document = TRY(Document::parse(text));
    const auto blob = read_text(std::filesystem::path{BOARDS_GENERATED} / board.name / "board.dtb");
    TreeFiles  trees{std::as_bytes(std::span{blob}), SYSGEN_TEST_DIR};
    auto       layout = TRY(Layout::create(std::move(document), board, drivers, std::ref(trees)));
    TRY(layout.expand());
    return layout;
}

Layout expand_file(const std::string& name)
{
    auto layout = expand(read_text(std::filesystem::path{SYSGEN_TEST_DIR} / name));
    if (!layout) {
        ADD_FAILURE() << layout.error().line << ": " << layout.error().what;
    }
    return std::move(layout).value();
}

const ConfigFile& file(const Layout& layout, const std::string& name)
{
    const auto found = std::ranges::find(layout.config_files(), name + ".data", &ConfigFile::file);
    if (found == layout.config_files().end()) {
        throw std::runtime_error{"no file " + name};
    }
    return *found;
}

} // namespace sysgen::test
