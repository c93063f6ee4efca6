// SPDX-License-Identifier: BSD-2-Clause
// What the commands of vmm share: how the words behind a command become its options, and how it
// complains.
#pragma once

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <expected>
#include <memory>
#include <numeric>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace command_line {

/// The error is a clause for the user.
template <class T = void>
using Result = std::expected<T, std::string>;

/// How many letters of `one` have to be changed, added or left out to make `other` of it.
[[nodiscard]] inline std::size_t distance(std::string_view one, std::string_view other)
{
    std::vector<std::size_t> row(other.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < one.size(); i++) {
        auto diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < other.size(); j++) {
            const auto changed = diagonal + (one[i] == other[j] ? 0 : 1);
            diagonal           = row[j + 1];
            row[j + 1]         = std::min({changed, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

/// The one of `names` that was probably meant by `word`: at most two letters are wrong, and it is
/// no other word. Empty: none.
[[nodiscard]] inline std::string nearest(std::string_view                word,
                                         const std::vector<std::string>& names)
{
    const auto found = std::ranges::min_element(
        names, {}, [&](const std::string& name) { return distance(word, name); });
    constexpr std::size_t k_most = 2;
    const bool            is_near =
        found != names.end() && distance(word, *found) <= std::min(k_most, found->size() / 3);
    return is_near ? *found : std::string{};
}

/// What is said of a word that a command does not know.
[[nodiscard]] inline std::string unknown_word(const CLI::App& parser, const std::string& word)
{
    if (!word.starts_with('-')) {
        return fmt::format("'{}' is one word too many", word);
    }
    std::vector<std::string> names;
    for (const auto* const option : parser.get_options()) {
        for (const auto& name : option->get_lnames()) {
            names.push_back("--" + name);
        }
    }
    const auto meant = nearest(std::string_view{word}.substr(0, word.find('=')), names);
    return fmt::format("there is no option {}{}", word,
                       meant.empty() ? "" : fmt::format("; is {} meant?", meant));
}

/// Gives a parser the words behind a command. Its name is the command's ("vmm run"), and --help is
/// not among its options: who asks for that is not led here.
[[nodiscard]] inline Result<> parse(CLI::App& parser, std::vector<std::string> words)
{
    const auto refuse = [&](const std::string& what) {
        return std::unexpected(
            fmt::format("{} ({} --help shows the options)", what, parser.get_name()));
    };
    parser.set_help_flag();
    parser.allow_extras(); // of these we speak ourselves
    try {
        std::ranges::reverse(words); // what CLI11 wants
        parser.parse(words);
    } catch (const CLI::ParseError& error) {
        return refuse(error.what());
    }
    auto unknown = parser.remaining();
    if (unknown.empty() || parser.get_prefix_command()) {
        return {};
    }
    const auto option =
        std::ranges::find_if(unknown, [](const auto& word) { return word.starts_with('-'); });
    return refuse(unknown_word(parser, option == unknown.end() ? unknown.front() : *option));
}

/// The same for options that a member add_to(CLI::App&) binds to a parser.
template <class Options>
[[nodiscard]] Result<Options> parse(std::string command, std::vector<std::string> words)
{
    CLI::App parser{"", std::move(command)};
    Options  options;
    options.add_to(parser);
    if (auto parsed = parse(parser, std::move(words)); !parsed) {
        return std::unexpected(std::move(parsed.error()));
    }
    return options;
}

/// Adds options, texts and description to a parser that nobody parses with, and that keeps what
/// they refer to.
template <class Options>
void describe(CLI::App& app, Options kept)
{
    const auto options = std::make_shared<Options>(std::move(kept));
    options->add_to(app);
    app.callback([options] {});
}

template <class Options>
void describe(CLI::App& app)
{
    describe(app, Options{});
}

/// Says what is wrong and who says so, as all commands do: "vmm check: there is no file x". Gives
/// `code`.
inline int complain(std::ostream& err, std::string_view command, std::string_view text, int code)
{
    while (text.ends_with('\n')) {
        text.remove_suffix(1);
    }
    err << command << ": " << text << '\n';
    return code;
}

} // namespace command_line
