// SPDX-License-Identifier: BSD-2-Clause
#include "device_tree_compiler.hpp"

#include "qemu/process.hpp"
#include "reader.hpp"

#include <algorithm>
#include <array>
#include <climits>
#include <csignal>
#include <poll.h>
#include <unistd.h>

namespace description {
namespace {

namespace fs = std::filesystem;

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

bool is_blob(std::string_view content) { return content.starts_with("\xd0\x0d\xfe\xed"); }

Output decompile(std::string_view blob)
{
    return run_program({"dtc", "-q", "-I", "dtb", "-O", "dts"}, std::string{blob});
}

Output preprocess(const fs::path& file, const std::string& content)
{
    if (content.find("#include") == std::string::npos &&
        content.find("#define") == std::string::npos) {
        return content;
    }
    return run_program({"cpp", "-nostdinc", "-undef", "-x", "assembler-with-cpp", "-I",
                        file.parent_path().string(), file.string()});
}

Output run_dtc(const fs::path& file, const std::string& text, const std::vector<std::string>& how)
{
    std::vector<std::string> words{
        "dtc", "-q", "-I", "dts", "-i", file.parent_path().empty() ? "." : file.parent_path()};
    words.insert(words.end(), how.begin(), how.end());
    return run_program(words, text);
}

Output compile(const fs::path& file)
{
    const auto content = content_of(file);
    if (!content) {
        return std::unexpected("cannot be read");
    }
    if (is_blob(*content)) {
        return *content;
    }
    const auto text = preprocess(file, *content);
    return text ? run_dtc(file, *text, {"-O", "dtb"}) : text;
}

} // namespace description
