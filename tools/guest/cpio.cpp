// SPDX-License-Identifier: BSD-2-Clause
// The newc layout: a header of fourteen hexadecimal numbers, the name, the content, each padded to
// four bytes (Linux: Documentation/driver-api/early-userspace/buffer-format.rst).
#include "cpio.hpp"

#include <fmt/format.h>

#include <iterator>

namespace guest {

namespace {

constexpr std::uint32_t k_type_file   = 0100000;
constexpr std::uint32_t k_type_folder = 0040000;
constexpr std::uint32_t k_type_link   = 0120000;
constexpr std::uint32_t k_type_char   = 0020000;
constexpr std::uint32_t k_type_block  = 0060000;

void pad(std::string& bytes) { bytes.resize((bytes.size() + 3) / 4 * 4, '\0'); }

} // namespace

void CpioArchive::add_folder(std::string_view path, std::uint32_t permissions)
{
    add(path, k_type_folder | permissions, {}, {});
}

void CpioArchive::add_file(std::string_view path, std::uint32_t permissions,
                           std::string_view content)
{
    add(path, k_type_file | permissions, content, {});
}

void CpioArchive::add_link(std::string_view path, std::string_view target)
{
    add(path, k_type_link | 0777, target, {});
}

void CpioArchive::add_device(std::string_view path, std::uint32_t permissions, const Device& device)
{
    add(path, (device.block ? k_type_block : k_type_char) | permissions, {}, device);
}

std::string CpioArchive::finish() &&
{
    next_inode_ = 0;
    add("/TRAILER!!!", 0, {}, {});
    return std::move(bytes_);
}

void CpioArchive::add(std::string_view path, std::uint32_t mode, std::string_view content,
                      Device device)
{
    const auto name  = path.substr(path.starts_with('/') ? 1 : 0);
    const int  links = (mode & k_type_folder) == k_type_folder ? 2 : 1;
    // magic inode mode uid gid links time size device(2) special device(2) name size, checksum
    fmt::format_to(std::back_inserter(bytes_),
                   "070701{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}"
                   "{:08X}",
                   next_inode_, mode, 0, 0, links, 0, content.size(), 0, 0, device.major,
                   device.minor, name.size() + 1, 0);
    bytes_ += name;
    bytes_ += '\0';
    pad(bytes_);
    bytes_ += content;
    pad(bytes_);
    next_inode_++;
}

} // namespace guest
