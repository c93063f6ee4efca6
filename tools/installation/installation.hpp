// SPDX-License-Identifier: BSD-2-Clause
// Where the parts of libvmm are: in a source tree, or where `cmake --install` put them, wherever
// that has been moved since. cmake/places.cmake says the same to CMake.
#pragma once

#include <filesystem>

namespace vmm {

struct Installation {
    std::filesystem::path root;     ///< with lib, components, boards, cmake
    std::filesystem::path boards;   ///< with BOARD/board.dtb and what else boardgen makes
    std::filesystem::path guest;    ///< kernels, initramfs and disks of Debian
    std::filesystem::path sdk;      ///< picokit as an SDK
    std::filesystem::path sysgen;   ///< the program
    std::filesystem::path boardgen; ///< the program
    std::filesystem::path disk;     ///< the program
    std::filesystem::path cache;    ///< for what is fetched later; may not be there yet
    bool                  is_source_tree = false;

    /// The toolchain file for target code.
    [[nodiscard]] std::filesystem::path toolchain() const { return root / "cmake/aarch64.cmake"; }
};

/// That of the running program.
[[nodiscard]] const Installation& installation();

/// That of the program `program` (absolute): an installed tree if PREFIX/bin or
/// PREFIX/lib/libvmm/bin has it and PREFIX/share/libvmm is there, else the source tree.
[[nodiscard]] Installation installation_of(const std::filesystem::path& program);

} // namespace vmm
