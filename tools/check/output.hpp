// SPDX-License-Identifier: BSD-2-Clause
// Findings as text and as JSON; the catalogue of the manual.
#pragma once

#include "rule.hpp"

#include <filesystem>
#include <string>

namespace check {

/// "error" or "warning".
[[nodiscard]] std::string_view name_of(Severity severity);

/// "file:line:column: node", as far as known.
[[nodiscard]] std::string to_text(const Place& place);

/// Lines for a person: each finding with its way out, the reason once a rule, and a summary. Of a
/// rule that finds more than `most`, the others are only counted.
[[nodiscard]] std::string to_text(const std::vector<Finding>& findings, std::size_t most);

/// The same for programs.
[[nodiscard]] std::string to_json(const std::vector<Finding>& findings);

[[nodiscard]] std::size_t count(const std::vector<Finding>& findings, Severity severity);

/// One rule with all its texts.
[[nodiscard]] std::string explain(const Rule& rule);

/// The manual's page: all rules, with the samples of a folder (test/samples) where it has some.
[[nodiscard]] std::string catalogue(const std::filesystem::path& samples);

} // namespace check
