// SPDX-License-Identifier: BSD-2-Clause
// libelf finds its way through the file; every number it reports is checked before use.
#include "program/elf_file.hpp"

#include "arch/translation.hpp"
#include "base/checked.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <gelf.h>
#include <memory>

namespace tool {
namespace {

struct EndElf {
    void operator()(Elf* elf) const { elf_end(elf); }
};

/// An open ELF and what messages about it need. Owns the bytes because libelf refers to them.
struct OpenElf {
    std::string                  name;
    const Location&              where;
    Bytes                        bytes;
    std::unique_ptr<Elf, EndElf> elf{};
    GElf_Ehdr                    header{};

    [[nodiscard]] std::unexpected<Diagnostic> wrong(std::string_view what,
                                                    std::string_view hint) const
    {
        return refuse(where, fmt::format("'{}' {}", name, what), std::string{hint});
    }
};

constexpr auto k_expected = "an ELF executable for AArch64 (64-bit, little-endian) is expected";

Result<OpenElf> open_elf(const std::filesystem::path& path, const Location& where)
{
    auto    bytes = TRY(read_file(path, where));
    OpenElf file{path.string(), where, std::move(bytes)};
    if (elf_version(EV_CURRENT) == EV_NONE) {
        return file.wrong("cannot be read: libelf is too old", "install a newer libelf");
    }
    file.elf.reset(elf_memory(reinterpret_cast<char*>(file.bytes.data()), file.bytes.size()));
    if (!file.elf || elf_kind(file.elf.get()) != ELF_K_ELF) {
        return file.wrong("is not an ELF file", k_expected);
    }
    if (gelf_getehdr(file.elf.get(), &file.header) == nullptr) {
        return file.wrong("is a damaged ELF file: its header is incomplete", "build it again");
    }
    if (file.header.e_ident[EI_CLASS] != ELFCLASS64) {
        return file.wrong("is a 32-bit ELF file", k_expected);
    }
    if (file.header.e_ident[EI_DATA] != ELFDATA2LSB) {
        return file.wrong("is a big-endian ELF file", k_expected);
    }
    if (file.header.e_machine != EM_AARCH64) {
        return file.wrong(
            fmt::format("is an ELF file for another machine (e_machine {})", file.header.e_machine),
            k_expected);
    }
    return file;
}

Result<Segment> read_segment(const OpenElf& file, std::size_t index, const GElf_Phdr& header)
{
    const auto size = static_cast<std::uint64_t>(file.bytes.size());
    if (!base::range_fits<std::uint64_t>(header.p_offset, header.p_filesz, size)) {
        return file.wrong(fmt::format("is truncated: segment {} is not wholly in the file", index),
                          "build or copy it again");
    }
    const auto end = base::checked_add<std::uint64_t>(header.p_vaddr, header.p_memsz);
    if (header.p_filesz > header.p_memsz || !end || !base::align_up(*end, arch::k_page_size)) {
        return file.wrong(fmt::format("is damaged: segment {} has impossible sizes", index),
                          "build it again");
    }
    const auto first = file.bytes.begin() + static_cast<std::ptrdiff_t>(header.p_offset);
    return Segment{
        header.p_vaddr,
        header.p_memsz,
        {(header.p_flags & PF_R) != 0, (header.p_flags & PF_W) != 0, (header.p_flags & PF_X) != 0},
        Bytes(first, first + static_cast<std::ptrdiff_t>(header.p_filesz))};
}

Result<> read_segments(const OpenElf& file, ElfFile& out)
{
    std::size_t count = 0;
    if (elf_getphdrnum(file.elf.get(), &count) != 0 || count == 0) {
        return file.wrong("has no program headers", "link it as an executable, not as an object");
    }
    for (std::size_t i = 0; i < count; ++i) {
        GElf_Phdr header;
        if (gelf_getphdr(file.elf.get(), static_cast<int>(i), &header) == nullptr) {
            return file.wrong(fmt::format("is damaged: program header {} is not in the file", i),
                              "build it again");
        }
        if (header.p_type == PT_LOAD && header.p_memsz != 0) {
            out.segments.push_back(TRY(read_segment(file, i, header)));
        }
    }
    if (out.segments.empty()) {
        return file.wrong("has no loadable segment", "link it as an executable");
    }
    std::ranges::sort(out.segments, {}, &Segment::vaddr);
    for (std::size_t i = 1; i < out.segments.size(); ++i) {
        const auto& [low, high] = std::tie(out.segments[i - 1], out.segments[i]);
        if (high.first_page() < low.end_page()) {
            return file.wrong(fmt::format("has two segments in the page {:#x}: one ends at {:#x}, "
                                          "the next begins at {:#x}",
                                          high.first_page(), low.vaddr + low.memory_size,
                                          high.vaddr),
                              "link with microkit.ld, or align the segments to 0x1000");
        }
    }
    return {};
}

void read_symbols(const OpenElf& file, ElfFile& out)
{
    for (Elf_Scn* section = nullptr; (section = elf_nextscn(file.elf.get(), section)) != nullptr;) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) == nullptr || header.sh_type != SHT_SYMTAB ||
            header.sh_entsize == 0) {
            continue;
        }
        Elf_Data* const data = elf_getdata(section, nullptr);
        if (data == nullptr) {
            continue;
        }
        out.has_symbol_table = true;
        const auto count     = header.sh_size / header.sh_entsize;
        for (std::uint64_t i = 0; i < count; ++i) {
            GElf_Sym symbol;
            if (gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr) {
                break;
            }
            const auto  type = GELF_ST_TYPE(symbol.st_info);
            const char* name = elf_strptr(file.elf.get(), header.sh_link, symbol.st_name);
            if (name != nullptr && *name != '\0' && symbol.st_shndx != SHN_UNDEF &&
                type != STT_FILE && type != STT_SECTION) {
                out.symbols.emplace(name, Symbol{symbol.st_value, symbol.st_size});
            }
        }
    }
}

} // namespace

std::uint64_t Segment::first_page() const { return base::align_down(vaddr, arch::k_page_size); }

std::uint64_t Segment::end_page() const
{
    return *base::align_up(vaddr + memory_size, arch::k_page_size);
}

Segment* ElfFile::segment_of(std::uint64_t address, std::uint64_t size)
{
    for (auto& segment : segments) {
        if (address >= segment.vaddr &&
            base::range_fits(address - segment.vaddr, size, segment.memory_size)) {
            return &segment;
        }
    }
    return nullptr;
}

Result<ElfFile> read_elf(const std::filesystem::path& path, const Location& where)
{
    const auto file = TRY(open_elf(path, where));
    ElfFile    out;
    out.name  = file.name;
    out.entry = file.header.e_entry;
    TRY(read_segments(file, out));
    read_symbols(file, out);
    return out;
}

Result<ElfFile> read_elf_symbols(const std::filesystem::path& path, const Location& where)
{
    const auto file = TRY(open_elf(path, where));
    ElfFile    out;
    out.name = file.name;
    read_symbols(file, out);
    return out;
}

} // namespace tool
