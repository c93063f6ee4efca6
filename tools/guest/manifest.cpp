// SPDX-License-Identifier: BSD-2-Clause
#include "manifest.hpp"

#include "base/result.hpp"
#include "cpio.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <vector>

namespace guest {

namespace {

template <class T = void>
using Result = std::expected<T, std::string>;

Result<std::string> substitute(std::string word, const Substitutions& substitutions)
{
    while (true) {
        const auto open  = word.find('{');
        const auto close = word.find('}', open);
        if (open == std::string::npos || close == std::string::npos) {
            return word;
        }
        const auto name  = word.substr(open + 1, close - open - 1);
        const auto value = substitutions.find(name);
        if (value == substitutions.end()) {
            return std::unexpected(fmt::format("nothing is given for {{{}}}", name));
        }
        word.replace(open, close - open + 1, value->second);
    }
}

Result<std::uint32_t> parse_number(std::string_view word, int number_base)
{
    std::uint32_t number = 0;
    const auto [end, error] =
        std::from_chars(word.data(), word.data() + word.size(), number, number_base);
    if (error != std::errc{} || end != word.data() + word.size()) {
        return std::unexpected(fmt::format("'{}' is not a number", word));
    }
    return number;
}

Result<std::string> read_file(const std::string& path)
{
    std::ifstream stream(path, std::ios::binary);
    if (!stream) {
        return std::unexpected(fmt::format("cannot read {}", path));
    }
    return std::string(std::istreambuf_iterator<char>(stream), {});
}

/// Everything in the folder `source`, sorted, so that the same files give the same archive.
Result<> add_tree(CpioArchive& archive, const std::string& path, const std::string& source)
{
    namespace fs = std::filesystem;
    std::error_code       error;
    std::vector<fs::path> files;
    for (auto at = fs::recursive_directory_iterator(source, error);
         !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
        files.push_back(at->path());
    }
    if (error) {
        return std::unexpected(fmt::format("cannot read {}: {}", source, error.message()));
    }
    std::ranges::sort(files);
    for (const auto& file : files) {
        const auto name =
            path + (path.ends_with('/') ? "" : "/") + file.lexically_relative(source).string();
        const bool is_run =
            (fs::status(file).permissions() & fs::perms::owner_exec) != fs::perms::none;
        if (fs::is_symlink(file)) {
            archive.add_link(name, fs::read_symlink(file).string());
        } else if (fs::is_directory(file)) {
            archive.add_folder(name, 0755);
        } else {
            archive.add_file(name, is_run ? 0755 : 0644, TRY(read_file(file)));
        }
    }
    return {};
}

Result<> add_entry(CpioArchive& archive, const std::vector<std::string>& words)
{
    const auto& kind   = words[0];
    const auto  expect = [&](std::size_t count) -> Result<> {
        if (words.size() != count) {
            return std::unexpected(
                 fmt::format("{} takes {} words, not {}", kind, count - 1, words.size() - 1));
        }
        return {};
    };
    if (kind == "dir") {
        TRY(expect(3));
        archive.add_folder(words[1], TRY(parse_number(words[2], 8)));
    } else if (kind == "file") {
        TRY(expect(4));
        const auto content = TRY(read_file(words[3]));
        archive.add_file(words[1], TRY(parse_number(words[2], 8)), content);
    } else if (kind == "link") {
        TRY(expect(3));
        archive.add_link(words[1], words[2]);
    } else if (kind == "node") {
        TRY(expect(6));
        const auto major = TRY(parse_number(words[4], 10));
        const auto minor = TRY(parse_number(words[5], 10));
        archive.add_device(words[1], TRY(parse_number(words[2], 8)),
                           {.block = words[3] == "b", .major = major, .minor = minor});
    } else if (kind == "tree") {
        TRY(expect(3));
        TRY(add_tree(archive, words[1], words[2]));
    } else {
        return std::unexpected(fmt::format("'{}' is none of dir, file, link, node, tree", kind));
    }
    return {};
}

} // namespace

std::expected<std::string, std::string> make_initramfs(std::string_view     manifest,
                                                       const Substitutions& substitutions)
{
    CpioArchive        archive;
    std::istringstream lines{std::string(manifest)};
    std::string        line;
    for (int number = 1; std::getline(lines, line); number++) {
        std::istringstream       stream(line.substr(0, line.find('#')));
        std::vector<std::string> words;
        Result<>                 result;
        for (std::string word; result && stream >> word;) {
            auto replaced = substitute(word, substitutions);
            if (replaced) {
                words.push_back(*replaced);
            } else {
                result = std::unexpected(replaced.error());
            }
        }
        if (result && !words.empty()) {
            result = add_entry(archive, words);
        }
        if (!result) {
            return std::unexpected(fmt::format("line {}: {}", number, result.error()));
        }
    }
    return std::move(archive).finish();
}

} // namespace guest
