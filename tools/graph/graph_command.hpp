// SPDX-License-Identifier: BSD-2-Clause
// vmm graph: pictures of a system.
#pragma once

#include "places.hpp"

#include <expected>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace graph {

inline constexpr int k_exit_wrong =
    1; ///< a wrong call, a system that cannot be read, or no Graphviz

struct GraphOptions {
    description::Words       words;
    std::filesystem::path    output; ///< folder; empty: the current one
    std::vector<std::string> formats{"svg", "png"};
    bool                     json = false;

    /// Adds them, and all else that --help tells.
    void add_to(CLI::App& parser);
    /// The formats are some that there are; the error is a sentence for the caller.
    [[nodiscard]] std::expected<void, std::string> check() const;
};

/// Adds all that `vmm graph --help` tells to an app that nobody parses.
void describe_graph(CLI::App& app);

/// Does what the words after `vmm graph` say; gives the program's exit code.
[[nodiscard]] int graph_command(std::vector<std::string> words, const description::Places& places,
                                std::ostream& out, std::ostream& err);

} // namespace graph
