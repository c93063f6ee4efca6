// SPDX-License-Identifier: BSD-2-Clause
// libvmm as `cmake --install` leaves it, moved to another place, and projects that stand on it.
#pragma once

#include "front_door.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace system_test {

/// Runs a command in an environment that names no SDK and no board; what it prints and how it ends.
[[nodiscard]] Call command(const std::vector<std::string>& words,
                           const std::filesystem::path&    folder);

/// How it is installed: where it says, or as those do who make packages of it, under DESTDIR.
enum class Installed : std::uint8_t { at_prefix, below_destdir };

class InstalledTree {
public:
    /// Installs into a folder of this process, and moves it.
    explicit InstalledTree(Installed way = Installed::at_prefix);
    ~InstalledTree();
    InstalledTree(const InstalledTree&)            = delete;
    InstalledTree& operator=(const InstalledTree&) = delete;

    /// What `cmake --install` said.
    [[nodiscard]] const Call& call() const { return call_; }
    /// The PREFIX, after the move.
    [[nodiscard]] std::filesystem::path prefix() const { return folder_ / "moved"; }

    /// A copy of the sample project `name` of tests/install, as its owner has it.
    [[nodiscard]] std::filesystem::path project(const std::string& name) const;

    /// Calls the installed front door in `folder`; `assignments` like "NAME=VALUE" are added to its
    /// environment.
    [[nodiscard]] Call front_door(std::vector<std::string>        assignments,
                                  const std::filesystem::path&    folder,
                                  const std::vector<std::string>& words) const;
    /// A board of a project's own in the folder `boards`: QEMU's virt under the name acme. Its
    /// board.json.
    std::filesystem::path add_board(const std::filesystem::path& boards) const;

    /// Configures and builds a project by CMake, in its folder `build`.
    [[nodiscard]] Call cmake(const std::filesystem::path& project, const std::string& board,
                             std::vector<std::string> assignments = {}) const;
    /// Builds a project by make.
    [[nodiscard]] Call make(const std::filesystem::path& project, const std::string& board,
                            const std::vector<std::string>& further = {}) const;

private:
    void install_below_destdir();

    std::filesystem::path folder_;
    Call                  call_;
};

/// Boots an image on the board whose board.json is given, until it prints a line with `text`. What
/// it printed.
[[nodiscard]] std::string boot_until(const std::filesystem::path& board_json,
                                     const std::filesystem::path& image, const std::string& text);

/// Boots an image with our initramfs in its guest, and runs `command` in its shell.
[[nodiscard]] std::string boot_and_run(const std::filesystem::path& board_json,
                                       const std::filesystem::path& image,
                                       const std::string&           command);

} // namespace system_test
