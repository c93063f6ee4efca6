// SPDX-License-Identifier: BSD-2-Clause
#include "input.hpp"

#include "base/result.hpp"
#include "layout.hpp"
#include "sdf/check.hpp"
#include "sdf/parse.hpp"

#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <span>

namespace graph {
namespace {

namespace fs = std::filesystem;

template <class T>
using Result = std::expected<T, std::string>;

Result<std::string> content_of(const fs::path& file)
{
    std::ifstream stream{file, std::ios::binary};
    std::string   content{std::istreambuf_iterator<char>{stream}, {}};
    if (!stream) {
        return std::unexpected(fmt::format("{} cannot be read; look at the path", file.string()));
    }
    return content;
}

/// A board that every description fits: a picture needs no limits.
tool::Board any_board()
{
    tool::Board board;
    board.name     = "any";
    board.pa_bits  = 48;
    board.cores    = 64;
    board.max_irq  = 1019;
    board.timer_hz = 1;
    return board;
}

std::string message(const fs::path& file, const sysgen::Refusal& refusal)
{
    return fmt::format("{}:{}: {}\n    hint: {}", file.string(), refusal.line, refusal.what,
                       refusal.hint);
}

/// The description that sysgen makes of a layout.
Result<std::string> describe(const Files& files, std::string layout_text)
{
    const auto blob = TRY(content_of(files.board_tree));
    const auto json = TRY(content_of(files.board_json));
    const auto tree = boardgen::DeviceTree::create(std::as_bytes(std::span{blob}));
    if (!tree) {
        return std::unexpected(fmt::format("{}: {}", files.board_tree.string(), tree.error()));
    }
    const auto board = boardgen::read_board(*tree, json);
    if (!board) {
        return std::unexpected(fmt::format("{}: {}", files.board_json.string(), board.error()));
    }
    const auto drivers = sysgen::read_drivers(files.drivers);
    if (!drivers) {
        return std::unexpected(message(files.drivers, drivers.error()));
    }
    auto document = sysgen::Document::parse(std::move(layout_text));
    if (!document) {
        return std::unexpected(message(files.system, document.error()));
    }
    auto layout = sysgen::Layout::create(*std::move(document), *board, *drivers);
    if (!layout) {
        return std::unexpected(message(files.system, layout.error()));
    }
    if (const auto done = layout->expand(); !done) {
        return std::unexpected(message(files.system, done.error()));
    }
    return layout->description();
}

std::string all_of(const std::vector<tool::Diagnostic>& errors)
{
    std::string text;
    for (const auto& error : errors) {
        text += tool::format_error(error);
    }
    if (text.ends_with('\n')) {
        text.pop_back();
    }
    return text;
}

} // namespace

bool is_layout(const fs::path& file) { return file.extension() != ".system"; }

Result<tool::System> read_description(const std::string& text, const std::string& name)
{
    const auto root = tool::parse_xml(text, name);
    if (!root) {
        return std::unexpected(all_of({root.error()}));
    }
    auto system = tool::parse_system(*root, any_board());
    if (!system) {
        return std::unexpected(all_of(system.error()));
    }
    tool::attach_channel_setvars(*system);
    if (const auto errors = tool::check_system(*system); !errors.empty()) {
        return std::unexpected(all_of(errors));
    }
    system->file = name;
    return *std::move(system);
}

Result<tool::System> read_system(const Files& files)
{
    auto text = TRY(content_of(files.system));
    if (is_layout(files.system)) {
        text = TRY(describe(files, std::move(text)));
    }
    return read_description(text, files.system.string());
}

} // namespace graph
