// SPDX-License-Identifier: BSD-2-Clause
// Calls ./run as a user would, without a terminal, and keeps what it says.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace system_test {

struct Call {
    int         exit_code = -1;
    std::string output; ///< standard output
    std::string errors; ///< standard error

    /// All of it, for a failing test's message.
    [[nodiscard]] std::string text() const { return output + "\n-- errors:\n" + errors; }
};

/// ./run `arguments…`, with `environment` ("NAME=VALUE") added.
[[nodiscard]] Call run(const std::vector<std::string>& arguments,
                       const std::vector<std::string>& environment = {});

/// The project's folder.
[[nodiscard]] std::filesystem::path root();

/// The examples with an expect.txt, but simple, of which there are many; these run until it is
/// satisfied.
[[nodiscard]] std::set<std::string> examples();

/// An SDK directory in a folder NAME of the test's own that has no more than an official one:
/// tests/foreign/official_sdk.sh.
[[nodiscard]] std::string official_sdk(const std::string& name);

/// A kernel or other part of Debian's guest.
[[nodiscard]] std::string guest(const char* name);

/// A program of tests/guests ("probe.elf", "probe.bin").
[[nodiscard]] std::string bare_metal(const char* name);

/// All that a system of this tree prints (tests/guests/FOLDER/NAME.system) until it switches the
/// board off, which it must.
[[nodiscard]] std::string output_of(const std::string& board, const std::string& folder,
                                    const std::string& name);

/// A new file in the test's own folder, which no other process has and which goes when the test
/// program ends.
[[nodiscard]] std::string write_file(const std::string& name, const std::string& bytes);

inline constexpr const char* k_gicv2 = "qemu_virt_aarch64";
inline constexpr const char* k_gicv3 = "qemu_virt_aarch64_gicv3";

} // namespace system_test
