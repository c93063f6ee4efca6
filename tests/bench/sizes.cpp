// SPDX-License-Identifier: BSD-2-Clause
#include "sizes.hpp"

#include "base/result.hpp"
#include "qemu/descriptor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fcntl.h>
#include <gelf.h>
#include <memory>
#include <optional>
#include <string_view>

namespace bench {
namespace {

struct EndElf {
    void operator()(Elf* elf) const { elf_end(elf); }
};

/// Addresses of the symbols that lib/vmm/images.S puts around a guest's images, and their section.
struct ImageBounds {
    std::uint64_t first   = ~std::uint64_t{0};
    std::uint64_t last    = 0;
    std::size_t   section = 0;

    [[nodiscard]] std::uint64_t size() const { return last > first ? last - first : 0; }
};

/// visit(symbol, name) for each of a table.
template <class Visit>
void for_each_symbol(Elf* elf, Elf_Scn* section, const GElf_Shdr& header, Visit visit)
{
    Elf_Data* data = elf_getdata(section, nullptr);
    for (std::size_t i = 0; data != nullptr && i < header.sh_size / header.sh_entsize; ++i) {
        GElf_Sym symbol;
        if (gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr) {
            continue;
        }
        const char* text = elf_strptr(elf, header.sh_link, symbol.st_name);
        visit(symbol, std::string_view{text != nullptr ? text : ""});
    }
}

void take_symbols(Elf* elf, Elf_Scn* section, const GElf_Shdr& header, ImageBounds& bounds)
{
    for_each_symbol(elf, section, header, [&](const GElf_Sym& symbol, std::string_view name) {
        if (name.starts_with("vmm_image_") && name != "vmm_image_vcpus") {
            bounds.first   = std::min<std::uint64_t>(bounds.first, symbol.st_value);
            bounds.last    = std::max<std::uint64_t>(bounds.last, symbol.st_value);
            bounds.section = symbol.st_shndx;
        }
    });
}

/// An ELF file that is open.
struct Program {
    qemu::Descriptor             file;
    std::unique_ptr<Elf, EndElf> elf;
};

Result<Program> open_program(const std::filesystem::path& program)
{
    elf_version(EV_CURRENT);
    qemu::Descriptor file{::open(program.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file.is_open()) {
        return std::unexpected(fmt::format("cannot open {}", program.string()));
    }
    std::unique_ptr<Elf, EndElf> elf{elf_begin(file.number(), ELF_C_READ, nullptr)};
    if (!elf || elf_kind(elf.get()) != ELF_K_ELF) {
        return std::unexpected(fmt::format("{} is no ELF file", program.string()));
    }
    return Program{std::move(file), std::move(elf)};
}

/// The part of `sizes` that a section's bytes belong to; null if they are not loaded.
std::uint64_t* part_of(Sizes& sizes, const GElf_Shdr& header)
{
    if ((header.sh_flags & SHF_ALLOC) == 0) {
        return nullptr;
    }
    if ((header.sh_flags & SHF_EXECINSTR) != 0) {
        return &sizes.text;
    }
    return (header.sh_flags & SHF_WRITE) != 0 ? &sizes.data : &sizes.read_only;
}

} // namespace

Result<Sizes> program_sizes(const std::filesystem::path& program)
{
    const auto  opened = TRY(open_program(program));
    const auto& elf    = opened.elf;
    Sizes       sizes;
    ImageBounds images;
    for (Elf_Scn* section = elf_nextscn(elf.get(), nullptr); section != nullptr;
         section          = elf_nextscn(elf.get(), section)) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) == nullptr) {
            return std::unexpected(
                fmt::format("{}: a section header is damaged", program.string()));
        }
        if (auto* part = part_of(sizes, header)) {
            *part += header.sh_size;
        }
        if (header.sh_type == SHT_SYMTAB && header.sh_entsize != 0) {
            take_symbols(elf.get(), section, header, images);
        }
    }
    GElf_Shdr  header;
    const bool has_images = images.size() != 0 &&
                            gelf_getshdr(elf_getscn(elf.get(), images.section), &header) != nullptr;
    if (auto* part = has_images ? part_of(sizes, header) : nullptr) {
        sizes.images = std::min(*part, images.size());
        *part -= sizes.images;
    }
    return sizes;
}

Result<std::uint64_t> symbol_address(const std::filesystem::path& program, std::string_view name)
{
    const auto                   opened = TRY(open_program(program));
    Elf* const                   elf    = opened.elf.get();
    std::optional<std::uint64_t> address;
    for (Elf_Scn* section = elf_nextscn(elf, nullptr); section != nullptr;
         section          = elf_nextscn(elf, section)) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) != nullptr && header.sh_type == SHT_SYMTAB &&
            header.sh_entsize != 0) {
            for_each_symbol(elf, section, header, [&](const GElf_Sym& symbol, std::string_view it) {
                address = it == name ? std::optional{symbol.st_value} : address;
            });
        }
    }
    if (!address) {
        return std::unexpected(fmt::format("{} has no symbol {}", program.string(), name));
    }
    return *address;
}

} // namespace bench
