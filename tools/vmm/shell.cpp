// SPDX-License-Identifier: BSD-2-Clause
// Everything that is typed is echoed. So a marker is printed by the guest's printf out of two
// halves and can never be taken for its echo; and each line is acknowledged before the next is
// typed, so that no line buffer overflows.
#include "shell.hpp"

#include <fmt/format.h>

#include <charconv>

namespace vmm {

namespace {

constexpr std::size_t k_piece = 160; // characters of a command in one line

bool is_plain(char c) { return c >= ' ' && c <= '~' && c != '\''; }

/// The line without terminal escapes (ESC [ … letter) and blanks at its end.
std::string_view without_decoration(std::string_view line)
{
    while (!line.empty()) {
        const auto escape = line.rfind('\x1b');
        if (line.back() == ' ') {
            line.remove_suffix(1);
        } else if (escape != line.npos &&
                   line.find_first_not_of("[0123456789;?", escape + 1) == line.size() - 1) {
            line = line.substr(0, escape);
        } else {
            break;
        }
    }
    return line;
}

std::string_view last_line(std::string_view text) { return text.substr(text.rfind('\n') + 1); }

} // namespace

std::vector<std::string> lines_that_store(std::string_view command)
{
    std::vector<std::string> lines{"C="};
    std::string              piece;
    const auto               flush = [&] {
        if (!piece.empty()) {
            lines.push_back(fmt::format("C=$C'{}'", piece));
            piece.clear();
        }
    };
    for (const char c : command) {
        if (is_plain(c)) {
            piece += c;
        } else {
            // The x keeps $( ) from dropping a newline; %x takes it away again.
            flush();
            lines.push_back(
                fmt::format("D=$(printf '\\{:03o}x');C=$C${{D%x}}", static_cast<unsigned char>(c)));
        }
        if (piece.size() >= k_piece) {
            flush();
        }
    }
    flush();
    return lines;
}

qemu::Pattern prompt(qemu::Duration settle)
{
    return [settle](std::string_view unread, qemu::Duration quiet) -> std::optional<qemu::Span> {
        const auto line = without_decoration(last_line(unread));
        if (quiet < settle || line.empty() || !std::string_view("#$>%").contains(line.back())) {
            return std::nullopt;
        }
        return qemu::Span{unread.size(), unread.size()};
    };
}

qemu::Pattern login_prompt(qemu::Duration settle)
{
    return [settle](std::string_view unread, qemu::Duration quiet) -> std::optional<qemu::Span> {
        if (quiet < settle || !without_decoration(last_line(unread)).ends_with("login:")) {
            return std::nullopt;
        }
        return qemu::Span{unread.size(), unread.size()};
    };
}

std::string Shell::fresh_marker() { return fmt::format("{}-{}", "vmm", ++markers_); }

bool Shell::answers(qemu::Duration patience)
{
    const auto marker = fresh_marker();
    // Without quotes: a machine that was not ready for its beginning is left with a line that ends.
    return console_.send(fmt::format("printf \\\\n%s%s\\\\n A {}\n", marker)) &&
           console_.wait_for({qemu::line_starting("A" + marker)}, {.silence = patience}).kind ==
               qemu::Outcome::Kind::matched;
}

std::expected<CommandResult, qemu::Outcome> Shell::run(std::string_view                  command,
                                                       const qemu::Limits&               limits,
                                                       const std::vector<qemu::Pattern>& trouble)
{
    const auto type_and_wait = [&](const std::string& line, const qemu::Pattern& answer) {
        auto patterns = trouble;
        patterns.insert(patterns.begin(), answer);
        qemu::Outcome outcome;
        if (line.empty() || console_.send(line)) {
            outcome = console_.wait_for(patterns, limits);
        }
        return outcome;
    };
    const auto is_answer = [](const qemu::Outcome& outcome) {
        return outcome.kind == qemu::Outcome::Kind::matched && outcome.index == 0;
    };

    for (const auto& line : lines_that_store(command)) {
        const auto marker = fresh_marker();
        const auto outcome =
            type_and_wait(fmt::format("{};printf '\\n%s%s\\n' A {}\n", line, marker),
                          qemu::line_starting("A" + marker));
        if (!is_answer(outcome)) {
            return std::unexpected(outcome);
        }
    }
    // B marks the first byte of the output, E the last: the newline before E is not the command's.
    const auto marker = fresh_marker();
    const auto typed  = fmt::format("printf '\\n%s%s\\n' B {0};(eval \"$C\")</dev/null;"
                                     "printf '\\n%s%s:%d\\n' E {0} $?\n",
                                    marker);
    const auto begun  = type_and_wait(typed, qemu::line_starting("B" + marker));
    if (!is_answer(begun)) {
        return std::unexpected(begun);
    }
    const auto    ended = type_and_wait({}, qemu::line_starting("E" + marker + ":"));
    CommandResult result;
    if (!is_answer(ended)) {
        return std::unexpected(ended);
    }
    result.output = ended.before;
    if (result.output.ends_with('\n')) {
        result.output.pop_back();
    }
    const auto number = std::string_view(ended.match).substr(marker.size() + 2);
    std::from_chars(number.data(), number.data() + number.size(), result.exit_code);
    return result;
}

} // namespace vmm
