// SPDX-License-Identifier: BSD-2-Clause
#include "reader.hpp"

#include "base/result.hpp"
#include "board_trees.hpp"
#include "device_tree_compiler.hpp"
#include "sdf/check.hpp"

#include <fmt/format.h>
#include <fstream>
#include <iterator>

namespace description {
namespace {

namespace fs = std::filesystem;

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

std::unexpected<std::string> refused(const tool::Diagnostic& error)
{
    return std::unexpected(all_of({error}));
}

} // namespace

std::optional<std::string> content_of(const fs::path& file)
{
    std::ifstream stream{file, std::ios::binary};
    std::string   content{std::istreambuf_iterator<char>{stream}, {}};
    return stream ? std::optional{content} : std::nullopt;
}

bool is_layout(std::string_view text)
{
    for (const std::string_view element :
         {"<guest", "<serial ", "<blk ", "<net ", "<entropy ", "<timer ", "<sound ", "<vsock"}) {
        if (text.find(element) != text.npos) {
            return true;
        }
    }
    return false;
}

tool::Board board_for_reader(const boardgen::Board* facts)
{
    constexpr unsigned      k_widest     = 48;
    constexpr unsigned      k_most_cores = 64;
    constexpr std::uint64_t k_most_irqs  = 1019;
    tool::Board             board;
    board.timer_hz = 1; // any budget fits
    board.name     = facts != nullptr ? facts->name : "any";
    board.pa_bits  = facts != nullptr ? facts->pa_bits : k_widest;
    board.cores    = facts != nullptr ? facts->cores : k_most_cores;
    board.max_irq  = facts != nullptr ? facts->max_irq : k_most_irqs;
    if (facts != nullptr) {
        for (const auto irq : facts->reserved_irqs()) {
            board.reserved_irqs.push_back(irq);
        }
        board.timer_hz = facts->timer_hz;
    }
    return board;
}

tool::Result<boardgen::Board> read_facts(const fs::path& json, std::span<const std::byte> tree)
{
    const auto fail = [&](std::string what) {
        return tool::refuse({json.string()}, std::move(what),
                            "name a board.json and the device tree that it was written for");
    };
    const auto text = content_of(json);
    if (!text) {
        return fail("cannot be read");
    }
    const auto root = boardgen::DeviceTree::create(tree);
    if (!root) {
        return fail(root.error());
    }
    auto facts = boardgen::read_board(*root, *text);
    if (!facts) {
        return fail(facts.error());
    }
    return *std::move(facts);
}

tool::Result<Expanded> expand(std::string layout, const std::string& name,
                              const boardgen::Board& board, std::span<const std::byte> tree,
                              const fs::path& drivers)
{
    const auto fail = [](const std::string& file, const sysgen::Refusal& error) {
        return tool::refuse({file, error.line, 0}, error.what, error.hint);
    };
    const auto all = sysgen::read_drivers(drivers);
    if (!all) {
        return fail(drivers.string(), all.error());
    }
    auto document = sysgen::Document::parse(std::move(layout));
    if (!document) {
        return fail(name, document.error());
    }
    sysgen::TreeFiles trees{tree, fs::path{name}.parent_path()};
    auto made = sysgen::Layout::create(*std::move(document), board, *all, std::ref(trees));
    if (!made) {
        return fail(name, made.error());
    }
    if (const auto done = made->expand(); !done) {
        return fail(name, done.error());
    }
    return Expanded{made->description(), made->config_files(), made->programs()};
}

std::expected<tool::System, std::vector<tool::Diagnostic>>
parse(const std::string& text, const std::string& name, const tool::Board& board)
{
    const auto root = tool::parse_xml(text, name);
    if (!root) {
        return std::unexpected(std::vector{root.error()});
    }
    auto system = tool::parse_system(*root, board);
    if (!system) {
        return std::unexpected(system.error());
    }
    tool::attach_channel_setvars(*system);
    if (auto errors = tool::check_system(*system); !errors.empty()) {
        return std::unexpected(std::move(errors));
    }
    system->file = name;
    return *std::move(system);
}

std::expected<tool::System, std::string> read_system(const Sources& sources)
{
    const auto name = sources.system.string();
    auto       text = content_of(sources.system);
    if (!text) {
        return std::unexpected(fmt::format("{} cannot be read; look at the path", name));
    }
    if (is_layout(*text)) {
        if (sources.board_tree.empty()) {
            return std::unexpected(
                fmt::format("{} is a layout: it needs a board (--board NAME)", name));
        }
        const auto blob = compile(sources.board_tree);
        if (!blob) {
            return std::unexpected(
                fmt::format("{}: {}", sources.board_tree.string(), blob.error()));
        }
        const auto tree  = std::as_bytes(std::span{blob->data(), blob->size()});
        const auto facts = read_facts(sources.board_json, tree);
        if (!facts) {
            return refused(facts.error());
        }
        auto expanded = expand(*std::move(text), name, *facts, tree, sources.drivers);
        if (!expanded) {
            return refused(expanded.error());
        }
        text = std::move(expanded->text);
    }
    auto system = parse(*text, name, board_for_reader(nullptr));
    if (!system) {
        return std::unexpected(all_of(system.error()));
    }
    return *std::move(system);
}

} // namespace description
