// SPDX-License-Identifier: BSD-2-Clause
// A folder for one run of the runner, gone when it ends.
#pragma once

#include "options.hpp"

#include <filesystem>

namespace vmm {

class WorkFolder {
public:
    /// A new folder below `parent`. Removes what runs that were killed left there.
    [[nodiscard]] static Result<WorkFolder> create(const std::filesystem::path& parent);

    WorkFolder(WorkFolder&& other) noexcept
        : path_(std::exchange(other.path_, {}))
    {
    }
    WorkFolder& operator=(WorkFolder&&)      = delete;
    WorkFolder(const WorkFolder&)            = delete;
    WorkFolder& operator=(const WorkFolder&) = delete;
    ~WorkFolder();

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    explicit WorkFolder(std::filesystem::path path)
        : path_(std::move(path))
    {
    }

    std::filesystem::path path_;
};

} // namespace vmm
