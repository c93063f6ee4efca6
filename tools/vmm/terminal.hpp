// SPDX-License-Identifier: BSD-2-Clause
// What the person at the terminal sees of long work.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace vmm {

/// One piece of work on standard error: its name, a changing detail on a terminal, and its end.
/// Says nothing in the first second, so that work that finds nothing to do stays silent.
class Progress {
public:
    explicit Progress(std::string_view what)
        : what_(what)
    {
    }
    ~Progress() { finish(); }
    Progress(const Progress&)            = delete;
    Progress& operator=(const Progress&) = delete;

    /// `detail` is one short line: "[3/40]".
    void show(std::string_view detail);
    void finish();

private:
    std::string_view                      what_;
    bool                                  shown_   = false;
    std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

/// Whether standard input and output are a person's terminal.
[[nodiscard]] bool is_interactive();

/// Runs a machine whose console is our terminal. Gives the program's exit code; explains a failure
/// on standard error.
[[nodiscard]] int run_at_terminal(const std::vector<std::string>& command);

} // namespace vmm
