// SPDX-License-Identifier: BSD-2-Clause
// Reading, finding and writing files.
#pragma once

#include "diagnostic.hpp"

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace tool {

using Bytes = std::vector<std::byte>;

/// The whole of a regular file. Refuses, at `where`, what cannot be read.
[[nodiscard]] Result<Bytes> read_file(const std::filesystem::path& path, const Location& where);

/// The directories that programs and prefill files are looked for in: those of --search-path in
/// order, then the current directory.
class SearchPath {
public:
    explicit SearchPath(std::vector<std::string> directories);

    /// The first match of a relative path; an absolute path stands for itself. `what` names the
    /// thing for the message: "program image", "prefill file".
    [[nodiscard]] Result<std::filesystem::path> find(const std::string& path, std::string_view what,
                                                     const Location& where) const;

private:
    std::vector<std::filesystem::path> directories_;
};

/// Writes a file so that a reader sees the old content or the new, never a part: to a temporary
/// name beside it, then renamed.
[[nodiscard]] Result<> write_file(const std::filesystem::path& path,
                                  std::span<const std::byte>   data);
[[nodiscard]] Result<> write_file(const std::filesystem::path& path, std::string_view text);

} // namespace tool
