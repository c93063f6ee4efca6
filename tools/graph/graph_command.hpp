// SPDX-License-Identifier: BSD-2-Clause
// vmm graph: pictures of a system.
#pragma once

#include <expected>
#include <filesystem>
#include <string>
#include <vector>

namespace graph {

inline constexpr int k_exit_wrong = 1; ///< a wrong call, or a system that cannot be read

struct GraphOptions {
    std::string              system; ///< a file, or the name of an example
    std::string              board = "qemu_virt_aarch64";
    std::filesystem::path    output; ///< folder; empty: the current one
    std::vector<std::string> formats{"svg", "png"};
    bool                     json = false;
    bool                     help = false;
};

/// Where a layout's board and drivers, and the examples, are.
struct Folders {
    std::filesystem::path source; ///< with boards, components and examples
    std::filesystem::path boards; ///< with BOARD/board.dtb
};

/// Parses the words after `vmm graph`. The error is a sentence for the caller.
[[nodiscard]] std::expected<GraphOptions, std::string> parse_graph(std::vector<std::string> words);

/// Does what the words after `vmm graph` say; gives the program's exit code.
[[nodiscard]] int graph_main(std::vector<std::string> words, const Folders& folders);

} // namespace graph
