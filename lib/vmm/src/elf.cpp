// SPDX-License-Identifier: BSD-2-Clause
// ELF64 program headers, field by field at the offsets of the specification.
#include "vmm/elf.hpp"

#include "base/checked.hpp"
#include "base/endian.hpp"

namespace vmm {

namespace {

constexpr std::string_view k_hint = "build a statically linked program for AArch64";

std::uint64_t half(std::span<const std::byte> bytes, std::size_t offset)
{
    return base::load_little<std::uint16_t>(bytes, offset).value_or(0);
}
std::uint64_t word(std::span<const std::byte> bytes, std::size_t offset)
{
    return base::load_little<std::uint32_t>(bytes, offset).value_or(0);
}
std::uint64_t double_word(std::span<const std::byte> bytes, std::size_t offset)
{
    return base::load_little<std::uint64_t>(bytes, offset).value_or(0);
}

constexpr std::size_t k_header_size         = 64;
constexpr std::size_t k_program_header_size = 56;

/// e_ident and the fields that say what kind of file this is.
base::Result<> check_kind(std::span<const std::byte> file)
{
    constexpr std::byte     k_64_bits{2}, k_little_endian{1};
    constexpr std::uint64_t k_executable = 2, k_shared = 3, k_aarch64 = 183;

    if (!is_elf(file) || file.size() < k_header_size) {
        return base::fail("the ELF kernel is cut off", "copy the file again");
    }
    if (file[4] != k_64_bits) {
        return base::fail("the ELF kernel is a 32-bit program", k_hint);
    }
    if (file[5] != k_little_endian) {
        return base::fail("the ELF kernel is big-endian", k_hint);
    }
    if (const auto machine = half(file, 18); machine != k_aarch64) {
        return base::fail("the ELF kernel is for another architecture", k_hint, machine);
    }
    if (const auto type = half(file, 16); type != k_executable && type != k_shared) {
        return base::fail("the ELF kernel is not a program", "link it; an object file cannot run",
                          type);
    }
    if (half(file, 54) != k_program_header_size || half(file, 56) == 0) {
        return base::fail("the ELF kernel has no program headers", k_hint);
    }
    return {};
}

base::Result<ElfSegment> read_segment(std::span<const std::byte> file,
                                      std::span<const std::byte> header)
{
    const auto offset      = double_word(header, 8);
    const auto physical    = double_word(header, 24);
    const auto file_size   = double_word(header, 32);
    const auto memory_size = double_word(header, 40);
    if (!base::range_fits<std::uint64_t>(offset, file_size, file.size())) {
        return base::fail("the ELF kernel is cut off", "copy the file again", offset + file_size);
    }
    const auto memory = base::GuestRange::create(base::GuestPhysical{physical}, memory_size);
    if (!memory || memory_size < file_size) {
        return base::fail("the ELF kernel has a segment of impossible size", k_hint, memory_size);
    }
    return ElfSegment{*memory, file.subspan(offset, file_size)};
}

} // namespace

bool is_elf(std::span<const std::byte> file)
{
    return base::load_big<std::uint32_t>(file) == 0x7f45'4c46; // "\x7fELF"
}

base::Result<ElfProgram> read_elf(std::span<const std::byte> file)
{
    constexpr std::uint64_t k_load = 1, k_dynamic_linker = 3;

    TRY(check_kind(file));
    const auto entry = double_word(file, 24);
    const auto table = double_word(file, 32);
    const auto count = half(file, 56);
    if (!base::range_fits<std::uint64_t>(table, count * k_program_header_size, file.size())) {
        return base::fail("the ELF kernel is cut off", "copy the file again", table);
    }

    ElfProgram program;
    bool       entry_found = false;
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto header = file.subspan(table + i * k_program_header_size, k_program_header_size);
        const auto type   = word(header, 0);
        if (type == k_dynamic_linker) {
            return base::fail("the ELF kernel is dynamically linked", k_hint);
        }
        if (type != k_load || double_word(header, 40) == 0) {
            continue;
        }
        const auto segment = TRY(read_segment(file, header));
        for (const auto& other : program.segments) {
            if (other.memory.overlaps(segment.memory)) {
                return base::fail("segments of the ELF kernel overlap in memory",
                                  "correct its linker script: physical addresses (LMA) count",
                                  segment.memory.start().raw());
            }
        }
        if (!program.segments.push_back(segment)) {
            return base::fail("the ELF kernel has more than 16 segments", "merge its sections",
                              count);
        }
        // The entry is a virtual address; kernels that run where they are linked have both alike.
        const auto virtual_start = double_word(header, 16);
        if (!entry_found && entry >= virtual_start &&
            entry - virtual_start < segment.memory.size()) {
            program.entry =
                base::GuestPhysical{segment.memory.start().raw() + (entry - virtual_start)};
            entry_found = true;
        }
    }
    for (const auto& segment : program.segments) {
        if (!entry_found && segment.memory.contains(base::GuestPhysical{entry})) {
            program.entry = base::GuestPhysical{entry};
            entry_found   = true;
        }
    }
    if (program.segments.empty()) {
        return base::fail("the ELF kernel has nothing to load", k_hint);
    }
    if (!entry_found) {
        return base::fail("the entry point of the ELF kernel is outside of its segments",
                          "set it with ENTRY() in the linker script", entry);
    }
    return program;
}

} // namespace vmm
