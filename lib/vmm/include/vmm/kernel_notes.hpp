// SPDX-License-Identifier: BSD-2-Clause
// What a Linux kernel writes down for crash tools (vmcoreinfo; Linux
// Documentation/admin-guide/kdump/vmcoreinfo.rst): a page of text in its RAM with the addresses and
// layouts of what one must know to read the rest. Kernels have it from their subsys_initcalls on,
// if they are configured with CONFIG_KEXEC or CONFIG_CRASH_DUMP, as distributions' are.
#pragma once

#include "base/address.hpp"
#include "vmm/memory.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace vmm {

/// What is used of it. Zero: the note does not say. All of it is the guest's word.
struct KernelNotes {
    std::array<char, 48> release{}; ///< "6.1.0-18-arm64"

    std::uint64_t swapper_pg_dir = 0; ///< the kernel's own tables, a virtual address
    std::uint64_t image_offset   = 0; ///< of virtual to physical addresses in the kernel's image

    std::uint64_t kallsyms_names         = 0;
    std::uint64_t kallsyms_num_syms      = 0;
    std::uint64_t kallsyms_token_table   = 0;
    std::uint64_t kallsyms_token_index   = 0;
    std::uint64_t kallsyms_offsets       = 0;
    std::uint64_t kallsyms_relative_base = 0;

    std::uint64_t prb              = 0; ///< the variable that points to the log
    std::uint64_t desc_ring        = 0; ///< offsets from here on
    std::uint64_t text_data_ring   = 0;
    std::uint64_t count_bits       = 0;
    std::uint64_t descs            = 0;
    std::uint64_t infos            = 0;
    std::uint64_t head_id          = 0;
    std::uint64_t desc_size        = 0; ///< bytes
    std::uint64_t desc_state       = 0;
    std::uint64_t desc_text        = 0;
    std::uint64_t block_begin      = 0;
    std::uint64_t block_next       = 0;
    std::uint64_t info_size        = 0; ///< bytes
    std::uint64_t info_time        = 0;
    std::uint64_t info_text_length = 0;
    std::uint64_t data_size_bits   = 0;
    std::uint64_t data             = 0;

    [[nodiscard]] bool has_symbols() const
    {
        return kallsyms_names != 0 && kallsyms_num_syms != 0 && kallsyms_token_table != 0 &&
               kallsyms_token_index != 0 && kallsyms_offsets != 0 && kallsyms_relative_base != 0;
    }
    [[nodiscard]] bool has_log() const { return prb != 0 && desc_size != 0 && info_size != 0; }

    [[nodiscard]] std::string_view name() const
    {
        const std::string_view all{release.data(), release.size()};
        return all.substr(0, all.find('\0'));
    }
};

/// Reads the page. Nothing if it is no such note.
[[nodiscard]] std::optional<KernelNotes> read_kernel_notes(std::span<const std::byte> page);

/// Looks for the page, as much at a time as its caller has time for.
class KernelNotesSearch {
public:
    /// The address of the next page that looks like a note. Looks at up to `pages` of them and
    /// takes those off; after the end of RAM comes its start.
    [[nodiscard]] std::optional<base::GuestPhysical> next(GuestMemory&   memory,
                                                          std::uint64_t& pages);

private:
    std::size_t   region_ = 0;
    std::uint64_t offset_ = 0;
};

} // namespace vmm
