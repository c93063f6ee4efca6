// SPDX-License-Identifier: BSD-2-Clause
// The boards that there are: libvmm's own, a project's, and those of LIBVMM_BOARD_PATH.
#pragma once

#include "offer.hpp"
#include "project_folder.hpp"

#include <string>
#include <vector>

namespace vmm {

struct BoardPlace {
    std::string           name;
    std::filesystem::path folder;         ///< with board.json and board.dts
    bool                  is_own = false; ///< not one of libvmm's
};

/// The folders that have boards besides libvmm's own, absolute, those that come first at the front.
[[nodiscard]] std::vector<std::filesystem::path>
board_folders(const std::optional<Project>& project);

/// By name. Of several with one name the first counts: of LIBVMM_BOARD_PATH, then the project's.
[[nodiscard]] std::vector<BoardPlace> all_boards(const std::optional<Project>& project);

/// The one that is called that; the error lists those that there are.
[[nodiscard]] Result<BoardPlace> find_board(const std::optional<Project>& project,
                                            const std::string&            name);

/// What is known of it. The tree of a board that is not libvmm's is compiled (dtc).
[[nodiscard]] Result<project::KnownBoard> read_board_at(const BoardPlace& place);

/// The device tree of a board as a blob: where it is, or for a board that is not libvmm's a file
/// made in `folder`.
[[nodiscard]] Result<std::filesystem::path> blob_of_board(const BoardPlace&            place,
                                                          const std::filesystem::path& folder);

} // namespace vmm
