// SPDX-License-Identifier: BSD-2-Clause
// Which files the words of a command line stand for.
#pragma once

#include <expected>
#include <filesystem>
#include <string>
#include <vector>

namespace description {

/// Where a command looks.
struct Places {
    /// The library's folder: with boards/ and components/, and examples/ if it is the source tree.
    std::filesystem::path source;
    /// Further folders of boards, which come first: a project's boards/.
    std::vector<std::filesystem::path> boards{};
    /// What is meant if no file is named: a project's system. Empty: there is none.
    std::filesystem::path own{};
    /// The board that is meant if none is named; may be empty.
    std::string board{};
};

/// The images of a guest that a build put into a VMM's program.
struct GuestImages {
    std::string program; ///< file name of the VMM's program
    std::filesystem::path
        folder; ///< with kernel, initrd, dtb and cmdline; what is empty is not used
};

/// Files of a system. Paths that are empty are not given.
struct Sources {
    std::filesystem::path    system;     ///< a description, or a layout, or a device tree alone
    std::filesystem::path    board_tree; ///< board.dts or a blob
    std::filesystem::path    board_json; ///< a layout needs it
    std::filesystem::path    drivers;    ///< of components/drivers; a layout needs them
    std::vector<GuestImages> guests;
};

/// What a user says of them; what is empty is not said.
struct Words {
    std::string system; ///< a file, the NAME.json of a build, or the name of an example
    std::string board;
};

/// Looks them up. The error is for the user.
[[nodiscard]] std::expected<Sources, std::string> find_sources(const Words&  words,
                                                               const Places& places);

/// The folder of a board, with its board.json and board.dts. The error names all that there are.
[[nodiscard]] std::expected<std::filesystem::path, std::string> find_board(const std::string& board,
                                                                           const Places& places);

/// "linux" of "folder/linux.layout.xml", "folder/linux.system" and "folder/linux.json".
[[nodiscard]] std::string name_of(const std::filesystem::path& file);

} // namespace description
