// SPDX-License-Identifier: BSD-2-Clause
#include "completion.hpp"

#include "boards.hpp"
#include "commands.hpp"
#include "installation.hpp"
#include "passed_devices.hpp"
#include "rule.hpp"
#include "systems.hpp"

#include <algorithm>
#include <sstream>

namespace vmm {

namespace {

namespace fs = std::filesystem;
using Words  = std::vector<std::string>;

// Bash takes a line apart also at the characters of COMP_WORDBREAKS, and replaces what is behind
// the last of them.
constexpr std::string_view k_script =
    R"(# bash completion for vmm. The program itself says how a line may go on.
_vmm() {
    local line=${COMP_LINE:0:COMP_POINT} words word kept='' candidate breaks=''
    read -ra words <<< "$line"
    case $line in *[[:blank:]]) words+=('') ;; esac
    word=${words[-1]}
    for candidate in @ = :; do
        case $COMP_WORDBREAKS in *"$candidate"*) breaks+=$candidate ;; esac
    done
    [ -z "$breaks" ] || kept=${word%"${word##*[$breaks]}"}
    COMPREPLY=()
    while IFS= read -r candidate; do
        case $candidate in
        '<files>') compopt -o filenames; COMPREPLY+=($(compgen -f -- "${word#"$kept"}")) ;;
        '<folders>') compopt -o filenames; COMPREPLY+=($(compgen -d -- "${word#"$kept"}")) ;;
        *) COMPREPLY+=("${candidate#"$kept"}") ;;
        esac
    done < <("${words[0]}" complete "${words[@]:1}" 2> /dev/null)
}
complete -F _vmm vmm
)";

Words split_at(const std::string& text, char separator)
{
    Words              words;
    std::istringstream stream(text);
    for (std::string word; std::getline(stream, word, separator);) {
        words.push_back(word);
    }
    return words;
}

Words systems_here(const std::optional<Project>& project)
{
    Words           names;
    std::error_code ignored;
    const auto      folder = project ? project->folder : installation().root / "examples";
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
        auto name = entry.path().filename().string();
        if (!project && fs::exists(entry.path() / "CMakeLists.txt", ignored)) {
            names.push_back(name);
        }
        for (const std::string_view tail : {".layout.xml", ".system"}) {
            if (project && name.ends_with(tail)) {
                names.push_back(name.substr(0, name.size() - tail.size()));
            }
        }
    }
    return names;
}

Words guests_running(const std::optional<Project>& project)
{
    Words      names;
    const auto build = project ? project->build() : installation().root / "build";
    for (const auto& system : control::running_systems(build / "run")) {
        for (const auto& guest : system.guests) {
            names.push_back(guest.name);
        }
    }
    return names;
}

/// The value that the words give an option so far; empty: none.
std::string value_of(const Words& words, const std::string& option)
{
    for (std::size_t i = 0; i + 1 < words.size(); i++) {
        if (words[i] == option && i + 2 < words.size()) {
            return words[i + 1];
        }
        if (words[i].starts_with(option + "=")) {
            return words[i].substr(option.size() + 1);
        }
    }
    return {};
}

/// What `vmm needs` and `vmm new --passthrough` take of the board that is meant.
Words nodes_of(const Words& words, const std::optional<Project>& project)
{
    auto board = value_of(words, "--board");
    if (board.empty() && project && words.front() != "new") {
        board = project->board;
    }
    if (board.empty() && words.front() == "new") {
        board = k_default_board;
    }
    const auto place = find_board(project, board);
    return place ? device_names(*place, words.back().starts_with('/')) : Words{};
}

/// The values of an option whose value is called `type`.
Words values_of(const std::string& type, const Words& words, const std::optional<Project>& project)
{
    if (type == "FILE") {
        return {"<files>"};
    }
    if (type == "FOLDER") {
        return {"<folders>"};
    }
    if (type == "BOARD") {
        Words names;
        for (const auto& place : all_boards(project)) {
            names.push_back(place.name);
        }
        return names;
    }
    if (type == "SYSTEM") {
        return systems_here(project);
    }
    if (type == "RULE") {
        Words names;
        for (const auto& chapter : check::chapters()) {
            for (const auto& rule : chapter.rules) {
                names.emplace_back(rule.name);
            }
        }
        return names;
    }
    if (type == "GUEST") {
        return guests_running(project);
    }
    if (type == "DEVICES") {
        // After the last comma.
        const auto& last  = words.back();
        const auto  comma = last.rfind(',');
        const auto  head  = comma == last.npos ? "" : last.substr(0, comma + 1);
        Words       names;
        for (const auto& info : project::k_parts) {
            names.push_back(head + std::string{info.name});
        }
        return names;
    }
    if (type == "NODE") {
        return nodes_of(words, project);
    }
    return type.find('|') == type.npos ? Words{} : split_at(type, '|');
}

void add_options(const CLI::App& command, Words& candidates)
{
    for (const auto* const option : command.get_options()) {
        for (const auto& name : option->get_lnames()) {
            candidates.push_back("--" + name);
        }
    }
}

const CLI::Option* option_of(const CLI::App& command, const std::string& word)
{
    for (const auto* const option : command.get_options()) {
        if (word.starts_with('-') && option->check_name(word)) {
            return option;
        }
    }
    return nullptr;
}

Words candidates_of(const Words& words, const std::optional<Project>& project)
{
    Words candidates;
    if (words.size() <= 1) {
        for (const auto& command : all_commands()) {
            if (!command.is_hidden) {
                candidates.emplace_back(command.name);
            }
        }
        candidates.emplace_back("--help");
        return candidates;
    }
    const auto* const command = find_command(words.front());
    if (command == nullptr) {
        return candidates;
    }
    const auto parser = described(*command);
    const auto equals = words.back().find('=');
    if (words.back().starts_with("--") && equals != std::string::npos) {
        const auto* const option = option_of(*parser, words.back().substr(0, equals));
        if (option != nullptr && option->get_items_expected_max() > 0) {
            candidates = values_of(option->get_type_name(), words, project);
        }
        for (auto& candidate : candidates) {
            if (!candidate.starts_with('<')) {
                candidate.insert(0, words.back(), 0, equals + 1);
            }
        }
        return candidates;
    }
    const auto* const previous = option_of(*parser, words[words.size() - 2]);
    if (previous != nullptr && previous->get_items_expected_max() > 0) {
        return values_of(previous->get_type_name(), words, project);
    }
    if (words.back().starts_with('-')) {
        add_options(*parser, candidates);
        return candidates;
    }
    for (const auto* const option : parser->get_options()) {
        if (option->get_positional()) {
            const auto values = values_of(option->get_type_name(), words, project);
            candidates.insert(candidates.end(), values.begin(), values.end());
        }
    }
    return candidates;
}

} // namespace

std::string_view bash_completion() { return k_script; }

Words complete(const Words& words, const std::optional<Project>& project)
{
    auto       candidates = candidates_of(words, project);
    const auto last       = words.empty() ? std::string{} : words.back();
    std::erase_if(candidates, [&](const std::string& candidate) {
        return !candidate.starts_with('<') && !candidate.starts_with(last);
    });
    std::ranges::sort(candidates);
    return candidates;
}

} // namespace vmm
