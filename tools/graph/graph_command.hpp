// SPDX-License-Identifier: BSD-2-Clause
// vmm graph: pictures of a system.
#pragma once

#include "places.hpp"

#include <expected>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

namespace graph {

inline constexpr int k_exit_wrong = 1; ///< a wrong call, or a system that cannot be read

struct GraphOptions {
    description::Words       words;
    std::filesystem::path    output; ///< folder; empty: the current one
    std::vector<std::string> formats{"svg", "png"};
    bool                     json = false;
    bool                     help = false;
};

/// Parses the words after `vmm graph`. The error is a sentence for the caller.
[[nodiscard]] std::expected<GraphOptions, std::string> parse_graph(std::vector<std::string> words);

/// Does what the words after `vmm graph` say; gives the program's exit code.
[[nodiscard]] int graph_command(std::vector<std::string> words, const description::Places& places,
                                std::ostream& out, std::ostream& err);

} // namespace graph
