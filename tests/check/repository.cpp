// SPDX-License-Identifier: BSD-2-Clause
// How the rules of repository.hpp are checked: line by line, with regular expressions.
#include "repository.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>

namespace check {

namespace fs = std::filesystem;

namespace {

/// Calls `visit(number, line)` for each line, counted from 1.
template <class Visit>
void for_each_line(std::string_view text, Visit visit)
{
    std::istringstream lines{std::string(text)};
    std::string        line;
    for (int number = 1; std::getline(lines, line); number++) {
        visit(number, line);
    }
}

/// The libraries that `path` may use: those of the longest folder in `rules` it lies in.
const std::set<std::string>* allowed_for(const Rules& rules, const std::string& path)
{
    for (auto folder = path; !folder.empty();
         folder      = folder.substr(0, folder.find_last_of('/') + 1)) {
        if (folder.ends_with('/')) {
            folder.pop_back();
        }
        if (const auto rule = rules.find(folder); rule != rules.end()) {
            return &rule->second;
        }
        if (!folder.contains('/')) {
            break;
        }
    }
    return nullptr;
}

bool is_test(const std::string& path)
{
    return path.starts_with("tests/") || path.contains("/test/") || path.ends_with("_test.cpp");
}

bool is_source(const std::string& path)
{
    static constexpr std::array k_endings{".cpp", ".hpp", ".c", ".h", ".S", ".cmake", ".sh", ".ld"};
    return std::ranges::any_of(k_endings, [&](const char* end) { return path.ends_with(end); }) ||
           path.ends_with("CMakeLists.txt");
}

} // namespace

Rules parse_rules(std::string_view text)
{
    Rules rules;
    for_each_line(text, [&](int, const std::string& line) {
        std::istringstream words(line.substr(0, line.find('#')));
        std::string        folder;
        words >> folder;
        for (std::string library; words >> library;) {
            rules[folder].insert(library);
        }
    });
    return rules;
}

Complaints check_includes(const Rules& rules, const std::string& path, std::string_view text)
{
    Complaints  complaints;
    const auto* allowed = allowed_for(rules, path);
    if (allowed == nullptr || allowed->contains("*")) {
        return complaints;
    }
    std::set<std::string> known;
    for (const auto& [folder, libraries] : rules) {
        known.insert(libraries.begin(), libraries.end());
    }
    static const std::regex k_include(R"re(^\s*#\s*include\s*["<]([a-z0-9_]+)/.*)re");
    for_each_line(text, [&](int number, const std::string& line) {
        std::smatch match;
        if (!std::regex_match(line, match, k_include)) {
            return;
        }
        const auto library = match[1].str();
        if (known.contains(library) && !allowed->contains(library)) {
            complaints.push_back(fmt::format(
                "{}:{}: may not include {}/; see tests/check/rules.txt", path, number, library));
        }
        if (library == "kit" && !is_test(path)) {
            complaints.push_back(fmt::format("{}:{}: tests/kit is for tests only", path, number));
        }
    });
    return complaints;
}

Complaints check_conditions(const std::string& path, std::string_view text)
{
    static constexpr std::array<std::string_view, 4> k_target{"components/", "examples/", "lib/",
                                                              "picokit/"};
    static constexpr std::array<std::string_view, 4> k_allowed{
        "lib/arch/include/", "lib/microkit/src/seam.c", "picokit/libmicrokit/", "picokit/tool/"};
    const auto begins = [&](std::string_view folder) { return path.starts_with(folder); };
    Complaints complaints;
    if (!is_source(path) || is_test(path) || std::ranges::none_of(k_target, begins) ||
        std::ranges::any_of(k_allowed, begins)) {
        return complaints;
    }
    static const std::regex k_condition(R"re(^\s*#\s*(if|ifdef|ifndef|elif)\b\s*(.*))re");
    static const std::regex k_shared(R"re(.*__(cplusplus|ASSEMBLER__).*)re");

    std::string guard; // what an #ifndef in the line before names
    int         at = 0;
    for_each_line(text, [&](int number, const std::string& line) {
        const auto complain = [&](int where) {
            complaints.push_back(
                fmt::format("{}:{}: a choice of the preprocessor; make it a file or "
                            "a template parameter (see CONTRIBUTING.md)",
                            path, where));
        };
        if (!guard.empty() && !line.starts_with("#define " + guard)) {
            complain(at);
        }
        guard.clear();
        std::smatch match;
        if (!line.contains('#') || !std::regex_match(line, match, k_condition) ||
            std::regex_match(line, k_shared)) {
            return;
        }
        if (match[1] == "ifndef") {
            guard = match[2];
            at    = number;
        } else {
            complain(number);
        }
    });
    return complaints;
}

namespace {

std::string read(const fs::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

} // namespace

Complaints check_document(const fs::path& root, const std::string& path, std::string_view text)
{
    static constexpr std::array<std::string_view, 11> k_folders{
        "boards/",  "cmake/", "components/", "docs/", "examples/", "lib/",
        "picokit/", "tests/", "tools/",      ".ci/",  "./"};
    static const std::regex k_link(R"re(\]\(([^)#\s]+)(#[^)]*)?\))re");
    static const std::regex k_code(R"re(`([^`\s]+)`)re");

    Complaints complaints;
    const auto exists = [&](const std::string& target) {
        return fs::exists(root / target) || fs::exists((root / path).parent_path() / target);
    };
    // "<!-- from FILE -->" before a block: the block stands in FILE, word for word.
    static const std::regex k_from(R"re(^<!-- from (\S+) -->$)re");

    bool        in_block = false;
    std::string source; // FILE, from the comment to the end of its block
    std::string block;
    for_each_line(text, [&](int number, const std::string& line) {
        if (line.starts_with("```")) {
            if (in_block && !source.empty() && !read(root / source).contains(block)) {
                complaints.push_back(
                    fmt::format("{}:{}: this block does not stand in {}", path, number, source));
            }
            if (in_block) {
                source.clear();
            }
            block.clear();
            in_block = !in_block;
            return;
        }
        if (in_block) {
            block += line + '\n';
            return;
        }
        if (std::smatch from; std::regex_match(line, from, k_from)) {
            source = from[1];
        }
        const auto complain = [&](const std::string& target) {
            complaints.push_back(fmt::format("{}:{}: there is no {}", path, number, target));
        };
        for (std::sregex_iterator link(line.begin(), line.end(), k_link), end; link != end;
             ++link) {
            const auto target = (*link)[1].str();
            if (!target.contains("://") && !target.starts_with("mailto:") && !exists(target)) {
                complain(target);
            }
        }
        for (std::sregex_iterator code(line.begin(), line.end(), k_code), end; code != end;
             ++code) {
            const auto target  = (*code)[1].str();
            const bool is_path = std::ranges::any_of(
                k_folders, [&](auto folder) { return target.starts_with(folder); });
            const bool is_pattern = target.find_first_of("*?<>{}$=|") != target.npos ||
                                    target.contains("…") || target.contains("NAME");
            if (is_path && !is_pattern && !exists(target)) {
                complain(target);
            }
        }
    });
    return complaints;
}

Complaints check_words(const std::string& path, std::string_view text)
{
    // Written so that this file does not find itself.
    static const std::regex k_unfinished(R"re(\b(TO)(DO)\b|\b(FIX)(ME)\b|\bXX[X]\b|\bHAC[K]\b)re");
    static const std::regex k_foreign(
        R"re((^|[^A-Za-z0-9_.}])/(work|tmp)/[a-z]|\.\./share[d]|deb\.debia[n]\.org|registry\.npmj[s])re");

    // Few lines have the beginning of one of these; expressions are slow, and the project is large.
    static constexpr std::array k_hints_unfinished{"TOD", "FIXM", "XX", "HAC"};
    static constexpr std::array k_hints_foreign{"/work/", "/tmp/", "../share", "deb.deb",
                                                "registry.npm"};
    const auto                  has_any = [](std::string_view in, const auto& hints) {
        return std::ranges::any_of(hints, [&](auto hint) { return in.contains(hint); });
    };

    const auto head = text.substr(0, text.find('\n', text.find('\n') + 1));
    const bool licensed =
        !is_source(path) || head.contains("SPDX-License-Identifier: BSD-2-Clause");
    Complaints complaints;
    // And few files: lines are looked at where there is something.
    const bool is_suspect = has_any(text, k_hints_unfinished) || has_any(text, k_hints_foreign);
    for_each_line(is_suspect ? text : std::string_view{}, [&](int number, const std::string& line) {
        if (has_any(line, k_hints_unfinished) && std::regex_search(line, k_unfinished)) {
            complaints.push_back(fmt::format("{}:{}: something is left to do", path, number));
        }
        if (has_any(line, k_hints_foreign) && std::regex_search(line, k_foreign)) {
            complaints.push_back(
                fmt::format("{}:{}: names a folder or host of somebody's machine", path, number));
        }
    });
    if (!licensed) {
        complaints.push_back(fmt::format("{}:1: does not begin with the SPDX line", path));
    }
    return complaints;
}

} // namespace check
