// SPDX-License-Identifier: BSD-2-Clause
// vmm passthrough: what a device needs, and whether a guest may have it.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace passthrough {

/// `words` is the command line behind "vmm passthrough"; boards are the folders of `boards`, each
/// with a board.dtb. Returns the exit code: 0 it can be passed through, 1 it cannot, 2 a wrong
/// call.
int passthrough_command(std::vector<std::string> words, const std::filesystem::path& boards,
                        std::ostream& out, std::ostream& err);

/// Adds the command's options and texts to an application that nobody parses.
void describe_passthrough(CLI::App& app);

} // namespace passthrough
