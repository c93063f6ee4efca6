// SPDX-License-Identifier: BSD-2-Clause
#include "input.hpp"

#include "reader.hpp"
#include "rule.hpp"
#include "tree_source.hpp"

#include <fmt/format.h>

namespace check {
namespace {

namespace fs = std::filesystem;

/// The board's facts, for layouts; refused is what does not fit its tree.
std::optional<boardgen::Board> board_facts(const Files& files, Subject& subject)
{
    if (files.board_json.empty() || !subject.board) {
        return std::nullopt;
    }
    auto facts = description::read_facts(files.board_json, subject.board->blob());
    if (!facts) {
        refuse(subject, "tree-refused", facts.error());
        return std::nullopt;
    }
    return *std::move(facts);
}

void read_guest_trees(const Files& files, Subject& subject)
{
    for (const auto& [vm, file] : files.trees) {
        for (const auto& guest : subject.guests) {
            if (!vm.empty() && vm != guest->vm->name) {
                continue;
            }
            auto tree = read_tree(file, file.filename().string());
            if (!tree) {
                refuse(subject, "tree-refused", tree.error());
                break;
            }
            guest->tree = *std::move(tree);
            if (const auto text = description::content_of(file)) {
                read_allowances(*text, subject);
            }
        }
    }
}

} // namespace

void read_description(const std::string& text, const tool::Board& board, Subject& subject)
{
    auto system = description::parse(text, subject.name, board);
    if (!system) {
        for (auto& one : system.error()) {
            refuse(subject, "description-refused", std::move(one));
        }
        return;
    }
    subject.system = *std::move(system);
    for (const auto& domain : subject.system->pds) {
        if (domain.vm) {
            auto guest     = std::make_unique<Guest>();
            guest->vmm     = &domain;
            guest->vm      = &*domain.vm;
            guest->program = domain.program.path;
            subject.guests.push_back(std::move(guest));
        }
    }
}

void read_allowances(std::string_view text, Subject& subject)
{
    constexpr std::string_view k_mark = "vmm-check: allow ";
    for (auto at = text.find(k_mark); at != text.npos; at = text.find(k_mark, at + 1)) {
        const auto rest = text.substr(at + k_mark.size());
        const auto name = rest.substr(0, rest.find_first_not_of("abcdefghijklmnopqrstuvwxyz-"));
        if (find_rule(name) != nullptr) {
            subject.allowed.emplace(name);
        } else {
            refuse(subject, "settings-refused",
                   {{subject.name},
                    fmt::format("a comment allows '{}', which is no rule", name),
                    "`vmm check --rules` lists them"});
        }
    }
}

std::expected<Subject, std::string> read_subject(const Files& files)
{
    Subject subject;
    subject.name = files.system.filename().string();
    if (!files.board_tree.empty()) {
        auto tree = read_tree(files.board_tree, files.board_tree.filename().string());
        if (tree) {
            subject.board = *std::move(tree);
        } else {
            refuse(subject, "tree-refused", tree.error());
        }
    }
    const auto facts = board_facts(files, subject);
    const auto text  = description::content_of(files.system);
    if (!text) {
        return std::unexpected(fmt::format("{} cannot be read", files.system.string()));
    }
    read_allowances(*text, subject);
    if (files.system.extension() == ".dts" || files.system.extension() == ".dtb") {
        auto tree = read_tree(files.system, subject.name);
        if (tree) {
            describe_alone(*std::move(tree), subject);
        } else {
            refuse(subject, "tree-refused", tree.error());
        }
        return subject;
    }
    if (description::is_layout(*text)) {
        if (!facts) {
            return std::unexpected(fmt::format(
                "{} is a layout: it needs a board (--board NAME, or --board-json and --board-dtb)",
                files.system.string()));
        }
        read_layout(*text, *facts, files.drivers, subject);
    } else {
        read_description(*text, description::board_for_reader(facts ? &*facts : nullptr), subject);
    }
    read_guest_trees(files, subject);
    if (!files.settings.empty()) {
        read_settings(files.settings, subject);
    }
    read_images(files.guests, subject);
    find_places(subject);
    write_trees(subject);
    return subject;
}

} // namespace check
