// SPDX-License-Identifier: BSD-2-Clause
// The reference of the programming interface: from what Doxygen read out of the headers to pages.
#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace manual {

/// File name → text (Markdown): index.md, a page for each library, one for each of its headers.
/// `xml` is Doxygen's XML of lib/*/include under `root`.
[[nodiscard]] std::map<std::string, std::string> reference(const std::filesystem::path& xml,
                                                           const std::filesystem::path& root);

} // namespace manual
