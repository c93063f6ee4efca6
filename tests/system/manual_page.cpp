// SPDX-License-Identifier: BSD-2-Clause
#include "manual_page.hpp"

#include "front_door.hpp"
#include "qemu/console.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <regex>
#include <unistd.h>

namespace system_test {

namespace {

namespace fs = std::filesystem;
using Kind   = Step::Kind;

constexpr std::string_view k_anything = "…";

std::vector<std::string> lines_of(std::string_view text)
{
    std::vector<std::string> lines;
    while (!text.empty()) {
        const auto end = text.find('\n');
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
    }
    return lines;
}

/// What counts of a line that was printed.
std::string plain(const std::string& line)
{
    static const std::regex k_escape("\x1b\\[[0-9;?]*[A-Za-z]|\r");
    auto                    text = std::regex_replace(line, k_escape, "");
    text.erase(text.find_last_not_of(" \t") + 1);
    return text;
}

bool tells_of_building(const std::string& line)
{
    static const std::regex k_building("-- (building|configuring|making|installing|fetching) .*");
    return std::regex_match(line, k_building);
}

/// `line` against `wanted`, in which "…" stands for anything.
bool is_like(std::string_view line, std::string_view wanted)
{
    const auto gap = wanted.find(k_anything);
    if (gap == wanted.npos) {
        return line == wanted;
    }
    if (!line.starts_with(wanted.substr(0, gap))) {
        return false;
    }
    wanted.remove_prefix(gap + k_anything.size());
    for (auto rest = line.substr(gap);; rest.remove_prefix(1)) {
        if (is_like(rest, wanted)) {
            return true;
        }
        if (rest.empty()) {
            return false;
        }
    }
}

/// The text between "<!-- WORD" and "-->".
std::string argument(const std::string& comment, std::string_view word)
{
    const auto start = std::string_view("<!-- ").size() + word.size() + 1;
    return comment.substr(start, comment.size() - start - std::string_view(" -->").size());
}

/// The commands of a block with what follows each.
void read_commands(const std::vector<std::string>& block, int line, int exit_code,
                   std::vector<Step>& steps)
{
    bool goes_on = false;
    for (const auto& text : block) {
        ++line;
        if (goes_on) {
            steps.back().text += '\n' + text;
        } else if (text.starts_with("$ ")) {
            steps.push_back({.kind = Kind::command, .line = line, .text = text.substr(2)});
        } else {
            if (steps.empty() || steps.back().kind != Kind::command) {
                steps.push_back({.kind = Kind::command, .line = line, .text = "true"});
            }
            steps.back().expected += text + '\n';
            continue;
        }
        goes_on = text.ends_with('\\');
    }
    if (!block.empty()) {
        steps.back().exit_code = exit_code;
    }
}

std::string quoted(const std::string& text)
{
    return "'" + std::regex_replace(text, std::regex("'"), R"('\'')") + "'";
}

std::string read(const fs::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

/// Before all else: a folder in which `./run` is the project's.
constexpr const char* k_begin = R"(set -u
notes={0}; root={1}; cd {2}
export PATH="$root/build/host/tools/vmm:$PATH"
ln -s "$root/examples" "$root/build" .
cat > run <<'RUN'
#!/bin/sh
# Of several systems that may run on this host, the page's, however long a busy one takes to start.
if [ "${{1:-}}" = exec ] && [ -n "${{manual_socket:-}}" ]; then
    shift
    exec "$root/run" exec --socket "$manual_socket" --wait 600 "$@"
fi
exec "$root/run" "$@"
RUN
chmod +x run
export root manual_socket=
end_meanwhile() {{
    [ -n "${{meanwhile:-}}" ] || return 0
    exec 8>&-
    kill "$meanwhile" 2> /dev/null; wait "$meanwhile" 2> /dev/null
    meanwhile= manual_socket=
}}
trap end_meanwhile EXIT
)";

/// A command on a terminal of its own; ready when it has said what its control socket is, or ended.
constexpr const char* k_meanwhile = R"(
mkfifo "$notes/{0}.in"
script -qfec {1} "$notes/{0}.log" < "$notes/{0}.in" > /dev/null 2>&1 8>&- & meanwhile=$!
exec 8> "$notes/{0}.in"
manual_socket=$(tail -n +1 -F --pid="$meanwhile" "$notes/{0}.log" 2> /dev/null |
                sed -n 's/.*control socket: \([^ ]*\)[^ ]*$/\1/; T; s/\r//; p; q')
export manual_socket
)";

std::string script_of(const std::vector<Step>& steps, const fs::path& folder, const fs::path& notes)
{
    auto script = fmt::format(fmt::runtime(k_begin), quoted(notes), quoted(root()), quoted(folder));
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const auto& step = steps[i];
        switch (step.kind) {
        case Kind::command:
            script += fmt::format("{{ {}\n}} > \"$notes/{}.out\" 2>&1 < /dev/null; "
                                  "echo $? > \"$notes/{}.code\"\n",
                                  step.text, i, i);
            break;
        case Kind::file:
            script += fmt::format("mkdir -p \"$(dirname {0})\"; cp \"$notes/{1}.file\" {0}\n",
                                  quoted(step.file), i);
            break;
        case Kind::quotation:
            script += fmt::format("cp {} \"$notes/{}.out\"\n", quoted(step.file), i);
            break;
        case Kind::begin_meanwhile:
            script += fmt::format(fmt::runtime(k_meanwhile), i, quoted(step.text));
            break;
        case Kind::end_meanwhile:
            script += "end_meanwhile\n";
            break;
        }
    }
    return script;
}

/// As much of what was printed as a failing test shows.
std::string ends_of(const std::string& text)
{
    constexpr std::size_t k_end = 3000;
    return text.size() <= 2 * k_end
               ? text
               : text.substr(0, k_end) + "\n[…]\n" + text.substr(text.size() - k_end);
}

/// What was wrong with a step that has been done.
std::string judge(const Step& step, const std::string& base)
{
    const auto printed = read(base + ".out");
    const auto shown   = ends_of(printed);
    if (step.kind == Kind::quotation) {
        return printed.contains(step.text)
                   ? ""
                   : fmt::format("this block does not stand in {}:\n{}", step.file, shown);
    }
    if (step.kind != Kind::command) {
        return "";
    }
    if (!fs::exists(base + ".code")) {
        return "this command was not reached, or did not come back:\n" + shown;
    }
    const auto code = read(base + ".code");
    int        number{};
    std::from_chars(code.data(), code.data() + code.size(), number);
    if (number != step.exit_code) {
        return fmt::format("`{}` ended with {}, not {}:\n{}", step.text, number, step.exit_code,
                           shown);
    }
    const auto missing = mismatch(step.expected, printed);
    return missing.empty() ? ""
                           : fmt::format("`{}` does not print\n    {}\nwhere it should, but:\n{}",
                                         step.text, missing, shown);
}

} // namespace

std::vector<std::string> pages(bool long_ones)
{
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(root() / "docs/manual")) {
        const auto page = entry.path().extension() == ".md" ? read(entry.path()) : "";
        if (!read_page(page).empty() && page.contains("\n<!-- long: ") == long_ones) {
            names.push_back(entry.path().stem());
        }
    }
    std::ranges::sort(names);
    return names;
}

std::vector<Step> read_page(std::string_view page)
{
    std::vector<Step>        steps;
    std::vector<std::string> comments; // right before the block
    std::vector<std::string> block;
    std::string              language;
    int                      number   = 0;
    int                      begun    = 0;
    bool                     in_block = false;

    const auto comment = [&](std::string_view word) -> const std::string* {
        const auto start = fmt::format("<!-- {} ", word);
        const auto found =
            std::ranges::find_if(comments, [&](auto& text) { return text.starts_with(start); });
        return found == comments.end() ? nullptr : &*found;
    };
    const auto end_block = [&] {
        std::string text;
        for (const auto& line : block) {
            text += line + '\n';
        }
        if (const auto* file = comment("file")) {
            steps.push_back(
                {.kind = Kind::file, .line = begun, .text = text, .file = argument(*file, "file")});
        } else if (const auto* quotation = comment("in")) {
            steps.push_back({.kind = Kind::quotation,
                             .line = begun,
                             .text = text,
                             .file = argument(*quotation, "in")});
        } else if (language == "console" && comment("not run:") == nullptr) {
            const auto* const beside = comment("while");
            if (beside != nullptr) {
                steps.push_back({.kind = Kind::begin_meanwhile,
                                 .line = begun,
                                 .text = argument(*beside, "while")});
            }
            const auto* const code = comment("exit");
            read_commands(block, begun, code != nullptr ? std::stoi(argument(*code, "exit")) : 0,
                          steps);
            if (beside != nullptr) {
                steps.push_back({.kind = Kind::end_meanwhile, .line = number});
            }
        }
    };
    for (const auto& line : lines_of(page)) {
        ++number;
        if (line.starts_with("```")) {
            if (in_block) {
                end_block();
                comments.clear();
                block.clear();
            } else {
                language = line.substr(3);
                begun    = number;
            }
            in_block = !in_block;
        } else if (in_block) {
            block.push_back(line);
        } else if (line.starts_with("<!-- ") && line.ends_with(" -->")) {
            comments.push_back(line);
        } else {
            comments.clear();
        }
    }
    return steps;
}

std::string mismatch(std::string_view expected, std::string_view printed)
{
    std::vector<std::string> there;
    for (const auto& line : lines_of(printed)) {
        const auto text = plain(line);
        if (!tells_of_building(text)) {
            there.push_back(text);
        }
    }
    const auto wanted = lines_of(expected);
    // reached[j]: all that is wanted so far ends before line j of what is there.
    std::vector<bool> reached(there.size() + 1, false);
    reached[0] = true;
    for (const auto& line : wanted) {
        std::vector<bool> next(there.size() + 1, false);
        for (std::size_t j = 0; j <= there.size(); ++j) {
            if (line == k_anything) {
                next[j] = reached[j] || (j > 0 && next[j - 1]);
            } else {
                next[j] = j > 0 && reached[j - 1] && is_like(there[j - 1], line);
            }
        }
        if (std::ranges::find(next, true) == next.end()) {
            return line;
        }
        reached = std::move(next);
    }
    return reached[there.size()]
               ? ""
               : "(the end, after \"" + (wanted.empty() ? "" : wanted.back()) + "\")";
}

std::string follow(const std::string& page)
{
    const auto source = root() / "docs/manual" / (page + ".md");
    const auto folder =
        fs::path(testing::TempDir()) / fmt::format("manual.{}.{}", page, ::getpid());
    const auto notes = fs::path(folder.string() + ".notes");
    const auto steps = read_page(read(source));
    for (const auto& each : {folder, notes}) {
        fs::remove_all(each);
        fs::create_directories(each);
    }
    for (std::size_t i = 0; i < steps.size(); ++i) {
        if (steps[i].kind == Kind::file) {
            std::ofstream(notes / fmt::format("{}.file", i)) << steps[i].text;
        }
    }
    std::ofstream(notes / "script.sh") << script_of(steps, folder, notes);
    auto process = qemu::Process::start({"bash", notes / "script.sh"}, qemu::Streams::piped);
    if (!process) {
        return process.error();
    }
    qemu::Console console(std::move(*process));
    console.process().input.close();
    // Each command has its own limits; CTest has one for the whole.
    (void)console.wait_for({}, {.silence = std::chrono::minutes{30}});
    (void)console.process().wait();

    std::string wrong;
    if (steps.empty()) {
        wrong = "there is nothing to do on this page";
    }
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const auto text = judge(steps[i], notes / std::to_string(i));
        if (!text.empty()) {
            wrong += fmt::format("{}:{}: {}\n", source.string(), steps[i].line, text);
        }
    }
    if (!console.complaints().empty()) {
        wrong += "the script says: " + console.complaints();
    }
    if (wrong.empty()) {
        fs::remove_all(folder);
        fs::remove_all(notes);
    }
    return wrong;
}

} // namespace system_test
