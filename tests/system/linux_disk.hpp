// SPDX-License-Identifier: BSD-2-Clause
// Disk images of Linux guests, seen from outside.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace system_test {

/// Where the first partition of the images of tools/disk starts.
inline constexpr std::uint64_t k_partition = 1 << 20;

/// An empty file in the test's own folder.
[[nodiscard]] std::filesystem::path new_image(const std::string& name);

/// A copy of build/guest/NAME in the test's own folder, for this run only.
[[nodiscard]] std::filesystem::path copy_of_disk(const std::string& name);

/// A disk in the test's own folder whose one partition is empty.
[[nodiscard]] std::filesystem::path empty_disk(const std::string& name, std::uint64_t bytes);

/// The output of a command of this machine and "exit N" where N is not 0.
[[nodiscard]] std::string host(const std::string& command);

/// Complaints of e2fsck about the first partition's file system; empty if it is clean.
[[nodiscard]] std::string fsck(const std::filesystem::path& image);

/// The SHA-256 of a file in the first partition's file system, in hexadecimal digits.
[[nodiscard]] std::string sha256_in(const std::filesystem::path& image, const std::string& file);

} // namespace system_test
