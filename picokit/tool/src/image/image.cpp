// SPDX-License-Identifier: BSD-2-Clause
// The boot image.
#include "image/image.hpp"

#include "image/system_table.hpp"

#include <algorithm>
#include <cstring>
#include <elf.h>
#include <fmt/format.h>

namespace tool {
namespace {

/// The kernel clears its .bss itself: what is written there would be lost.
bool is_data(const ElfFile& file, const std::string& symbol)
{
    const auto found = file.symbols.find(symbol);
    return found != file.symbols.end() &&
           std::ranges::any_of(file.segments, [&](const Segment& segment) {
               return found->second.address >= segment.vaddr &&
                      base::range_fits<std::uint64_t>(found->second.address - segment.vaddr,
                                                      found->second.size, segment.data.size());
           });
}

} // namespace

Result<Layout> lay_out(const Inputs& inputs)
{
    // How much room the tables need depends on addresses, and addresses on that room. Both only
    // ever grow, so this ends; usually at the second round.
    std::uint64_t table_size = 0;
    std::uint64_t pages      = 0;
    for (;;) {
        auto       placement    = TRY(place(inputs, table_size, pages));
        auto       maps         = build_address_maps(inputs, placement);
        auto       table        = build_system_table(inputs, placement, maps);
        const auto needed_bytes = *base::align_up<std::uint64_t>(table.size(), arch::k_page_size);
        const auto needed_pages = static_cast<std::uint64_t>(maps.tables.tables().size());
        if (needed_bytes <= table_size && needed_pages <= pages) {
            return Layout{std::move(placement), std::move(maps), std::move(table)};
        }
        table_size = std::max(table_size, needed_bytes);
        pages      = std::max(pages, needed_pages);
    }
}

Result<Bytes> build_image(const Inputs& inputs, const Layout& layout)
{
    const auto& placement = layout.placement;
    Bytes       image(static_cast<std::size_t>(placement.image.size));
    const auto  put = [&](std::uint64_t address, std::span<const std::byte> data) {
        const auto offset = static_cast<std::ptrdiff_t>(address - placement.image.address);
        std::ranges::copy(data, image.begin() + offset);
    };
    LoadedProgram  kernel{inputs.kernel, inputs.kernel.name};
    const Location where{inputs.kernel.name};
    if (!is_data(inputs.kernel, "picokit_system_table")) {
        return refuse(where,
                      fmt::format("'{}' does not define picokit_system_table as initialised data",
                                  inputs.kernel.name),
                      "use a kernel of picokit: it finds its table through this variable");
    }
    TRY(write_symbol(kernel, "picokit_system_table", placement.table.address, SymbolSize::exact,
                     where));
    for (const auto& segment : kernel.image.segments) {
        put(segment.vaddr, segment.data);
    }
    put(placement.table.address, layout.system_table);
    put(placement.page_tables.address, std::as_bytes(std::span{layout.maps.tables.tables()}));
    for (const auto& part : placement.parts) {
        put(part.address, part.data);
    }
    return image;
}

Bytes wrap_as_elf(const Bytes& image, std::uint64_t load_address)
{
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS]   = ELFCLASS64;
    header.e_ident[EI_DATA]    = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type              = ET_EXEC;
    header.e_machine           = EM_AARCH64;
    header.e_version           = EV_CURRENT;
    header.e_entry             = load_address;
    header.e_phoff             = sizeof header;
    header.e_ehsize            = sizeof header;
    header.e_phentsize         = sizeof(Elf64_Phdr);
    header.e_phnum             = 1;
    header.e_shentsize         = sizeof(Elf64_Shdr);
    Elf64_Phdr segment{};
    segment.p_type   = PT_LOAD;
    segment.p_flags  = PF_R | PF_W | PF_X;
    segment.p_offset = arch::k_page_size;
    segment.p_vaddr  = load_address;
    segment.p_paddr  = load_address;
    segment.p_filesz = image.size();
    segment.p_memsz  = image.size();
    segment.p_align  = arch::k_page_size;

    Bytes elf(arch::k_page_size + image.size());
    std::memcpy(elf.data(), &header, sizeof header);
    std::memcpy(elf.data() + sizeof header, &segment, sizeof segment);
    std::ranges::copy(image, elf.begin() + arch::k_page_size);
    return elf;
}

} // namespace tool
