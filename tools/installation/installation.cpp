// SPDX-License-Identifier: BSD-2-Clause
#include "installation.hpp"

#include <cstdlib>

namespace vmm {

namespace fs = std::filesystem;

namespace {

fs::path users_cache()
{
    const auto given = [](const char* name) -> fs::path {
        const char* const value = std::getenv(name);
        return value == nullptr ? "" : value;
    };
    if (const auto cache = given("XDG_CACHE_HOME"); cache.is_absolute()) {
        return cache / "libvmm";
    }
    const auto home = given("HOME");
    return (home.is_absolute() ? home / ".cache" : fs::temp_directory_path()) / "libvmm";
}

Installation source_tree(const fs::path& root)
{
    const auto tools = root / "build/host/tools";
    return {.root           = root,
            .boards         = root / "build/boards",
            .guest          = root / "build/guest",
            .sdk            = root / "build/sdk",
            .sysgen         = tools / "sysgen/sysgen",
            .boardgen       = tools / "boardgen/boardgen",
            .disk           = tools / "disk/disk",
            .cache          = root / ".cache",
            .is_source_tree = true};
}

Installation installed_tree(const fs::path& prefix)
{
    const auto root     = prefix / "share/libvmm";
    const auto programs = prefix / "lib/libvmm/bin";
    return {.root           = root,
            .boards         = root / "generated-boards",
            .guest          = root / "guest",
            .sdk            = root / "sdk",
            .sysgen         = programs / "sysgen",
            .boardgen       = programs / "boardgen",
            .disk           = programs / "disk",
            .cache          = users_cache(),
            .is_source_tree = false};
}

} // namespace

Installation installation_of(const fs::path& program)
{
    const auto      folder = program.parent_path();
    const auto      prefix = folder.parent_path();
    std::error_code ignored;
    for (const auto& candidate : {prefix, prefix.parent_path().parent_path()}) {
        if (folder.filename() == "bin" &&
            fs::exists(candidate / "share/libvmm/cmake/libvmm.cmake", ignored)) {
            return installed_tree(candidate);
        }
    }
    return source_tree(LIBVMM_SOURCE_DIR);
}

const Installation& installation()
{
    static const Installation found = [] {
        std::error_code error;
        return installation_of(fs::read_symlink("/proc/self/exe", error));
    }();
    return found;
}

} // namespace vmm
