// SPDX-License-Identifier: BSD-2-Clause
// The log of a Linux kernel that has not written its notes yet: blocks of text in the image's bss.
#pragma once

#include "vmm/memory.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace kit {

/// How printk leaves a text in its block.
enum class Leftover : std::uint8_t {
    none,        ///< the text, and zeros up to the next word (up to Linux 5.12)
    moved_twice, ///< its last two characters again, a line feed and a zero
};

/// A ring of text.
struct EarlyKernel {
    std::uint64_t ring;                                      ///< its address, a multiple of 8
    std::uint64_t size    = 1024;                            ///< bytes, a power of two
    std::uint64_t head    = (std::uint64_t{1} << 32) - 4096; ///< number of the next message
    std::uint64_t text_at = 0;                               ///< position of its block
    Leftover      leaves  = Leftover::moved_twice;

    static constexpr const char* k_first =
        "Booting Linux on physical CPU 0x0000000000 [0x410fd034]";

    EarlyKernel(vmm::GuestMemory& where, std::uint64_t at)
        : ring{at}
        , memory{where}
    {
    }

    /// One message.
    void say(std::string text)
    {
        const auto id = head++;
        if (text.empty()) {
            return; // it has no block
        }
        if (leaves == Leftover::moved_twice) {
            text += text.substr(text.size() < 2 ? 0 : text.size() - 2) + '\n' + '\0';
        }
        text.resize((text.size() + 7) & ~std::size_t{7});
        const auto block = 8 + text.size();
        if (text_at / size != (text_at + block - 1) / size) {
            put(text_at % size, id); // one that would wrap is at the start of the ring
            text_at = (text_at / size + 1) * size;
        }
        put(text_at % size, id);
        (void)memory.copy_in(base::GuestPhysical{ring + text_at % size + 8},
                             std::as_bytes(std::span{text}));
        text_at += block;
    }

    void put(std::uint64_t offset, std::uint64_t word) const
    {
        (void)memory.store(base::GuestPhysical{ring + offset}, word);
    }

    /// An arm64 Image of that many bytes in RAM, for a loader: a header and nothing else.
    static std::vector<std::byte> image(std::uint64_t in_ram)
    {
        std::vector<std::byte> file(4096);
        for (unsigned i = 0; i < 8; ++i) {
            file[16 + i] = static_cast<std::byte>(in_ram >> 8 * i);
        }
        file[24] = std::byte{0xa}; // little-endian, pages of 4 KiB
        file[56] = std::byte{'A'};
        file[57] = std::byte{'R'};
        file[58] = std::byte{'M'};
        file[59] = std::byte{0x64};
        return file;
    }

    vmm::GuestMemory& memory;
};

} // namespace kit
