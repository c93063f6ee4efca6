// SPDX-License-Identifier: BSD-2-Clause
#include "tree_source.hpp"

#include "qemu/process.hpp"

#include <array>
#include <charconv>
#include <climits>
#include <csignal>
#include <fmt/format.h>
#include <fstream>
#include <poll.h>
#include <unistd.h>

namespace check {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> content_of(const fs::path& file)
{
    std::ifstream stream{file, std::ios::binary};
    std::string   content{std::istreambuf_iterator<char>{stream}, {}};
    return stream ? std::optional{content} : std::nullopt;
}

/// Feeds and drains a child's streams until it has closed them.
std::pair<std::string, std::string> converse(qemu::Process& child, std::string_view input)
{
    std::array<std::string, 2> texts;
    std::array<pollfd, 3>      waiting{pollfd{child.output.number(), POLLIN, 0},
                                  pollfd{child.errors.number(), POLLIN, 0},
                                  pollfd{child.input.number(), POLLOUT, 0}};
    while (waiting[0].fd >= 0 || waiting[1].fd >= 0) {
        if (waiting[2].fd >= 0 && input.empty()) {
            child.input.close();
            waiting[2].fd = -1;
        }
        if (::poll(waiting.data(), waiting.size(), -1) < 0) {
            break;
        }
        for (std::size_t i = 0; i < texts.size(); ++i) {
            std::array<char, 65536> room{};
            if (waiting[i].fd < 0 || waiting[i].revents == 0) {
                continue;
            }
            const auto count = ::read(waiting[i].fd, room.data(), room.size());
            if (count <= 0) {
                waiting[i].fd = -1;
            } else {
                texts[i].append(room.data(), static_cast<std::size_t>(count));
            }
        }
        if (waiting[2].fd >= 0 && waiting[2].revents != 0) {
            // No more than a pipe takes at once.
            const auto count =
                ::write(waiting[2].fd, input.data(), std::min(input.size(), std::size_t{PIPE_BUF}));
            input = count < 0 ? std::string_view{} : input.substr(static_cast<std::size_t>(count));
        }
    }
    return {texts[0], texts[1]};
}

bool is_blob(std::string_view content) { return content.starts_with("\xd0\x0d\xfe\xed"); }

/// The text for dtc: what the C preprocessor makes of a source that needs one.
Output preprocessed(const fs::path& source, const std::string& content)
{
    if (content.find("#include") == std::string::npos &&
        content.find("#define") == std::string::npos) {
        return content;
    }
    return run_program({"cpp", "-nostdinc", "-undef", "-x", "assembler-with-cpp", "-I",
                        source.parent_path().string(), source.string()});
}

Output dtc(const fs::path& source, const std::string& text, std::vector<std::string> how)
{
    std::vector<std::string> words{
        "dtc", "-q", "-I", "dts", "-i", source.parent_path().empty() ? "." : source.parent_path()};
    words.insert(words.end(), how.begin(), how.end());
    return run_program(words, text);
}

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

Output run_program(const std::vector<std::string>& arguments, const std::string& input)
{
    auto child = qemu::Process::start(arguments, qemu::Streams::piped);
    if (!child) {
        return std::unexpected(child.error());
    }
    // A child that ends before it has read everything is no reason to die.
    const auto before         = std::signal(SIGPIPE, SIG_IGN);
    const auto [text, errors] = converse(*child, input);
    const auto exit           = child->wait();
    std::signal(SIGPIPE, before);
    if (!exit.is_success()) {
        return std::unexpected(errors.empty() ? exit.text() : errors);
    }
    return text;
}

Output decompile(std::string_view blob)
{
    return run_program({"dtc", "-q", "-I", "dtb", "-O", "dts"}, std::string{blob});
}

Output compile(const fs::path& source)
{
    const auto content = content_of(source);
    if (!content) {
        return std::unexpected("cannot be read");
    }
    const auto text = preprocessed(source, *content);
    return text ? dtc(source, *text, {"-O", "dtb"}) : text;
}

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
    const auto content = content_of(file);
    if (!content) {
        return tool::refuse({name}, "cannot be read", "look at the path");
    }
    std::string blob = *content;
    Tree::Lines lines;
    if (!is_blob(blob)) {
        const auto text     = preprocessed(file, blob);
        const auto compiled = text ? dtc(file, *text, {"-O", "dtb"}) : text;
        if (!compiled) {
            const auto& complaint = compiled.error();
            return tool::refuse({name, line_in(complaint)},
                                fmt::format("dtc refuses it: {}", clause_of(complaint)),
                                "correct the source; `dtc -I dts -O dtb` shows all it says");
        }
        blob = *compiled;
        if (const auto annotated = dtc(file, *text, {"-T", "-O", "dts"})) {
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
