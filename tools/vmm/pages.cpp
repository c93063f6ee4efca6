// SPDX-License-Identifier: BSD-2-Clause
#include "pages.hpp"

#include <fmt/format.h>

#include <string_view>

namespace vmm {

namespace {

constexpr std::size_t k_width  = 100;
constexpr std::size_t k_column = 24; // where the texts of options begin
constexpr std::size_t k_names  = 14; // where the texts of commands begin

/// `text` in lines of k_width, the first beginning at column `at`, the others at `indent`. Newlines
/// in it stay; lines that begin with a blank are not filled.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t at)
{
    std::string result;
    const auto  new_line = [&] {
        while (result.ends_with(' ')) {
            result.pop_back();
        }
        result += '\n' + std::string(indent, ' ');
        at = indent;
    };
    bool is_first = true;
    while (!text.empty()) {
        if (text.front() == '\n') {
            new_line();
            text.remove_prefix(1);
            is_first = true;
            continue;
        }
        const auto blanks = std::min(text.find_first_not_of(' '), text.size());
        const auto end    = std::min(text.find_first_of(" \n", blanks), text.size());
        const auto word   = text.substr(blanks, end - blanks);
        const auto gap    = is_first ? blanks : 1;
        if (!is_first && at + gap + word.size() > k_width) {
            new_line();
            result += word;
            at += word.size();
        } else {
            result += std::string(gap, ' ');
            result += word;
            at += gap + word.size();
        }
        is_first = false;
        text.remove_prefix(end);
    }
    return result;
}

std::string option_lines(const CLI::Option& option)
{
    auto left = "  " + written(option);
    if (left.size() + 1 >= k_column) {
        left += '\n' + std::string(k_column, ' ');
    } else {
        left.resize(k_column, ' ');
    }
    return left + wrapped(option.get_description(), k_column, k_column) + '\n';
}

/// The groups of options in the order of their first.
std::vector<std::string> groups_of(const CLI::App& command)
{
    std::vector<std::string> groups;
    for (const auto* const option : command.get_options()) {
        if (!option->get_group().empty() &&
            std::find(groups.begin(), groups.end(), option->get_group()) == groups.end()) {
            groups.push_back(option->get_group());
        }
    }
    return groups;
}

std::string usage_of(const CLI::App& command)
{
    auto usage = command.get_name();
    for (const auto* const option : command.get_options()) {
        if (option->get_positional()) {
            usage += option->get_required() ? " " + option->get_name(true)
                                            : fmt::format(" [{}]", option->get_name(true));
        }
    }
    for (const auto* const option : command.get_options()) {
        if (!option->get_positional() && option->get_required()) {
            usage += " " + written(*option);
        }
    }
    return usage + (command.get_prefix_command() ? " [options] -- COMMAND" : " [options]");
}

/// For roff: no escapes, no requests by accident.
std::string roff(std::string_view text)
{
    std::string result;
    bool        is_start = true;
    for (const char c : text) {
        if (is_start && (c == '.' || c == '\'')) {
            result += "\\&";
        }
        if (c == '\\') {
            result += "\\e";
        } else if (c == '-') {
            result += "\\-";
        } else {
            result += c;
        }
        is_start = c == '\n';
    }
    return result;
}

/// A text whose indented lines are shown as they are.
std::string roff_paragraphs(std::string_view text)
{
    std::string result;
    bool        is_example = false;
    while (!text.empty()) {
        const auto end  = std::min(text.find('\n'), text.size());
        const auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.starts_with("  ") != is_example) {
            is_example = !is_example;
            result += is_example ? ".PP\n.nf\n" : ".fi\n.PP\n";
        }
        result += line.empty() ? ".PP\n" : roff(line) + "\n";
    }
    return result + (is_example ? ".fi\n" : "");
}

constexpr std::string_view k_examples =
    R"(  vmm new my-system            answer a few questions, or:
  vmm new my-system --board qemu_virt_aarch64 --device console,disk,net --yes
  cd my-system && vmm run      builds the system and boots it in QEMU
  vmm exec -- uname -a         meanwhile, from another terminal (a project with `control`)
  vmm check                    what is wrong with it, before it runs on a board
)";

constexpr std::string_view k_environment =
    R"(  MICROKIT_SDK       an official Microkit SDK 2.x to build with, in place of picokit
  LIBVMM_BOARD_PATH  folders with boards of your own, with : between them, besides a project's boards/
)";

} // namespace

std::string written(const CLI::Option& option)
{
    std::string names;
    if (option.get_positional()) {
        return option.get_name(true);
    }
    for (const auto& name : option.get_snames()) {
        names += (names.empty() ? "-" : ", -") + name;
    }
    for (const auto& name : option.get_lnames()) {
        names += (names.empty() ? "--" : ", --") + name;
    }
    const auto type = option.get_items_expected_max() > 0 ? option.get_type_name() : "";
    return type.empty() ? names : names + " " + type;
}

std::string help_of(const CLI::App& command)
{
    auto text = wrapped(command.get_description(), 0, 0) + "\n\n  " + usage_of(command) + "\n";
    for (const auto& group : groups_of(command)) {
        text += '\n' + (group == "Options" ? "" : group + "\n");
        for (const auto* const option : command.get_options()) {
            if (option->get_group() == group) {
                text += option_lines(*option);
            }
        }
    }
    const auto footer = command.get_footer();
    return footer.empty() ? text : text + "\n" + wrapped(footer, 0, 0) + "\n";
}

std::string overview_of(const Parsers& commands)
{
    std::string text =
        "vmm COMMAND [options]: virtual machines on the seL4 Microkit, from an empty "
        "folder to a guest.\n\n";
    for (const auto& command : commands) {
        auto name = "  " + command->get_name().substr(std::string_view{"vmm "}.size());
        name.resize(k_names, ' ');
        const auto description = command->get_description();
        text += name +
                wrapped(description.substr(0, description.find('\n')), k_column / 2, k_column / 2) +
                '\n';
    }
    return text +
           fmt::format("\nvmm COMMAND --help says more of each; vmm without a command is vmm "
                       "run.\n\n{}\nEnvironment\n{}",
                       k_examples, k_environment);
}

std::string manual_page_of(const Parsers& commands, const std::string& version)
{
    auto page = fmt::format(
        ".\\\" Made by `vmm manual-page`.\n.TH VMM 1 \"\" \"libvmm {}\" \"User commands\"\n",
        version);
    page +=
        ".SH NAME\nvmm \\- create, check, draw and run systems with virtual machines\n"
        ".SH SYNOPSIS\n.B vmm\n.I COMMAND\n[options]\n.SH DESCRIPTION\n"
        "A virtual machine monitor is an ordinary program on the seL4 Microkit. vmm makes projects "
        "with one,\nbuilds them, finds mistakes in them and runs them in QEMU. In a folder with a "
        "vmm.json, or below one,\nits commands speak of that project; in libvmm's source tree of "
        "its examples, where ./run is the same program.\n.SH COMMANDS\n";
    for (const auto& command : commands) {
        page += ".SS " + roff(usage_of(*command)) + "\n";
        page += roff_paragraphs(command->get_description());
        for (const auto& group : groups_of(*command)) {
            if (group != "Options") {
                page += ".PP\n.I " + roff(group) + "\n";
            }
            for (const auto* const option : command->get_options()) {
                if (option->get_group() == group) {
                    page += ".TP\n.B " + roff(written(*option)) + "\n" +
                            roff(option->get_description()) + "\n";
                }
            }
        }
        if (!command->get_footer().empty()) {
            page += ".PP\n" + roff_paragraphs(command->get_footer());
        }
    }
    page += ".SH ENVIRONMENT\n.nf\n" + roff(k_environment) + ".fi\n";
    page += ".SH EXAMPLES\n.nf\n" + roff(k_examples) + ".fi\n";
    page +=
        ".SH FILES\n.TP\n.B vmm.json\na project's name and board\n.TP\n.B build/\nin a project: "
        "all that vmm build and vmm run make\n";
    return page;
}

std::string manual_chapter_of(const Parsers& commands)
{
    std::string page =
        "# The commands\n\nMade by `vmm manual-chapter`; `vmm COMMAND --help` says the "
        "same, and so does the man page.\n\n```text\n" +
        overview_of(commands) + "```\n";
    for (const auto& command : commands) {
        page += fmt::format("\n## {}\n\n```text\n{}```\n", command->get_name(), help_of(*command));
    }
    return page;
}

} // namespace vmm
