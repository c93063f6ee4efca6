// SPDX-License-Identifier: BSD-2-Clause
// What a Linux kernel has in its memory, as far as reports read it: notes, names, log. Stage 1 is
// off, so addresses of both kinds are the same.
#pragma once

#include "vmm/memory.hpp"

#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace kit {

/// Where a kernel's parts are put.
struct LinuxMemory {
    std::uint64_t notes       = 0x4010'0000; ///< a page
    std::uint64_t names       = 0x4020'0000;
    std::uint64_t num_syms    = 0x401f'fff8;
    std::uint64_t token_table = 0x4028'0000;
    std::uint64_t token_index = 0x4028'8000;
    std::uint64_t offsets     = 0x4029'0000;
    std::uint64_t base_at     = 0x4029'8000;
    std::uint64_t base        = 0x4040'0000; ///< of the symbols
    std::uint64_t prb         = 0x402a'0000;
    std::uint64_t ring        = 0x402a'0100;
    std::uint64_t descs       = 0x402a'1000;
    std::uint64_t infos       = 0x402a'2000;
    std::uint64_t data        = 0x402a'8000;
    unsigned      count_bits  = 4;
    unsigned      data_bits   = 10;
    std::uint64_t head        = 0; ///< of the log, after the last say()
    std::uint64_t text_at     = 0; ///< position in the ring of text

    explicit LinuxMemory(vmm::GuestMemory& where)
        : memory{where}
    {
    }

    template <class T>
    void put(std::uint64_t at, T value) const
    {
        (void)memory.store(base::GuestPhysical{at}, value);
    }

    /// The note; `changes` replace the values of lines.
    void write_notes(const std::map<std::string, std::string>& changes = {}) const
    {
        std::map<std::string, std::string> lines{
            {"SYMBOL(swapper_pg_dir)", hex(0x4005'0000)},
            {"NUMBER(kimage_voffset)", "0x0"},
            {"SYMBOL(kallsyms_names)", hex(names)},
            {"SYMBOL(kallsyms_num_syms)", hex(num_syms)},
            {"SYMBOL(kallsyms_token_table)", hex(token_table)},
            {"SYMBOL(kallsyms_token_index)", hex(token_index)},
            {"SYMBOL(kallsyms_offsets)", hex(offsets)},
            {"SYMBOL(kallsyms_relative_base)", hex(base_at)},
            {"SYMBOL(prb)", hex(prb)},
            {"OFFSET(printk_ringbuffer.desc_ring)", "0"},
            {"OFFSET(printk_ringbuffer.text_data_ring)", "48"},
            {"OFFSET(prb_desc_ring.count_bits)", "0"},
            {"OFFSET(prb_desc_ring.descs)", "8"},
            {"OFFSET(prb_desc_ring.infos)", "16"},
            {"OFFSET(prb_desc_ring.head_id)", "24"},
            {"SIZE(prb_desc)", "24"},
            {"OFFSET(prb_desc.state_var)", "0"},
            {"OFFSET(prb_desc.text_blk_lpos)", "8"},
            {"OFFSET(prb_data_blk_lpos.begin)", "0"},
            {"OFFSET(prb_data_blk_lpos.next)", "8"},
            {"SIZE(printk_info)", "88"},
            {"OFFSET(printk_info.ts_nsec)", "8"},
            {"OFFSET(printk_info.text_len)", "16"},
            {"OFFSET(prb_data_ring.size_bits)", "0"},
            {"OFFSET(prb_data_ring.data)", "8"},
        };
        for (const auto& [key, value] : changes) {
            lines[key] = value;
        }
        std::string text = "OSRELEASE=6.1.0-test\nBUILD-ID=00ff\nPAGESIZE=4096\n";
        for (const auto& [key, value] : lines) {
            text += key + "=" + value + "\n";
        }
        text.resize(4096);
        (void)memory.copy_in(base::GuestPhysical{notes}, std::as_bytes(std::span{text}));
    }

    /// Symbols in the order of their addresses, each with its distance from `base`. The names are
    /// made of tokens as they are: one for each character, and "_long_" for 1.
    void write_symbols(const std::vector<std::pair<std::uint32_t, std::string>>& symbols) const
    {
        std::uint16_t place = 0;
        for (unsigned token = 0; token < 256; ++token) {
            const std::string text =
                token == 1 ? "_long_"
                           : std::string(1, token > ' ' ? static_cast<char>(token) : '?');
            put(token_index + 2UL * token, place);
            for (const char c : text + '\0') {
                put(token_table + place++, c);
            }
        }
        std::uint64_t at = names;
        for (std::size_t i = 0; i < symbols.size(); ++i) {
            const auto& [offset, name] = symbols[i];
            put(offsets + 4 * i, offset);
            const auto length = static_cast<unsigned>(name.size());
            if (length < 0x80) {
                put(at++, static_cast<std::uint8_t>(length));
            } else {
                put(at++, static_cast<std::uint8_t>(0x80 | (length & 0x7f)));
                put(at++, static_cast<std::uint8_t>(length >> 7));
            }
            for (const char c : name) {
                put(at++, c);
            }
        }
        put(num_syms, static_cast<std::uint32_t>(symbols.size()));
        put(base_at, base);
    }

    /// The log's variables, empty.
    void write_log()
    {
        put(prb, ring);
        put(ring, count_bits);
        put(ring + 8, descs);
        put(ring + 16, infos);
        put(ring + 48, data_bits);
        put(ring + 56, data);
        head = (std::uint64_t{1} << 62) - 3; // numbers wrap soon
        put(ring + 24, head);
    }

    /// One message.
    void say(const std::string& text, std::uint64_t nanoseconds = 0, std::uint8_t facility = 0)
    {
        head             = (head + 1) & (~std::uint64_t{0} >> 2);
        const auto index = head & ((1U << count_bits) - 1);
        const auto size  = std::uint64_t{1} << data_bits;
        const auto block = (8 + text.size() + 7) & ~std::uint64_t{7};
        auto       begin = text_at;
        auto       next  = begin + block;
        auto       at    = begin & (size - 1);
        if (begin / size != next / size && next % size != 0) {
            at   = 0;
            next = (begin / size + 1) * size + block;
        }
        text_at = next;
        if (text.empty()) {
            begin = next = 3;
        } else {
            put(data + at, head);
            (void)memory.copy_in(base::GuestPhysical{data + at + 8},
                                 std::as_bytes(std::span{text}));
        }
        put(descs + 24 * index, head | std::uint64_t{2} << 62);
        put(descs + 24 * index + 8, begin);
        put(descs + 24 * index + 16, next);
        put(infos + 88 * index + 8, nanoseconds);
        put(infos + 88 * index + 16, static_cast<std::uint16_t>(text.size()));
        put(infos + 88 * index + 18, facility);
        put(ring + 24, head);
    }

    static std::string hex(std::uint64_t value)
    {
        std::string text;
        for (int shift = 60; shift >= 0; shift -= 4) {
            text += "0123456789abcdef"[value >> shift & 15];
        }
        return text;
    }

    vmm::GuestMemory& memory;
};

} // namespace kit
