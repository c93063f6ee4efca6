// SPDX-License-Identifier: BSD-2-Clause
#include "tree_source.hpp"

#include "device_tree_compiler.hpp"
#include "reader.hpp"

#include <charconv>
#include <fmt/format.h>

namespace check {
namespace {

namespace fs = std::filesystem;

/// "<stdin>:12.3-9" somewhere in what dtc complains of.
unsigned line_in(std::string_view complaint)
{
    constexpr std::string_view k_mark = "<stdin>:";
    const auto                 at     = complaint.find(k_mark);
    unsigned                   line   = 0;
    if (at != complaint.npos) {
        const auto digits = complaint.substr(at + k_mark.size());
        std::from_chars(digits.data(), digits.data() + digits.size(), line);
    }
    return line;
}

/// What dtc says first, without the place.
std::string clause_of(std::string_view complaint)
{
    complaint = complaint.substr(0, complaint.find('\n'));
    if (complaint.starts_with("<stdin>:")) {
        complaint.remove_prefix(std::min(complaint.find(": ") + 2, complaint.size()));
    }
    return std::string{complaint};
}

} // namespace

Tree::Lines lines_of(std::string_view annotated)
{
    Tree::Lines              lines;
    std::vector<std::string> path;
    while (!annotated.empty()) {
        const auto end  = std::min(annotated.find('\n'), annotated.size());
        auto       line = annotated.substr(0, end);
        annotated.remove_prefix(std::min(end + 1, annotated.size()));
        line.remove_prefix(std::min(line.find_first_not_of('\t'), line.size()));
        const auto note = line.rfind(" /* ");
        auto       code = line.substr(0, note);
        if (code == "};") {
            if (!path.empty()) {
                path.pop_back();
            }
            continue;
        }
        const bool opens = code.ends_with(" {");
        auto       name  = opens ? code.substr(0, code.size() - 2) : code;
        name             = name.substr(0, opens ? name.npos : name.find_first_of(" ;"));
        if (opens && name.find(": ") != name.npos) {
            name = name.substr(name.rfind(": ") + 2); // behind its labels
        }
        if (opens) {
            path.push_back(path.empty()       ? "/"
                           : path.size() == 1 ? "/" + std::string{name}
                                              : path.back() + "/" + std::string{name});
        }
        if (note == line.npos || path.empty() || name.empty()) {
            continue;
        }
        // "file:12" or "file:12, file:20": a node begins at the first, a property's last counts.
        auto       places = line.substr(note + 4);
        const auto place  = places.substr(0, places.find_first_of(", "));
        const auto colon  = place.rfind(':');
        unsigned   number = 0;
        if (colon == place.npos) {
            continue;
        }
        std::from_chars(place.data() + colon + 1, place.data() + place.size(), number);
        const auto key = opens ? path.back() : path.back() + ":" + std::string{name};
        lines[key]     = {std::string{place.substr(0, colon)}, number, 0};
    }
    return lines;
}

std::expected<Tree, tool::Diagnostic> read_tree(const fs::path& file, const std::string& name)
{
    const auto content = description::content_of(file);
    if (!content) {
        return tool::refuse({name}, "cannot be read", "look at the path");
    }
    std::string blob = *content;
    Tree::Lines lines;
    if (!description::is_blob(blob)) {
        const auto text     = description::preprocess(file, blob);
        const auto compiled = text ? description::run_dtc(file, *text, {"-O", "dtb"}) : text;
        if (!compiled) {
            const auto& complaint = compiled.error();
            return tool::refuse({name, line_in(complaint)},
                                fmt::format("dtc refuses it: {}", clause_of(complaint)),
                                "correct the source; `dtc -I dts -O dtb` shows all it says");
        }
        blob = *compiled;
        if (const auto annotated = description::run_dtc(file, *text, {"-T", "-O", "dts"})) {
            lines = lines_of(*annotated);
            for (auto& [key, place] : lines) {
                if (place.file == "<stdin>" || place.file == file.filename()) {
                    place.file = name;
                }
            }
        }
    }
    const auto* const first = reinterpret_cast<const std::byte*>(blob.data());
    auto              tree  = Tree::create({first, first + blob.size()}, name, std::move(lines));
    if (!tree) {
        return tool::refuse({name}, fmt::format("no sound device tree: {}", tree.error()),
                            "make it anew with dtc from its source");
    }
    return *std::move(tree);
}

} // namespace check
