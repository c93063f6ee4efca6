// SPDX-License-Identifier: BSD-2-Clause
// Text of lines like "SYMBOL(prb)=ffff8000…", found and read.
#include "vmm/kernel_notes.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace vmm {
namespace {

constexpr std::uint64_t    k_page  = 4096;
constexpr std::string_view k_begin = "OSRELEASE=";

struct Key {
    std::string_view name;
    std::uint64_t KernelNotes::*value;
    unsigned                    base;
};

constexpr Key k_keys[] = {
    {"SYMBOL(swapper_pg_dir)", &KernelNotes::swapper_pg_dir, 16},
    {"NUMBER(kimage_voffset)", &KernelNotes::image_offset, 16},
    {"SYMBOL(kallsyms_names)", &KernelNotes::kallsyms_names, 16},
    {"SYMBOL(kallsyms_num_syms)", &KernelNotes::kallsyms_num_syms, 16},
    {"SYMBOL(kallsyms_token_table)", &KernelNotes::kallsyms_token_table, 16},
    {"SYMBOL(kallsyms_token_index)", &KernelNotes::kallsyms_token_index, 16},
    {"SYMBOL(kallsyms_offsets)", &KernelNotes::kallsyms_offsets, 16},
    {"SYMBOL(kallsyms_relative_base)", &KernelNotes::kallsyms_relative_base, 16},
    {"SYMBOL(prb)", &KernelNotes::prb, 16},
    {"OFFSET(printk_ringbuffer.desc_ring)", &KernelNotes::desc_ring, 10},
    {"OFFSET(printk_ringbuffer.text_data_ring)", &KernelNotes::text_data_ring, 10},
    {"OFFSET(prb_desc_ring.count_bits)", &KernelNotes::count_bits, 10},
    {"OFFSET(prb_desc_ring.descs)", &KernelNotes::descs, 10},
    {"OFFSET(prb_desc_ring.infos)", &KernelNotes::infos, 10},
    {"OFFSET(prb_desc_ring.head_id)", &KernelNotes::head_id, 10},
    {"SIZE(prb_desc)", &KernelNotes::desc_size, 10},
    {"OFFSET(prb_desc.state_var)", &KernelNotes::desc_state, 10},
    {"OFFSET(prb_desc.text_blk_lpos)", &KernelNotes::desc_text, 10},
    {"OFFSET(prb_data_blk_lpos.begin)", &KernelNotes::block_begin, 10},
    {"OFFSET(prb_data_blk_lpos.next)", &KernelNotes::block_next, 10},
    {"SIZE(printk_info)", &KernelNotes::info_size, 10},
    {"OFFSET(printk_info.ts_nsec)", &KernelNotes::info_time, 10},
    {"OFFSET(printk_info.text_len)", &KernelNotes::info_text_length, 10},
    {"OFFSET(prb_data_ring.size_bits)", &KernelNotes::data_size_bits, 10},
    {"OFFSET(prb_data_ring.data)", &KernelNotes::data, 10},
};

/// With or without 0x; what follows the digits is ignored.
std::uint64_t number(std::string_view text, unsigned base)
{
    if (base == 16 && text.starts_with("0x")) {
        text.remove_prefix(2);
    }
    std::uint64_t value = 0;
    for (const char c : text) {
        const unsigned digit = c >= '0' && c <= '9'   ? static_cast<unsigned>(c - '0')
                               : c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a') + 10
                                                      : base;
        if (digit >= base) {
            break;
        }
        value = value * base + digit;
    }
    return value;
}

void take(std::string_view line, KernelNotes& notes)
{
    const auto equals = line.find('=');
    if (equals == line.npos) {
        return;
    }
    const auto name  = line.substr(0, equals);
    auto       value = line;
    value.remove_prefix(equals + 1);
    if (line.starts_with(k_begin)) {
        const auto size = std::min(value.size(), notes.release.size() - 1);
        std::ranges::transform(value.substr(0, size), notes.release.begin(),
                               [](char c) { return c > ' ' && c < 0x7f ? c : '?'; });
        return;
    }
    for (const Key& key : k_keys) {
        if (name == key.name) {
            notes.*key.value = number(value, key.base);
            return;
        }
    }
}

} // namespace

std::optional<KernelNotes> read_kernel_notes(std::span<const std::byte> page)
{
    KernelNotes          notes;
    std::array<char, 80> line{}; // a copy: what is compared and what is taken are the same
    std::size_t          length = 0;
    for (const std::byte byte : page) {
        const char c = static_cast<char>(byte);
        if (c != '\n' && c != '\0') {
            if (length < line.size()) {
                line[length++] = c;
            }
            continue;
        }
        take({line.data(), length}, notes);
        length = 0;
        if (c == '\0') {
            break;
        }
    }
    if (notes.release[0] == '\0' || notes.swapper_pg_dir == 0) {
        return std::nullopt;
    }
    return notes;
}

std::optional<base::GuestPhysical> KernelNotesSearch::next(GuestMemory&   memory,
                                                           std::uint64_t& pages)
{
    constexpr auto k_first =
        std::bit_cast<std::uint64_t>(std::array{'O', 'S', 'R', 'E', 'L', 'E', 'A', 'S'});
    const auto regions = memory.regions();
    while (pages != 0 && !regions.empty()) {
        if (region_ >= regions.size() || offset_ >= regions[region_].guest.size()) {
            region_ = region_ + 1 < regions.size() ? region_ + 1 : 0;
            offset_ = 0;
        }
        const auto& range  = regions[region_].guest;
        const auto  rest   = (range.size() - offset_) / k_page;
        const auto  window = memory.window(base::GuestPhysical{range.start().raw() + offset_},
                                           std::min(rest, pages) * k_page);
        if (!window) {
            return std::nullopt;
        }
        for (auto bytes = window->bytes(); !bytes.empty(); bytes = bytes.subspan(k_page)) {
            std::uint64_t word = 0;
            std::memcpy(&word, bytes.data(), sizeof(word));
            --pages;
            offset_ += k_page;
            if (word == k_first) {
                return base::GuestPhysical{range.start().raw() + offset_ - k_page};
            }
        }
    }
    return std::nullopt;
}

} // namespace vmm
