// SPDX-License-Identifier: BSD-2-Clause
#include "sdk.hpp"

#include "base/result.hpp"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <functional>
#include <vector>

namespace vmm {

namespace fs = std::filesystem;

namespace {

template <class... Arguments>
std::unexpected<std::string> refuse_sdk(const std::string&               given,
                                        fmt::format_string<Arguments...> what, Arguments&&... with)
{
    return std::unexpected(fmt::format("MICROKIT_SDK={}: {}", given,
                                       fmt::format(what, std::forward<Arguments>(with)...)));
}

/// The names of a folder's folders, sorted.
std::vector<std::string> folders_in(const fs::path& folder)
{
    std::vector<std::string> names;
    std::error_code          error;
    for (const auto& entry : fs::directory_iterator{folder, error}) {
        if (entry.is_directory(error)) {
            names.push_back(entry.path().filename().string());
        }
    }
    std::ranges::sort(names);
    return names;
}

} // namespace

Result<fs::path> check_sdk(const std::string& given, const std::string& board,
                           const std::string& config)
{
    std::error_code error;
    const auto      sdk = fs::weakly_canonical(given, error);
    if (error || !fs::is_directory(sdk, error)) {
        return refuse_sdk(given, "there is no such folder; name an unpacked SDK, or unset the "
                                 "variable to use picokit");
    }
    if (!fs::exists(sdk / "bin/microkit", error)) {
        return refuse_sdk(given, "there is no bin/microkit in it; name an unpacked SDK, or unset "
                                 "the variable to use picokit");
    }
    std::string version;
    std::getline(std::ifstream{sdk / "VERSION"} >> std::ws, version);
    if (!version.starts_with("2.")) {
        return refuse_sdk(given, "{}; libvmm needs a Microkit SDK 2.x",
                          version.empty() ? "there is no version in its file VERSION"
                                          : "it has version " + version);
    }
    if (!fs::is_directory(sdk / "board" / board, error)) {
        return refuse_sdk(given, "it has no board {}; it has: {}", board,
                          fmt::join(folders_in(sdk / "board"), ", "));
    }
    if (!fs::exists(sdk / "board" / board / config, error)) {
        return refuse_sdk(given, "it has no configuration {} of board {}; it has: {}", config,
                          board, fmt::join(folders_in(sdk / "board" / board), ", "));
    }
    return sdk;
}

Result<std::optional<fs::path>> given_sdk(const std::string& board, const std::string& config)
{
    const char* const given = std::getenv("MICROKIT_SDK");
    if (given == nullptr || *given == '\0') {
        return std::nullopt;
    }
    return TRY(check_sdk(given, board, config));
}

std::string folder_name(const fs::path& sdk)
{
    return fmt::format("{}-{:08x}", sdk.filename().string(),
                       std::hash<std::string>{}(sdk.string()) & 0xffff'ffff);
}

} // namespace vmm
