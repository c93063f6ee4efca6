// SPDX-License-Identifier: BSD-2-Clause
// How the manual is compared with the code: both are read as text.
#include "manual.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <fstream>
#include <iterator>
#include <optional>
#include <regex>
#include <sstream>
#include <utility>

namespace check {

namespace fs = std::filesystem;

namespace {

std::string text_of(const fs::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

/// Calls `visit(number, line)` for each line outside of blocks of code.
template <class Visit>
void for_each_prose(std::string_view text, Visit visit)
{
    std::istringstream lines{std::string(text)};
    bool               in_block = false;
    int                number   = 0;
    for (std::string line; std::getline(lines, line);) {
        number++;
        if (line.starts_with("```")) {
            in_block = !in_block;
        } else if (!in_block) {
            visit(number, line);
        }
    }
}

std::set<std::string> anchors_of(std::string_view document)
{
    std::set<std::string> anchors;
    for_each_prose(document, [&](int, const std::string& line) {
        if (const auto words = line.find_first_not_of('#');
            line.starts_with('#') && words != std::string::npos) {
            anchors.insert(anchor_of(line.substr(words + 1)));
        }
    });
    return anchors;
}

using Bits = std::map<std::string, unsigned>;

/// Of `k_feature_event_idx = 1ULL << 29` and `k_feature_size = 1`: EVENT_IDX 29, SIZE 0.
Bits declared_bits(const std::string& header)
{
    static const std::regex k_constant(R"re(k_feature_(\w+)\s*= (1ULL << )?(\d+);)re");
    Bits                    bits;
    for (std::sregex_iterator one(header.begin(), header.end(), k_constant), end; one != end;
         ++one) {
        auto name = (*one)[1].str();
        std::ranges::transform(name, name.begin(),
                               [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
        const auto number = static_cast<unsigned>(std::stoul((*one)[3]));
        const bool shift  = (*one)[2].length() != 0;
        bits[name == "INDIRECT" ? "INDIRECT_DESC" : name] =
            shift ? number : static_cast<unsigned>(std::countr_zero(number));
    }
    return bits;
}

/// Heading → the rows `| NAME | BIT | …` below it.
std::map<std::string, Bits> described_bits(const std::string& page)
{
    static const std::regex     k_row(R"re(^\| ([A-Z][A-Z0-9_]+) \| (\d+) \|.*)re");
    std::map<std::string, Bits> found;
    std::string                 heading;
    for_each_prose(page, [&](int, const std::string& line) {
        if (line.starts_with("## ")) {
            heading = line.substr(3);
        }
        if (std::smatch row; std::regex_match(line, row, k_row)) {
            found[heading][row[1]] = static_cast<unsigned>(std::stoul(row[2]));
        }
    });
    return found;
}

} // namespace

std::string anchor_of(std::string_view heading)
{
    std::string anchor;
    for (const char c : heading) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0 || c == '-' || c == '_' || byte >= 0x80) {
            anchor += static_cast<char>(std::tolower(byte));
        } else if (c == ' ') {
            anchor += '-';
        }
    }
    return anchor;
}

Complaints check_anchors(const fs::path& root, const std::string& path, std::string_view text)
{
    static const std::regex k_link(R"re(\]\(([^)#\s]*)#([^)\s]+)\))re");
    Complaints              complaints;
    for_each_prose(text, [&](int number, const std::string& line) {
        for (std::sregex_iterator link(line.begin(), line.end(), k_link), end; link != end;
             ++link) {
            const auto target = (*link)[1].str();
            if (target.contains("://") || !(target.empty() || target.ends_with(".md"))) {
                continue;
            }
            const auto other =
                target.empty() ? std::string(text) : text_of((root / path).parent_path() / target);
            if (!anchors_of(other).contains((*link)[2])) {
                complaints.push_back(fmt::format("{}:{}: there is no heading for #{}", path, number,
                                                 (*link)[2].str()));
            }
        }
    });
    return complaints;
}

Complaints check_blocks(const std::string& path, std::string_view text)
{
    // Each is compared as a whole by a test of its own.
    static constexpr std::array k_others{"check-rules.md", "commands.md", "diagnosis.md"};

    Complaints complaints;
    if (!path.starts_with("docs/manual/") ||
        std::ranges::any_of(k_others, [&](const char* other) { return path.ends_with(other); })) {
        return complaints;
    }
    std::istringstream lines{std::string(text)};
    std::string        before;
    bool               in_block = false;
    int                number   = 0;
    for (std::string line; std::getline(lines, line); before = line) {
        number++;
        if (!line.starts_with("```")) {
            continue;
        }
        in_block = !in_block;
        if (in_block && line != "```console" && !before.starts_with("<!-- ")) {
            complaints.push_back(fmt::format(
                "{}:{}: this block does not say where it comes from (<!-- from FILE -->)", path,
                number));
        }
    }
    return complaints;
}

Complaints check_index(const fs::path& root, const std::string& index)
{
    Complaints complaints;
    const auto text = text_of(root / index);
    for (const auto& entry : fs::directory_iterator((root / index).parent_path())) {
        const auto name    = entry.path().filename().string();
        const bool is_page = name.ends_with(".md") && name != fs::path(index).filename();
        if (is_page &&
            !std::regex_search(text, std::regex("\\n- \\[[^\\]]*\\]\\(" + name + "\\)"))) {
            complaints.push_back(fmt::format("{}: {} is not listed", index, name));
        }
    }
    return complaints;
}

Complaints check_features(const fs::path& root, const std::string& page)
{
    static constexpr std::array<std::pair<const char*, const char*>, 7> k_headers{{
        {"All devices", "standard.hpp"},
        {"Console", "console.hpp"},
        {"Disk", "block.hpp"},
        {"Network", "network.hpp"},
        {"Sockets", "socket.hpp"},
        {"Entropy", "entropy.hpp"},
        {"Sound", "sound.hpp"},
    }};
    Complaints                                                          complaints;
    auto described = described_bits(text_of(root / page));
    for (const auto& [heading, file] : k_headers) {
        const auto  header   = fmt::format("lib/virtio/include/virtio/{}", file);
        const auto  declared = declared_bits(text_of(root / header));
        const auto& rows     = described[heading];
        for (const auto& [name, bit] : declared) {
            if (const auto row = rows.find(name); row == rows.end() || row->second != bit) {
                complaints.push_back(fmt::format("{}: \"{}\" should have {} as bit {}: {}", page,
                                                 heading, name, bit, header));
            }
        }
        for (const auto& [name, bit] : rows) {
            if (!declared.contains(name)) {
                complaints.push_back(
                    fmt::format("{}: \"{}\" has {}, and {} has not", page, heading, name, header));
            }
        }
    }
    return complaints;
}

Complaints check_layout(const fs::path& root, const std::string& page)
{
    // allow(node, {"name", "device"}), allow_children(…), and the tables of guest_options.cpp
    static const std::regex k_list(R"re((allow(_children)?\(|\{"[a-z]+", )[^{}]*\{("[^{}]*)\})re");
    static const std::regex k_name(R"re("([a-z_]+)")re");
    Complaints              complaints;
    const auto              text = text_of(root / page);
    std::set<std::string>   missing;
    std::size_t             known = 0;
    for (const auto& entry : fs::directory_iterator(root / "tools/sysgen")) {
        if (entry.path().extension() != ".cpp") {
            continue;
        }
        const auto source = text_of(entry.path());
        for (std::sregex_iterator list(source.begin(), source.end(), k_list), end; list != end;
             ++list) {
            const auto names = (*list)[3].str();
            for (std::sregex_iterator name(names.begin(), names.end(), k_name); name != end;
                 ++name) {
                known++;
                const auto word = (*name)[1].str();
                if (!std::regex_search(text, std::regex("[`<]" + word + "[`> =]"))) {
                    missing.insert(word);
                }
            }
        }
    }
    if (known == 0) {
        complaints.push_back("tools/sysgen: no list of attributes was found in its sources");
    }
    for (const auto& word : missing) {
        complaints.push_back(
            fmt::format("{}: sysgen takes '{}', which is not described", page, word));
    }
    return complaints;
}

} // namespace check
