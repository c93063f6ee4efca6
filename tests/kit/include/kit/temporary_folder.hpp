// SPDX-License-Identifier: BSD-2-Clause
// A folder for the files of one test program: no other process has it, and it goes when it is done.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <unistd.h>

namespace kit {

class TemporaryFolder {
public:
    /// An empty folder. Tests run side by side, several trees of one machine too: its name has
    /// `name` and the number of this process. Only one of a name at a time.
    explicit TemporaryFolder(std::string_view name)
        : path_{std::filesystem::path{testing::TempDir()} /
                (std::string{name} + "." + std::to_string(::getpid()))}
    {
        std::filesystem::remove_all(path_);
        std::filesystem::create_directories(path_);
    }
    ~TemporaryFolder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&)            = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

    /// A file in it with these bytes, whatever it held before.
    [[nodiscard]] std::filesystem::path write(std::string_view name, std::string_view bytes) const
    {
        const auto file = path_ / name;
        std::ofstream(file, std::ios::binary) << bytes;
        return file;
    }

private:
    std::filesystem::path path_;
};

} // namespace kit
