// SPDX-License-Identifier: BSD-2-Clause
// A page of the manual as something to follow: its files, its commands, and what they must print.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace system_test {

/// One thing to do, in the order of the page. A comment in the line before a block says what the
/// block is for:
///
///     (nothing), block of language `console`   "$ COMMAND" lines are run, the others compared
///     <!-- exit N -->                          the last command of the block ends with N, not 0
///     <!-- while COMMAND -->                   COMMAND runs on a terminal of its own meanwhile
///     <!-- not run: REASON -->                 a block of commands that is only shown
///     <!-- file NAME -->                       the block becomes file NAME
///     <!-- in NAME -->                         the block stands in file NAME by now
struct Step {
    enum class Kind { command, file, quotation, begin_meanwhile, end_meanwhile };
    Kind        kind = Kind::command;
    int         line = 0;      ///< of the page, counted from 1
    std::string text{};        ///< the command; what stands in the file
    std::string file{};        ///< NAME
    std::string expected{};    ///< what a command prints; "…" stands for anything
    int         exit_code = 0; ///< of a command
};

/// The steps of a page; a comment that is not understood is a step's failure later on.
[[nodiscard]] std::vector<Step> read_page(std::string_view page);

/// The pages of docs/manual with something to do, by name: those that ask for the label `long` by a
/// line "<!-- long: REASON -->", or the others.
[[nodiscard]] std::vector<std::string> pages(bool long_ones);

/// The first line of `expected` that `printed` does not have where it should, or an empty string.
/// A line "…" stands for any number of lines, in a line it stands for any characters. Carriage
/// returns, escape sequences, blanks at the ends of lines, and what ./run says of its building are
/// not looked at.
[[nodiscard]] std::string mismatch(std::string_view expected, std::string_view printed);

/// Does what the page of this name says, in an empty folder in which `./run`, `examples` and
/// `build` are the project's, and `vmm` is found. What went wrong, or nothing; then the folder is
/// gone.
[[nodiscard]] std::string follow(const std::string& page);

} // namespace system_test
