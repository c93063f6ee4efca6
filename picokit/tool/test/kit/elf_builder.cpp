// SPDX-License-Identifier: BSD-2-Clause
// Writes small ELF files for tests, right ones and wrong ones.
#include "kit/elf_builder.hpp"

#include <algorithm>
#include <cstring>
#include <span>

namespace tool::test {
namespace {

template <class T>
void append(Bytes& out, const T& value)
{
    const auto bytes = std::as_bytes(std::span{&value, 1});
    out.insert(out.end(), bytes.begin(), bytes.end());
}

} // namespace

Bytes bytes_of(std::string_view text)
{
    const auto bytes = std::as_bytes(std::span{text});
    return {bytes.begin(), bytes.end()};
}

ElfBuilder& ElfBuilder::segment(std::uint64_t vaddr, Bytes data, std::uint64_t memory_size,
                                std::uint32_t flags, std::uint32_t type)
{
    segments_.push_back({vaddr, std::move(data), memory_size, flags, type});
    return *this;
}

ElfBuilder& ElfBuilder::symbol(std::string name, std::uint64_t address, std::uint64_t size,
                               unsigned char binding)
{
    symbols_.push_back({std::move(name), address, size, binding});
    return *this;
}

ElfBuilder& ElfBuilder::drop_symbol(std::string_view name)
{
    std::erase_if(symbols_, [&](const SymbolSpec& symbol) { return symbol.name == name; });
    return *this;
}

ElfBuilder& ElfBuilder::entry(std::uint64_t address)
{
    entry_ = address;
    return *this;
}

ElfBuilder& ElfBuilder::strip()
{
    stripped_ = true;
    return *this;
}

Bytes ElfBuilder::build() const
{
    // Header, program headers, segment data, symbols, strings, section headers.
    Bytes                   body;
    std::vector<Elf64_Phdr> headers;
    const auto              data_at = sizeof(Elf64_Ehdr) + segments_.size() * sizeof(Elf64_Phdr);
    for (const auto& segment : segments_) {
        Elf64_Phdr header{};
        header.p_type   = segment.type;
        header.p_flags  = segment.flags;
        header.p_offset = data_at + body.size();
        header.p_vaddr  = segment.vaddr;
        header.p_paddr  = segment.vaddr;
        header.p_filesz = segment.data.size();
        header.p_memsz  = segment.memory_size;
        header.p_align  = 1;
        headers.push_back(header);
        body.insert(body.end(), segment.data.begin(), segment.data.end());
    }
    std::string strings(1, '\0');
    Bytes       symbols(sizeof(Elf64_Sym));
    for (const auto& symbol : symbols_) {
        Elf64_Sym entry{};
        entry.st_name  = static_cast<Elf64_Word>(strings.size());
        entry.st_info  = static_cast<unsigned char>(ELF64_ST_INFO(symbol.binding, STT_OBJECT));
        entry.st_shndx = 1;
        entry.st_value = symbol.address;
        entry.st_size  = symbol.size;
        append(symbols, entry);
        strings += symbol.name + '\0';
    }
    std::vector<Elf64_Shdr> sections(stripped_ ? 0 : 3);
    if (!stripped_) {
        sections[1].sh_type    = SHT_SYMTAB;
        sections[1].sh_offset  = data_at + body.size();
        sections[1].sh_size    = symbols.size();
        sections[1].sh_entsize = sizeof(Elf64_Sym);
        sections[1].sh_link    = 2;
        body.insert(body.end(), symbols.begin(), symbols.end());
        sections[2].sh_type   = SHT_STRTAB;
        sections[2].sh_offset = data_at + body.size();
        sections[2].sh_size   = strings.size();
        const auto text       = bytes_of(strings);
        body.insert(body.end(), text.begin(), text.end());
    }

    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS]   = ELFCLASS64;
    header.e_ident[EI_DATA]    = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type              = ET_EXEC;
    header.e_machine           = EM_AARCH64;
    header.e_version           = EV_CURRENT;
    header.e_entry             = entry_;
    header.e_phoff             = headers.empty() ? 0 : sizeof header;
    header.e_ehsize            = sizeof header;
    header.e_phentsize         = sizeof(Elf64_Phdr);
    header.e_phnum             = static_cast<Elf64_Half>(headers.size());
    header.e_shentsize         = sizeof(Elf64_Shdr);
    header.e_shnum             = static_cast<Elf64_Half>(sections.size());
    header.e_shoff             = sections.empty() ? 0 : data_at + body.size();

    Bytes out;
    append(out, header);
    for (const auto& program_header : headers) {
        append(out, program_header);
    }
    out.insert(out.end(), body.begin(), body.end());
    for (const auto& section : sections) {
        append(out, section);
    }
    return out;
}

ElfBuilder pd_program()
{
    ElfBuilder elf;
    elf.entry(k_text)
        .segment(k_text, bytes_of("code"), 4, PF_R | PF_X)
        .segment(k_data, Bytes(0x100, std::byte{0xda}), 0x3000, PF_R | PF_W)
        .symbol("microkit_name", k_data, 64)
        .symbol("microkit_passive", k_data + 0x40, 1)
        .symbol("microkit_irqs", k_data + 0x48, 8)
        .symbol("microkit_notifications", k_data + 0x50, 8)
        .symbol("microkit_pps", k_data + 0x58, 8)
        .symbol("microkit_ioports", k_data + 0x60, 8)
        .symbol("var_a", k_data + 0x80, 8)
        .symbol("var_b", k_data + 0x88, 8)
        .symbol("var_c", k_data + 0x90, 8, STB_LOCAL)
        .symbol("var_4", k_data + 0x98, 4)
        .symbol("var_16", k_data + 0xa0, 16)
        .symbol("var_bss", k_bss + 0x10, 8);
    return elf;
}

ElfBuilder kernel_program(std::uint64_t load)
{
    ElfBuilder elf;
    elf.entry(load)
        .segment(load, bytes_of("kernel text"), 11, PF_R | PF_X)
        .segment(load + 0x1000, bytes_of("kernel rodata"), 13, PF_R)
        .segment(load + 0x2000, Bytes(0x100, std::byte{0xee}), 0x3000, PF_R | PF_W)
        .symbol("picokit_system_table", load + 0x2008, 8);
    return elf;
}

} // namespace tool::test
