// SPDX-License-Identifier: BSD-2-Clause
// A temporary directory with an SDK, programs and prefill files, in which tests run the tool.
#pragma once

#include "files.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace tool::test {

/// What one run of the tool gave.
struct Outcome {
    int         exit_code = -1;
    std::string out;
    std::string err;
};

/// The directory exists as long as the object; it is also the current directory meanwhile.
class Workspace {
public:
    Workspace();
    ~Workspace();
    Workspace(const Workspace&)            = delete;
    Workspace& operator=(const Workspace&) = delete;

    void                write(const std::string& name, const Bytes& data) const;
    void                write(const std::string& name, std::string_view text) const;
    [[nodiscard]] Bytes read(const std::string& name) const;
    [[nodiscard]] bool  has(const std::string& name) const;

    /// Runs `microkit words…`.
    [[nodiscard]] Outcome run(const std::vector<std::string>& words) const;
    /// Runs it for a description with --board and --config; output goes to loader.img.
    [[nodiscard]] Outcome build(const std::string& system,
                                const std::string& config = "debug") const;
    /// The same for the text of a description.
    [[nodiscard]] Outcome build_text(std::string_view description) const;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
    std::filesystem::path before_;
};

/// <system> … </system> around some elements.
[[nodiscard]] std::string in_system(std::string_view elements);
/// A protection domain `name` of pd.elf with some more elements in it.
[[nodiscard]] std::string pd(std::string_view name, std::string_view elements = "",
                             std::string_view attributes = "");

} // namespace tool::test
