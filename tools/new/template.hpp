// SPDX-License-Identifier: BSD-2-Clause
// The files of templates/, with the words of a project filled in.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace project {

struct Words {
    std::map<std::string, std::string, std::less<>> values; ///< for @KEY@
    std::set<std::string, std::less<>>              facts;  ///< for lines with a condition
};

/// Fills in a template. A line that begins with ?FACT? is there only if FACT is among the facts,
/// one that begins with ?!FACT? only if it is not; several conditions may follow each other.
/// @KEY@ becomes KEY's value. What is not known as a key stays as it is.
[[nodiscard]] std::string fill_in(std::string_view text, const Words& words);

/// The text of templates/NAME. `name` must be one of them.
[[nodiscard]] std::string_view template_text(std::string_view name);

} // namespace project
