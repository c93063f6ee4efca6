// SPDX-License-Identifier: BSD-2-Clause
#include "work_folder.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <unistd.h>

namespace vmm {

namespace fs = std::filesystem;

Result<WorkFolder> WorkFolder::create(const fs::path& parent)
{
    std::error_code error;
    fs::create_directories(parent, error);
    for (const auto& entry : fs::directory_iterator(parent, error)) {
        // A folder's name starts with its process.
        const int owner = std::atoi(entry.path().filename().c_str());
        if (owner > 0 && ::kill(owner, 0) != 0 && errno == ESRCH) {
            fs::remove_all(entry.path(), error);
        }
    }
    static int count = 0;
    const auto path  = parent / fmt::format("{}-{}", ::getpid(), count++);
    fs::remove_all(path, error); // left by a process that had our number before us
    if (!fs::create_directory(path, error)) {
        return std::unexpected(fmt::format("cannot make the folder {}", path.string()));
    }
    return WorkFolder{path};
}

WorkFolder::~WorkFolder()
{
    std::error_code ignored;
    if (!path_.empty()) {
        fs::remove_all(path_, ignored);
    }
}

} // namespace vmm
