// SPDX-License-Identifier: BSD-2-Clause
// Rules about the project's own text that no compiler knows: which way dependencies point, that
// documents name what exists, that files begin as they should.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace check {

/// Folder → the libraries whose headers its code may include ("*": all).
using Rules = std::map<std::string, std::set<std::string>, std::less<>>;

/// Reads tests/check/rules.txt.
[[nodiscard]] Rules parse_rules(std::string_view text);

/// One complaint a line: "FILE:LINE: what is wrong". None if all is well.
using Complaints = std::vector<std::string>;

/// `text` of the source `path` includes only what `rules` allow. Tests may also use tests/kit.
[[nodiscard]] Complaints check_includes(const Rules& rules, const std::string& path,
                                        std::string_view text);

/// The source `path` of code for the target leaves choices to files and templates: it has no line
/// `#if`, but for include guards and for what C and assembly share with C++. Where a choice cannot
/// be made otherwise (instructions that a host lacks, options that an SDK has as macros) it may.
[[nodiscard]] Complaints check_conditions(const std::string& path, std::string_view text);

/// Links and `paths` in the document `path` lead to files. Paths are looked for relative to the
/// document's folder and to the project's; those with a wildcard or a placeholder, and what a build
/// makes, are left alone. A block of code after `<!-- from FILE -->` stands in FILE word for word.
[[nodiscard]] Complaints check_document(const std::filesystem::path& root, const std::string& path,
                                        std::string_view text);

/// The source `path` starts with the licence's line; nothing is left "to do", and no line names a
/// machine's own folders or a package server.
[[nodiscard]] Complaints check_words(const std::string& path, std::string_view text);

} // namespace check
