// SPDX-License-Identifier: BSD-2-Clause
#include "programs.hpp"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <gelf.h>
#include <libelf.h>
#include <memory>
#include <unistd.h>

namespace sysgen {

namespace {

namespace fs = std::filesystem;

struct Section {
    std::string   name;
    std::uint64_t offset;
    std::uint64_t size;
};

std::vector<Section> sections(Elf* elf)
{
    std::vector<Section> found;
    std::size_t          names = 0;
    if (elf == nullptr || elf_getshdrstrndx(elf, &names) != 0) {
        return found;
    }
    for (Elf_Scn* scan = elf_nextscn(elf, nullptr); scan != nullptr;
         scan          = elf_nextscn(elf, scan)) {
        GElf_Shdr header;
        if (gelf_getshdr(scan, &header) != nullptr && header.sh_type == SHT_PROGBITS) {
            const char* const name = elf_strptr(elf, names, header.sh_name);
            found.push_back({name != nullptr ? name : "", header.sh_offset, header.sh_size});
        }
    }
    return found;
}

Result<std::vector<Section>> read_sections(const fs::path& path)
{
    elf_version(EV_CURRENT);
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return refuse(0, fmt::format("{} cannot be read", path.string()),
                      "build the program first");
    }
    const std::unique_ptr<Elf, int (*)(Elf*)> elf{elf_begin(file, ELF_C_READ, nullptr), elf_end};
    auto                                      found = sections(elf.get());
    close(file);
    if (found.empty()) {
        return refuse(0, fmt::format("{} is no ELF program", path.string()),
                      "name a program of this system");
    }
    return found;
}

} // namespace

Result<> fill_program(const fs::path& from, const fs::path& to, std::span<const ConfigFile> files)
{
    const auto present = TRY(read_sections(from));
    for (const auto& file : files) {
        const auto section = std::ranges::find(present, file.section, &Section::name);
        if (section == present.end()) {
            return refuse(0,
                          fmt::format("{} has no section {}, which '{}' needs", from.string(),
                                      file.section, file.domain),
                          "it is the program of something else, or was linked without the variable "
                          "that lies there");
        }
        if (section->size != file.bytes.size()) {
            return refuse(0,
                          fmt::format("the section {} of {} has {} bytes, not {}", file.section,
                                      from.string(), section->size, file.bytes.size()),
                          "it was written for another version of sDDF (this is 0.7)");
        }
    }
    std::error_code error;
    fs::create_directories(to.parent_path(), error);
    fs::copy_file(from, to, fs::copy_options::overwrite_existing, error);
    std::fstream out{to, std::ios::in | std::ios::out | std::ios::binary};
    for (const auto& file : files) {
        const auto section = std::ranges::find(present, file.section, &Section::name);
        out.seekp(static_cast<std::streamoff>(section->offset));
        out.write(reinterpret_cast<const char*>(file.bytes.data()),
                  static_cast<std::streamsize>(file.bytes.size()));
    }
    out.flush();
    if (error || !out) {
        return refuse(0, fmt::format("{} cannot be written", to.string()),
                      "look at the folder's permissions");
    }
    return {};
}

} // namespace sysgen
