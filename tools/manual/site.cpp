// SPDX-License-Identifier: BSD-2-Clause
// How documents of the project become pages: line by line, blocks of code left as they are.
#include "site.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <regex>
#include <sstream>
#include <utility>

namespace manual {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view k_folder = "docs/manual/";

/// What a link in `document` leads to, as a path in the project.
std::string resolve(const std::string& document, const std::string& target)
{
    auto path = (fs::path(document).parent_path() / target).lexically_normal().generic_string();
    while (path.ends_with('/')) {
        path.pop_back();
    }
    return path;
}

bool is_in(const std::vector<std::string>& documents, const std::string& path)
{
    return std::ranges::find(documents, path) != documents.end();
}

/// Text without a link to follow: `words` and, where they do not say it, which file they mean.
std::string named(const std::string& words, const std::string& path)
{
    std::string plain = words;
    std::erase(plain, '`');
    const auto name = fs::path(path).filename().string();
    if (plain.contains(name) || path.contains(plain)) {
        return plain == words && words.contains('/') ? '`' + words + '`' : words;
    }
    return fmt::format("{} (`{}`)", words, path);
}

/// The line of a page with its links led to where they are in the manual.
std::string with_links(const std::string& line, const std::string& document,
                       const std::vector<std::string>& documents, Page& page)
{
    static const std::regex k_link(R"re((!?)\[([^\]]*)\]\(([^)#\s]*)(#[^)\s]*)?\))re");
    std::string             result;
    auto                    rest = line.cbegin();
    for (std::sregex_iterator link(line.begin(), line.end(), k_link), end; link != end; ++link) {
        result.append(rest, line.cbegin() + link->position());
        rest              = line.cbegin() + link->position() + link->length();
        const auto words  = (*link)[2].str();
        const auto target = (*link)[3].str();
        const auto anchor = (*link)[4].str();
        if (target.empty() || target.contains("://") || target.starts_with("mailto:")) {
            result += link->str();
            continue;
        }
        auto path = resolve(document, target);
        if ((*link)[1].length() != 0) {
            const auto name   = fs::path(path).filename().string();
            page.images[name] = path;
            result += fmt::format("![{}](images/{})", words, name);
            continue;
        }
        if (!is_in(documents, path) && is_in(documents, path + "/README.md")) {
            path += "/README.md";
        }
        result += is_in(documents, path)
                      ? fmt::format("[{}]({}.md{})", words, page_name(path), anchor)
                      : named(words, path);
    }
    return result.append(rest, line.cend());
}

} // namespace

std::vector<Part> parts_of(std::string_view index)
{
    static const std::regex k_item(R"re(^- \[([^\]]*)\]\(([^)#\s]+\.md)\).*)re");
    std::vector<Part>       parts;
    std::istringstream      lines{std::string(index)};
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("## ")) {
            parts.push_back({.title = line.substr(3), .entries = {}});
        }
        if (std::smatch item; !parts.empty() && std::regex_match(line, item, k_item)) {
            parts.back().entries.push_back(
                {.title    = item[1],
                 .document = resolve(std::string(k_folder) + "index.md", item[2])});
        }
    }
    std::erase_if(parts, [](const Part& part) { return part.entries.empty(); });
    return parts;
}

std::string page_name(std::string_view document)
{
    if (document.starts_with(k_folder)) {
        document.remove_prefix(k_folder.size());
    }
    for (const std::string_view end : {"/README.md", ".md"}) {
        if (document.ends_with(end)) {
            document.remove_suffix(end.size());
        }
    }
    std::string name(document);
    std::ranges::transform(name, name.begin(), [](unsigned char c) {
        return c == '/' ? '-' : static_cast<char>(std::tolower(c));
    });
    return name;
}

Page render(const std::string& path, std::string_view text,
            const std::vector<std::string>& documents)
{
    static const std::regex k_from(R"re(^<!-- from (\S+) -->$)re");
    Page                    page;
    std::istringstream      lines{std::string(text)};
    std::string             source;
    bool                    in_block = false;
    for (std::string line; std::getline(lines, line);) {
        std::smatch from;
        if (line.starts_with("```")) {
            if (!in_block && !source.empty()) {
                const auto language = line.size() > 3 ? line.substr(3) : "text";
                line = fmt::format("```{{code-block}} {}\n:caption: {}\n", language, source);
                source.clear();
            }
            in_block = !in_block;
        } else if (!in_block && std::regex_match(line, from, k_from)) {
            source = from[1];
            continue;
        } else if (!in_block) {
            line = with_links(line, path, documents, page);
        }
        page.text += line + '\n';
    }
    return page;
}

std::string contents(const std::vector<Part>&                                parts,
                     const std::vector<std::pair<std::string, std::string>>& further)
{
    std::string result;
    const auto  add = [&](const std::string& title, const std::string& pages) {
        result += fmt::format("\n```{{toctree}}\n:hidden:\n:caption: {}\n\n{}```\n", title, pages);
    };
    for (const auto& part : parts) {
        std::string pages;
        for (const auto& entry : part.entries) {
            pages += fmt::format("{} <{}>\n", entry.title, page_name(entry.document));
        }
        add(part.title, pages);
    }
    for (const auto& [title, page] : further) {
        add(title, page + '\n');
    }
    return result;
}

} // namespace manual
