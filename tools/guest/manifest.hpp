// SPDX-License-Identifier: BSD-2-Clause
// The text that says what an initramfs holds, one entry a line, turned into an archive.
#pragma once

#include <expected>
#include <map>
#include <string>
#include <string_view>

namespace guest {

/// NAME → VALUE: what {NAME} in a manifest stands for.
using Substitutions = std::map<std::string, std::string, std::less<>>;

/// The archive that `manifest` describes. Its lines are
///     dir  PATH MODE            file PATH MODE SOURCE
///     link PATH TARGET          node PATH MODE c|b MAJOR MINOR
///     tree PATH SOURCE          (all that is in the folder SOURCE; programs 755, other files 644)
/// where MODE is octal and # starts a comment. The error names the line and what is wrong with it.
[[nodiscard]] std::expected<std::string, std::string>
make_initramfs(std::string_view manifest, const Substitutions& substitutions);

} // namespace guest
