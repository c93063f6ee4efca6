// SPDX-License-Identifier: BSD-2-Clause
#include "build.hpp"

#include "base/result.hpp"
#include "installation.hpp"
#include "qemu/console.hpp"
#include "sdk.hpp"
#include "terminal.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>

namespace vmm {

namespace fs = std::filesystem;

namespace {

constexpr qemu::Limits k_patience{.silence = std::chrono::minutes{30}};

/// Configures a build folder unless it is (Ninja configures again by itself when that is needed).
Result<> configure(const std::string& what, const Tree& tree, const fs::path& source,
                   const fs::path& folder, const std::vector<std::string>& definitions)
{
    if (fs::exists(folder / "build.ninja")) {
        return {};
    }
    std::vector<std::string> words{"cmake", "-G", "Ninja", "-S", source, "-B", folder};
    words.push_back("-DCMAKE_TOOLCHAIN_FILE=" + (tree.source / "cmake/aarch64.cmake").string());
    for (const auto& definition : definitions) {
        words.push_back("-D" + definition);
    }
    return run_step(what, words, tree.source);
}

std::vector<std::string> ninja(const fs::path& folder, const std::string& target)
{
    return {"ninja", "-C", folder, target};
}

/// The SDK to build with: the user's, or ours, which is then brought up to date.
Result<fs::path> build_sdk(const Tree& tree, const std::string& board, const std::string& config)
{
    if (const auto given = TRY(given_sdk(board, config))) {
        return *given;
    }
    const auto sdk    = tree.build / "sdk";
    const auto folder = tree.build / "picokit" / board / config;
    const auto what   = fmt::format("building the SDK for {}, {}", board, config);
    TRY(configure(what, tree, tree.source / "picokit", folder,
                  {"PICOKIT_BOARD=" + board, "PICOKIT_CONFIG=" + config,
                   "PICOKIT_SDK=" + sdk.string(),
                   "PICOKIT_TOOL=" + (tree.build / "host/picokit/tool/microkit").string()}));
    TRY(run_step(what, ninja(folder, "all"), tree.source));
    return sdk;
}

/// "[12/40]" of the last line that Ninja printed, or nothing.
std::string_view ninja_progress(std::string_view text)
{
    const auto begin = text.rfind("\n[");
    const auto start = text.starts_with("[") && begin == text.npos ? 0 : begin + 1;
    const auto end   = text.find(']', start);
    if (start >= text.size() || text[start] != '[' || end == text.npos) {
        return {};
    }
    return text.substr(start, end - start + 1);
}

} // namespace

Result<qemu::Descriptor> lock_build(const fs::path& build)
{
    const auto       file = build / "lock";
    qemu::Descriptor descriptor{::open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0666)};
    if (!descriptor.is_open() || ::flock(descriptor.number(), LOCK_EX) != 0) {
        return std::unexpected(
            fmt::format("cannot lock {}: {}", file.string(), std::strerror(errno)));
    }
    return descriptor;
}

Tree this_tree()
{
    const auto& source = installation().root;
    return {source, source / "build"};
}

Result<> run_step(const std::string& what, const std::vector<std::string>& arguments,
                  const fs::path& folder)
{
    auto          process = TRY(qemu::Process::start(arguments, qemu::Streams::piped, folder));
    Progress      progress{what};
    qemu::Console console(std::move(process), [&](std::string_view piece) {
        const auto detail = ninja_progress(piece);
        if (!detail.empty()) {
            progress.show(detail);
        }
    });
    console.process().input.close();
    const auto outcome = console.wait_for({}, k_patience);
    progress.finish();
    const auto exit = console.process().poll();
    if (outcome.kind != qemu::Outcome::Kind::ended || !exit || !exit->is_success()) {
        fmt::print(stderr, "{}{}", console.transcript(), console.complaints());
        return std::unexpected(
            fmt::format("{} failed ({})", what, exit ? exit->text() : "it does not go on"));
    }
    return {};
}

Result<std::string> capture(const std::vector<std::string>& arguments, const fs::path& folder)
{
    auto          process = TRY(qemu::Process::start(arguments, qemu::Streams::piped, folder));
    qemu::Console console(std::move(process));
    console.process().input.close();
    const auto outcome = console.wait_for({}, k_patience);
    const auto exit    = console.process().poll();
    if (outcome.kind != qemu::Outcome::Kind::ended || !exit || !exit->is_success()) {
        return std::unexpected(
            fmt::format("{} failed:\n{}{}", arguments[0], outcome.before, console.complaints()));
    }
    return console.transcript();
}

Result<fs::path> build_product(const Tree& tree, const std::string& board,
                               const std::string& config, const std::string& target)
{
    fs::create_directories(tree.build);
    const auto locked = TRY(lock_build(tree.build));
    const auto sdk    = TRY(build_sdk(tree, board, config));
    const auto folder = tree.build / "product" /
                        (sdk == tree.build / "sdk" ? "picokit" : folder_name(sdk)) / board / config;
    const auto what = fmt::format("building the system for {}, {}", board, config);
    TRY(configure(
        what, tree, tree.source, folder,
        {"MICROKIT_SDK=" + sdk.string(), "MICROKIT_BOARD=" + board, "MICROKIT_CONFIG=" + config}));
    TRY(run_step(what, ninja(folder, target), tree.source));
    return folder;
}

} // namespace vmm
