// SPDX-License-Identifier: BSD-2-Clause
// Pages of what the headers declare: a page for each header, in the header's own order.
#include "reference.hpp"

#include "headers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <limits>
#include <optional>
#include <regex>
#include <set>
#include <utility>
#include <vector>

namespace manual {

namespace fs = std::filesystem;

namespace {

/// The libraries as a program meets them, and what they are for.
constexpr std::array<std::pair<std::string_view, std::string_view>, 10> k_libraries{{
    {"vmm", "the VMM library: machines, their devices, their life"},
    {"microkit", "the seam to the kernel: entry points, channels, messages, vCPUs"},
    {"vsock", "sockets for programs without a guest, and the links they go over"},
    {"sddf", "sDDF's protocols as types, for drivers, virtualisers and clients"},
    {"virtio", "virtIO devices from the device's end"},
    {"backend", "what virtIO devices stand on: sDDF's queues"},
    {"control", "the protocols by which a host reaches into a guest"},
    {"fdt", "flattened device trees, read and written"},
    {"arch", "AArch64 as types: registers, syndromes, descriptors, instructions"},
    {"base", "results, addresses, registers, checked arithmetic"},
}};

/// What most programs need of them: a header and what one finds there.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> k_first{{
    {"vmm/machine.hpp", "a virtual machine: what it contains, its life"},
    {"vmm/config.hpp", "what a machine is made of; images of guests"},
    {"vmm/section_devices.hpp", "a machine as a layout describes it"},
    {"vmm/access.hpp", "a device of your own, and accesses that nothing answers"},
    {"vmm/report.hpp", "what a program hears when its guest dies"},
    {"microkit/microkit.hpp", "entry points of a protection domain"},
    {"microkit/channel.hpp", "notifications, interrupts, calls"},
    {"vsock/endpoint.hpp", "sockets for a program without a guest"},
}};

std::string_view library_of(std::string_view path)
{
    path.remove_prefix(std::min(path.size(), std::string_view{"lib/"}.size()));
    return path.substr(0, path.find('/'));
}

/// "vmm/machine.hpp" of lib/vmm/include/vmm/machine.hpp
std::string_view included_as(std::string_view path)
{
    constexpr std::string_view k_include = "/include/";
    const auto                 at        = path.find(k_include);
    return at == std::string_view::npos ? path : path.substr(at + k_include.size());
}

std::string page_of(std::string_view path)
{
    std::string name(included_as(path));
    std::ranges::replace(name, '/', '-');
    return name.substr(0, name.rfind('.'));
}

/// What a header says of itself: the comment below its licence.
std::string sentence_of(const fs::path& header)
{
    std::ifstream lines(header);
    std::string   text;
    std::string   line;
    std::getline(lines, line); // the licence
    while (std::getline(lines, line) && line.starts_with("//")) {
        text += (text.empty() ? "" : " ") + line.substr(std::min<std::size_t>(3, line.size()));
    }
    std::string result; // whatever looks like markup is text
    for (const char c : text) {
        result += std::string_view{"<>*_[]|"}.contains(c) ? std::string{'\\', c} : std::string{c};
    }
    return result;
}

std::string code_block(std::string_view code) { return fmt::format("```cpp\n{}\n```\n\n", code); }

std::string values_table(const std::vector<Value>& values)
{
    if (std::ranges::all_of(values, [](const Value& value) { return value.text.empty(); })) {
        std::string names;
        for (const auto& value : values) {
            names += fmt::format("{}`{}`", names.empty() ? "" : ", ", value.name);
        }
        return names.empty() ? "" : names + "\n\n";
    }
    std::string table = "| value | |\n|---|---|\n";
    for (const auto& value : values) {
        table += fmt::format("| `{}` | {} |\n", value.name, value.text);
    }
    return table + '\n';
}

/// What is said of a variable, if a comment beside it has room for that.
std::optional<std::string> comment_of(const Declaration& one)
{
    static const std::regex k_markup(R"re(\[([^\]]*)\]\([^)]*\)|\\(.))re");
    constexpr std::size_t   k_width = 96;
    if (one.kind != "variable") {
        return std::nullopt;
    }
    const auto text = std::regex_replace(one.text, k_markup, "$1$2");
    const bool fits = !text.contains('\n') && one.code.size() + text.size() < k_width;
    return fits ? std::optional{text} : std::nullopt;
}

/// Declarations of one name, which stand together: their code, each piece with what is said of it.
std::string overloads(const std::vector<Declaration>& all)
{
    std::string text;
    std::string code;
    std::string words;
    for (const auto& one : all) {
        if (!one.text.empty() && !words.empty()) {
            text += code_block(std::exchange(code, {})) + std::exchange(words, {}) + "\n\n";
        }
        code += (code.empty() ? "" : "\n") + one.code + ';';
        words += one.text;
    }
    return text + code_block(code) + (words.empty() ? "" : words + "\n\n");
}

/// Declarations, one after the other: what the header explains has a heading (`prefix` is the class
/// it belongs to); what speaks for itself is code only.
std::string list(const std::vector<Declaration>& all, const std::string& prefix,
                 std::string_view mark)
{
    std::string text;
    std::string silent;
    const auto  flush = [&] {
        if (!silent.empty()) {
            silent.pop_back();
            text += code_block(std::exchange(silent, {}));
        }
    };
    for (auto first = all.begin(); first != all.end();) {
        const auto next = std::find_if(
            first, all.end(), [&](const Declaration& other) { return other.name != first->name; });
        const std::vector<Declaration> same(first, next);
        const auto&                    one = same.front();
        first                              = next;
        if (const auto comment = comment_of(one)) {
            silent += one.code + ';' + (comment->empty() ? "" : " // " + *comment) + '\n';
            continue;
        }
        if (one.values.empty() &&
            std::ranges::all_of(same, [](const auto& each) { return each.text.empty(); })) {
            for (const auto& each : same) {
                silent += each.code + ";\n";
            }
            continue;
        }
        flush();
        for (const auto& each : same) {
            text += fmt::format("({})=\n", each.id);
        }
        text += fmt::format("{} `{}{}{}`\n\n{}{}", mark, prefix, one.name,
                            one.kind == "function" ? "()" : "", overloads(same),
                            values_table(one.values));
    }
    flush();
    return text;
}

std::string class_text(const Class& one)
{
    std::string text = fmt::format("({})=\n## `{}`\n\n{}", one.id, one.name, code_block(one.code));
    if (!one.text.empty()) {
        text += one.text + "\n\n";
    }
    return text + list(one.members, one.name + "::", "###");
}

std::string header_page(const std::string& path, const Header& header, const std::string& sentence)
{
    auto text = fmt::format("# {}\n\n{}\n\n", included_as(path), sentence);
    // Classes and what stands between them, in the header's order.
    auto classes = header.classes;
    auto others  = header.declarations;
    std::ranges::stable_sort(classes, {}, &Class::line);
    std::ranges::stable_sort(others, {}, &Declaration::line);
    auto       next        = others.cbegin();
    const auto list_before = [&](int line) {
        std::vector<Declaration> between;
        for (; next != others.cend() && next->line < line; ++next) {
            between.push_back(*next);
        }
        text += list(between, "", "##");
    };
    for (const auto& one : classes) {
        list_before(one.line);
        text += class_text(one);
    }
    list_before(std::numeric_limits<int>::max());
    if (classes.empty() && others.empty()) {
        text += "It includes:\n\n";
        for (const auto& other : header.includes) {
            text += fmt::format("- [{}]({}.md)\n", other, page_of(other));
        }
    }
    return text;
}

/// Makes words of links to what has no place of its own.
void drop_dead_links(std::map<std::string, std::string>& pages)
{
    static const std::regex k_place(R"re((^|\n)\(([a-z][A-Za-z0-9_]+)\)=)re");
    static const std::regex k_link(R"re(\[([^\]]*)\]\(([A-Za-z0-9_]+)\))re");
    std::set<std::string>   places;
    for (const auto& [name, text] : pages) {
        for (std::sregex_iterator place(text.begin(), text.end(), k_place), end; place != end;
             ++place) {
            places.insert((*place)[2]);
        }
    }
    for (auto& [name, text] : pages) {
        std::string result;
        auto        rest = text.cbegin();
        for (std::sregex_iterator link(text.begin(), text.end(), k_link), end; link != end;
             ++link) {
            result.append(rest, text.cbegin() + link->position());
            result += places.contains((*link)[2]) ? link->str() : (*link)[1].str();
            rest = text.cbegin() + link->position() + link->length();
        }
        text = result.append(rest, text.cend());
    }
}

} // namespace

std::map<std::string, std::string> reference(const fs::path& xml, const fs::path& root)
{
    const auto                         headers = read_headers(xml, root);
    std::map<std::string, std::string> pages;
    std::string                        index =
        "# Reference of the headers\n\nMade from the headers themselves. A VMM includes "
        "`vmm/vmm.hpp`, which has all that one needs.\n\n| library | what it is for |\n|---|---|\n";
    std::string contents;
    for (const auto& [library, what] : k_libraries) {
        index += fmt::format("| [{0}](lib-{0}.md) | {1} |\n", library, what);
        contents += fmt::format("lib-{}\n", library);
        auto page = fmt::format("# {}\n\n`lib/{}`: {}.\n\n| header | |\n|---|---|\n", library,
                                library, what);
        std::string names;
        for (const auto& [path, header] : headers) {
            if (library_of(path) != library) {
                continue;
            }
            const auto sentence = sentence_of(root / path);
            page +=
                fmt::format("| [{}]({}.md) | {} |\n", included_as(path), page_of(path), sentence);
            names += page_of(path) + '\n';
            pages[page_of(path) + ".md"] = header_page(path, header, sentence);
        }
        pages[fmt::format("lib-{}.md", library)] =
            page + fmt::format("\n```{{toctree}}\n:hidden:\n\n{}```\n", names);
    }
    std::string first;
    for (const auto& [header, what] : k_first) {
        if (pages.contains(page_of(header) + ".md")) {
            first += fmt::format("- [{}]({}.md): {}\n", header, page_of(header), what);
        }
    }
    index += "\n## To begin with\n\n" + first;
    pages["index.md"] = index + fmt::format("\n```{{toctree}}\n:hidden:\n\n{}```\n", contents);
    drop_dead_links(pages);
    return pages;
}

} // namespace manual
