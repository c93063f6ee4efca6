// SPDX-License-Identifier: BSD-2-Clause
// The SDK directory that the tool belongs to.
#include "sdk/sdk.hpp"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tool {

namespace fs = std::filesystem;

namespace {

std::vector<std::string> subdirectories(const fs::path& directory)
{
    std::vector<std::string> names;
    std::error_code          error;
    for (const auto& entry : fs::directory_iterator{directory, error}) {
        if (entry.is_directory(error)) {
            names.push_back(entry.path().filename().string());
        }
    }
    std::ranges::sort(names);
    return names;
}

} // namespace

Result<fs::path> find_sdk()
{
    std::error_code error;
    if (const char* sdk = std::getenv("MICROKIT_SDK"); sdk != nullptr) {
        if (!fs::is_directory(sdk, error)) {
            return refuse({}, fmt::format("MICROKIT_SDK='{}' is not a directory", sdk),
                          "set it to the directory of an SDK, or unset it");
        }
        return fs::path{sdk};
    }
    const auto executable = fs::read_symlink("/proc/self/exe", error);
    auto       sdk        = executable.parent_path().parent_path();
    if (error || !fs::is_directory(sdk / "board", error)) {
        return refuse({}, fmt::format("no SDK at '{}': it has no directory 'board'", sdk.string()),
                      "run bin/microkit of an SDK, or set MICROKIT_SDK");
    }
    return sdk;
}

std::vector<std::string> list_boards(const fs::path& sdk) { return subdirectories(sdk / "board"); }

Result<fs::path> find_board(const fs::path& sdk, const std::string& board,
                            const std::string& config)
{
    const auto boards = list_boards(sdk);
    if (boards.empty()) {
        return refuse({}, fmt::format("no board in '{}': it is no SDK", sdk.string()),
                      "set MICROKIT_SDK to the directory of an SDK, or unset it");
    }
    if (std::ranges::find(boards, board) == boards.end()) {
        return refuse({}, fmt::format("unknown board '{}'", board),
                      fmt::format("the SDK has: {}", fmt::join(boards, ", ")));
    }
    const auto configs = subdirectories(sdk / "board" / board);
    if (std::ranges::find(configs, config) == configs.end()) {
        return refuse({}, fmt::format("unknown configuration '{}' of board '{}'", config, board),
                      fmt::format("the SDK has: {}", fmt::join(configs, ", ")));
    }
    const auto directory = sdk / "board" / board / config;
    if (!fs::exists(directory / "board.json")) {
        return refuse({}, fmt::format("the SDK in '{}' is not picokit's", sdk.string()),
                      fmt::format("run its own tool, '{}', or unset MICROKIT_SDK",
                                  (sdk / "bin/microkit").string()));
    }
    return directory;
}

} // namespace tool
