// SPDX-License-Identifier: BSD-2-Clause
// What the manual says is what the code says: feature bits, elements of layouts, headings, and
// where blocks of code come from.
#pragma once

#include "repository.hpp"

namespace check {

/// The anchor that a heading has, here and on the servers that show Markdown: "A `b`, c" is
/// "a-b-c".
[[nodiscard]] std::string anchor_of(std::string_view heading);

/// Links with an anchor, to `path` itself or another document, lead to a heading.
[[nodiscard]] Complaints check_anchors(const std::filesystem::path& root, const std::string& path,
                                       std::string_view text);

/// Each block of a page of the manual says in the line before where it comes from
/// (`<!-- from FILE -->`) or what it is for (tests/system/manual_page.hpp), or is run (`console`).
[[nodiscard]] Complaints check_blocks(const std::string& path, std::string_view text);

/// Each page in the folder of `index` is listed there: that is the manual's navigation.
[[nodiscard]] Complaints check_index(const std::filesystem::path& root, const std::string& index);

/// The tables of `page` below "## Disk" and so on have the names and bits of the constants
/// k_feature_* that the header of that device has, no more and no less.
[[nodiscard]] Complaints check_features(const std::filesystem::path& root, const std::string& page);

/// Every attribute and element that tools/sysgen takes stands in `page` in backticks.
[[nodiscard]] Complaints check_layout(const std::filesystem::path& root, const std::string& page);

} // namespace check
