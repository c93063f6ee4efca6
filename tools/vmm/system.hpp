// SPDX-License-Identifier: BSD-2-Clause
// A system that the product build made: what NAME.json beside its image says (cmake/product.cmake).
#pragma once

#include "options.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace vmm {

/// The VMM's program with a guest's images in it, and how to make it again.
struct GuestProgram {
    std::filesystem::path program;   ///< the VMM's ELF
    std::filesystem::path object;    ///< the one object that holds the images
    std::filesystem::path directory; ///< kernel, initrd, dtb, cmdline, guest.inc
    std::string           machine;   ///< name of the <virtual_machine>
    std::string           ram;       ///< name of the guest's RAM's <memory_region>
    unsigned              vcpus = 1;
};

struct System {
    std::string                        name;
    std::string                        board;
    std::string                        config;
    std::filesystem::path              description; ///< the .system file
    std::filesystem::path              image;
    std::filesystem::path              expect; ///< what it must print; may be empty
    std::filesystem::path              build;  ///< the product's build folder
    std::filesystem::path              sdk;
    std::filesystem::path              tool;       ///< the SDK's microkit
    std::filesystem::path              board_json; ///< facts of the board
    std::vector<std::filesystem::path> search;     ///< for the tool's --search-path
    std::optional<GuestProgram>        guest;
};

/// Reads NAME.json. The error names the file.
[[nodiscard]] Result<System> read_system(const std::filesystem::path& file);

/// The lines of `system`'s expect.txt, without empty ones. None if it has no such file.
[[nodiscard]] std::vector<std::string> expected_lines(const System& system);

} // namespace vmm
