// SPDX-License-Identifier: BSD-2-Clause
// Writes cpio archives in the form the Linux kernel unpacks ("newc"), without needing the files'
// owners or device nodes to exist on this machine. The same entries give the same bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace guest {

/// A device node's kind and number, as mknod(1) takes them.
struct Device {
    bool          block = false;
    std::uint32_t major = 0;
    std::uint32_t minor = 0;
};

/// An archive in the making. Paths are absolute in the guest; a folder comes before what is in it.
/// Permissions are the low twelve bits of st_mode. Everything belongs to root and has time 0.
class CpioArchive {
public:
    void add_folder(std::string_view path, std::uint32_t permissions);
    void add_file(std::string_view path, std::uint32_t permissions, std::string_view content);
    void add_link(std::string_view path, std::string_view target);
    void add_device(std::string_view path, std::uint32_t permissions, const Device& device);

    /// The archive with its trailer. Nothing may be added afterwards.
    [[nodiscard]] std::string finish() &&;

private:
    void add(std::string_view path, std::uint32_t mode, std::string_view content, Device device);

    std::string   bytes_;
    std::uint32_t next_inode_ = 1;
};

} // namespace guest
