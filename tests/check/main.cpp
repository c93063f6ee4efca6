// SPDX-License-Identifier: BSD-2-Clause
// repository_check RULES|DOCUMENTS|WORDS ROOT: reads all files that git knows, prints complaints.
#include "manual.hpp"
#include "repository.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

/// What git tracks or would: everything that is not ignored.
std::vector<std::string> files(const std::string& root)
{
    const auto command =
        "git -c safe.directory='*' -C '" + root + "' ls-files --cached --others --exclude-standard";
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe{::popen(command.c_str(), "r"),
                                                               ::pclose};
    std::vector<std::string>                              names{""};
    for (int c = 0; pipe && (c = std::fgetc(pipe.get())) != EOF;) {
        if (c == '\n') {
            names.emplace_back();
        } else {
            names.back() += static_cast<char>(c);
        }
    }
    names.pop_back();
    return names;
}

check::Complaints about_document(const fs::path& root, const std::string& name,
                                 const std::string& text)
{
    auto       all = check::check_document(root, name, text);
    const auto add = [&](const check::Complaints& more) {
        all.insert(all.end(), more.begin(), more.end());
    };
    add(check::check_anchors(root, name, text));
    add(check::check_blocks(name, text));
    if (name == "docs/manual/virtio-devices.md") {
        add(check::check_features(root, name));
    } else if (name == "docs/manual/index.md") {
        add(check::check_index(root, name));
    } else if (name == "docs/manual/layout.md") {
        add(check::check_layout(root, name));
    }
    return all;
}

} // namespace

int main(int argument_count, char** arguments)
{
    if (argument_count != 3) {
        fmt::print(stderr, "usage: repository_check includes|documents|words ROOT\n");
        return 2;
    }
    const std::string what  = arguments[1];
    const std::string root  = arguments[2];
    const auto        rules = check::parse_rules(read(fs::path(root) / "tests/check/rules.txt"));
    const auto        names = files(root);
    std::size_t       count = 0;
    for (const auto& name : names) {
        if (!fs::is_regular_file(fs::path(root) / name)) {
            continue; // removed and not yet committed
        }
        const auto        text = read(fs::path(root) / name);
        check::Complaints complaints;
        if (what == "includes") {
            complaints      = check::check_includes(rules, name, text);
            const auto more = check::check_conditions(name, text);
            complaints.insert(complaints.end(), more.begin(), more.end());
        } else if (what == "documents" && name.ends_with(".md")) {
            complaints = about_document(root, name, text);
        } else if (what == "words") {
            complaints = check::check_words(name, text);
        }
        for (const auto& complaint : complaints) {
            fmt::print("{}\n", complaint);
        }
        count += complaints.size();
    }
    fmt::print("{} files, {} complaints\n", names.size(), count);
    return count == 0 && !names.empty() ? 0 : 1;
}
