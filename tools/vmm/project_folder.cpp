// SPDX-License-Identifier: BSD-2-Clause
#include "project_folder.hpp"

#include "base/result.hpp"
#include "boards.hpp"
#include "build.hpp"
#include "installation.hpp"
#include "sdk.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace vmm {

namespace fs = std::filesystem;

namespace {

Result<Project> read_project(const fs::path& file)
{
    std::ifstream stream(file);
    const auto    json    = nlohmann::json::parse(stream, nullptr, /*allow_exceptions=*/false);
    const auto    text_of = [&](const char* key) -> Result<std::string> {
        if (!json.is_object() || !json.contains(key) || !json[key].is_string() ||
            json[key].get<std::string>().empty()) {
            return std::unexpected(
                   fmt::format("{}: \"{}\" is missing or not a string; a project's file is like\n"
                                  "    {{ \"name\": \"my-system\", \"board\": \"qemu_virt_aarch64\" }}",
                               file.string(), key));
        }
        return json[key].get<std::string>();
    };
    Project project{.folder = file.parent_path(), .name = {}, .board = {}};
    project.name  = TRY(text_of("name"));
    project.board = TRY(text_of("board"));
    return project;
}

bool is_in_path(const std::string& program)
{
    const char* const  path = std::getenv("PATH");
    std::istringstream folders(path == nullptr ? "" : path);
    for (std::string folder; std::getline(folders, folder, ':');) {
        if (::access((fs::path(folder) / program).c_str(), X_OK) == 0) {
            return true;
        }
    }
    return false;
}

/// What a build needs of the machine. Says all that is missing at once.
Result<> check_programs()
{
    struct Needed {
        const char* program;
        const char* package;
    };
    static constexpr std::array k_needed{
        Needed{"cmake", "cmake"},
        Needed{"ninja", "ninja-build"},
        Needed{"aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu"},
        Needed{"aarch64-linux-gnu-g++", "g++-aarch64-linux-gnu"},
        Needed{"dtc", "device-tree-compiler"},
    };
    std::vector<std::string> programs;
    std::vector<std::string> packages;
    for (const auto& needed : k_needed) {
        if (!is_in_path(needed.program)) {
            programs.emplace_back(needed.program);
            packages.emplace_back(needed.package);
        }
    }
    if (programs.empty()) {
        return {};
    }
    return std::unexpected(fmt::format("building needs {}, which this machine does not have: "
                                       "apt install {}",
                                       fmt::join(programs, ", "), fmt::join(packages, " ")));
}

/// The value of a variable in a build folder's cache; nothing if there is no such folder.
std::optional<std::string> cached(const fs::path& folder, std::string_view variable)
{
    std::ifstream stream(folder / "CMakeCache.txt");
    for (std::string line; std::getline(stream, line);) {
        const auto equals = line.find('=');
        if (line.starts_with(variable) && line.size() > variable.size() &&
            line[variable.size()] == ':' && equals != line.npos) {
            return line.substr(equals + 1);
        }
    }
    return std::nullopt;
}

/// Folders with : between them.
std::string joined(const std::vector<fs::path>& folders)
{
    std::string text;
    for (const auto& folder : folders) {
        text += (text.empty() ? "" : ":") + folder.string();
    }
    return text;
}

/// A build folder of this project where it was before, or of a libvmm elsewhere, is of no use.
void forget_what_moved(const Project& project, const fs::path& folder)
{
    const auto toolchain = cached(folder, "CMAKE_TOOLCHAIN_FILE");
    const auto home      = cached(folder, "CMAKE_HOME_DIRECTORY");
    const bool is_good   = toolchain == installation().toolchain() && home == project.folder;
    if (fs::exists(folder / "CMakeCache.txt") && !is_good) {
        fmt::print(stderr, "-- the project or libvmm has moved: building anew\n");
        fs::remove_all(folder);
    }
}

} // namespace

Result<std::optional<Project>> find_project(const fs::path& start)
{
    std::error_code ignored;
    for (auto folder = fs::weakly_canonical(start, ignored); !folder.empty();
         folder      = folder.parent_path()) {
        if (fs::is_regular_file(folder / k_project_file, ignored)) {
            return std::optional{TRY(read_project(folder / k_project_file))};
        }
        if (folder == folder.root_path()) {
            break;
        }
    }
    return std::nullopt;
}

bool has_system(const Project& project, const std::string& name)
{
    std::error_code ignored;
    return name == project.name || fs::exists(project.folder / (name + ".layout.xml"), ignored) ||
           fs::exists(project.folder / (name + ".system"), ignored);
}

Result<fs::path> build_project(const Project& project, const std::string& name,
                               const std::string& board, const std::string& config)
{
    TRY(check_programs());
    std::error_code error;
    fs::create_directories(project.build(), error);
    const auto sdk    = TRY(given_sdk(board, config));
    const auto locked = TRY(lock_build(project.build()));
    auto       folder = project.build();
    if (sdk) {
        folder /= folder_name(*sdk);
    }
    folder = folder / board / config;
    forget_what_moved(project, folder);
    const auto what = fmt::format("building {} for {}, {}", project.name, board, config);
    // Absolute, and what it is now: CMake keeps what it was told first.
    const auto board_path = joined(board_folders(std::nullopt));
    if (!fs::exists(folder / "build.ninja") || cached(folder, "LIBVMM_BOARD_PATH") != board_path) {
        std::vector<std::string> words{"cmake",        "-G", "Ninja", "-S",
                                       project.folder, "-B", folder,  "-D"};
        words.push_back("CMAKE_TOOLCHAIN_FILE=" + installation().toolchain().string());
        words.insert(words.end(), {"-D", "MICROKIT_BOARD=" + board});
        words.insert(words.end(), {"-D", "MICROKIT_CONFIG=" + config});
        words.insert(words.end(), {"-D", "LIBVMM_BOARD_PATH=" + board_path});
        if (sdk) {
            words.insert(words.end(), {"-D", "MICROKIT_SDK=" + sdk->string()});
        }
        TRY(run_step(what, words, project.folder));
    }
    TRY(run_step(what, {"ninja", "-C", folder, name.empty() ? "all" : name + "_system"},
                 project.folder));
    return folder;
}

} // namespace vmm
