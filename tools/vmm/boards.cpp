// SPDX-License-Identifier: BSD-2-Clause
#include "boards.hpp"

#include "base/result.hpp"
#include "build.hpp"
#include "installation.hpp"
#include "work_folder.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <map>
#include <sstream>

namespace vmm {

namespace fs = std::filesystem;

std::vector<fs::path> board_folders(const std::optional<Project>& project)
{
    std::vector<fs::path> folders;
    const char* const     path = std::getenv("LIBVMM_BOARD_PATH");
    std::istringstream    words(path == nullptr ? "" : path);
    for (std::string folder; std::getline(words, folder, ':');) {
        if (!folder.empty()) {
            folders.push_back(fs::absolute(folder));
        }
    }
    if (project) {
        folders.push_back(project->folder / "boards");
    }
    return folders;
}

std::vector<BoardPlace> all_boards(const std::optional<Project>& project)
{
    std::map<std::string, BoardPlace> boards;
    std::error_code                   ignored;
    auto                              folders = board_folders(project);
    folders.push_back(installation().root / "boards");
    for (const auto& folder : folders) {
        for (const auto& entry : fs::directory_iterator(folder, ignored)) {
            if (fs::exists(entry.path() / "board.json", ignored)) {
                const auto name = entry.path().filename().string();
                boards.emplace(name,
                               BoardPlace{.name   = name,
                                          .folder = entry.path(),
                                          .is_own = folder != installation().root / "boards"});
            }
        }
    }
    std::vector<BoardPlace> places;
    for (const auto& [name, place] : boards) {
        places.push_back(place);
    }
    return places;
}

Result<BoardPlace> find_board(const std::optional<Project>& project, const std::string& name)
{
    std::vector<std::string> names;
    for (const auto& place : all_boards(project)) {
        if (place.name == name) {
            return place;
        }
        names.push_back(place.name);
    }
    return std::unexpected(
        fmt::format("there is no board '{}'; there are: {}. A board of your own goes into the "
                    "project's folder boards/ (manual: Adding a board)",
                    name, fmt::join(names, ", ")));
}

Result<fs::path> blob_of_board(const BoardPlace& place, const fs::path& folder)
{
    if (!place.is_own) {
        return installation().boards / place.name / "board.dtb";
    }
    const auto blob = folder / (place.name + ".dtb");
    TRY(capture({"dtc", "-q", "-I", "dts", "-O", "dtb", "-o", blob, place.folder / "board.dts"},
                {}));
    return blob;
}

Result<project::KnownBoard> read_board_at(const BoardPlace& place)
{
    const auto folder = TRY(WorkFolder::create(fs::temp_directory_path() / "libvmm-boards"));
    const auto blob   = TRY(blob_of_board(place, folder.path()));
    return project::read_known_board(place.folder, blob,
                                     installation().root / "components/drivers");
}

} // namespace vmm
