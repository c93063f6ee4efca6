// SPDX-License-Identifier: BSD-2-Clause
// Reading, finding and writing files.
#include "files.hpp"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <unistd.h>

namespace tool {

namespace fs = std::filesystem;

Result<Bytes> read_file(const fs::path& path, const Location& where)
{
    const auto      unreadable = "check that it is a regular file and that you may read it";
    std::error_code error;
    if (!fs::is_regular_file(path, error)) {
        const auto reason = fs::exists(path, error) ? "is not a regular file" : "does not exist";
        return refuse(where, fmt::format("'{}' {}", path.string(), reason), unreadable);
    }
    std::ifstream stream{path, std::ios::binary};
    Bytes         data(static_cast<std::size_t>(fs::file_size(path, error)));
    if (!stream || error ||
        (!data.empty() && !stream.read(reinterpret_cast<char*>(data.data()),
                                       static_cast<std::streamsize>(data.size())))) {
        return refuse(where, fmt::format("cannot read '{}'", path.string()), unreadable);
    }
    return data;
}

SearchPath::SearchPath(std::vector<std::string> directories)
{
    for (auto& directory : directories) {
        directories_.emplace_back(std::move(directory));
    }
    directories_.emplace_back(".");
}

Result<fs::path> SearchPath::find(const std::string& path, std::string_view what,
                                  const Location& where) const
{
    std::string tried;
    for (const auto& directory : directories_) {
        // An absolute path replaces the directory.
        const auto      candidate = directory / path;
        std::error_code error;
        if (fs::exists(candidate, error)) {
            return directory == "." ? fs::path{path} : candidate;
        }
        tried += (tried.empty() ? "'" : ", '") + directory.string() + "'";
    }
    return refuse(
        where, fmt::format("{} '{}' not found", what, path),
        fs::path{path}.is_absolute()
            ? "it is an absolute path: create the file or correct the path"
            : fmt::format("searched in {}; name its directory with --search-path", tried));
}

Result<> write_file(const fs::path& path, std::span<const std::byte> data)
{
    auto temporary = path;
    temporary += fmt::format(".{}.tmp", ::getpid());
    const auto failed = [&]() {
        const std::string reason = std::strerror(errno);
        std::error_code   ignored;
        fs::remove(temporary, ignored);
        return refuse({}, fmt::format("cannot write '{}': {}", path.string(), reason),
                      "check that its directory exists, may be written to, and has room");
    };
    {
        std::ofstream stream{temporary, std::ios::binary | std::ios::trunc};
        if (!stream) {
            return failed();
        }
        stream.write(reinterpret_cast<const char*>(data.data()),
                     static_cast<std::streamsize>(data.size()));
        stream.close();
        if (!stream) {
            return failed();
        }
    }
    if (std::rename(temporary.c_str(), path.c_str()) != 0) {
        return failed();
    }
    return {};
}

Result<> write_file(const fs::path& path, std::string_view text)
{
    return write_file(path, std::as_bytes(std::span{text}));
}

} // namespace tool
