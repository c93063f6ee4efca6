// SPDX-License-Identifier: BSD-2-Clause
// CRC-32 by the instructions of Armv8 (FEAT_CRC32, which all our boards have): eight bytes a step.
#include "vmm/crc32.hpp"

#include <cstring>
#include <memory>

namespace vmm {

std::uint32_t crc32(std::span<const std::byte> bytes, std::uint32_t previous)
{
    auto       crc  = ~previous;
    const auto step = [&](std::byte byte) {
        asm("crc32b %w0, %w0, %w1" : "+r"(crc) : "r"(static_cast<std::uint32_t>(byte)));
    };
    while (!bytes.empty() && reinterpret_cast<std::uintptr_t>(bytes.data()) % 8 != 0) {
        step(bytes.front());
        bytes = bytes.subspan(1);
    }
    while (bytes.size() >= 8) {
        std::uint64_t word;
        __builtin_memcpy(&word, std::assume_aligned<8>(bytes.data()), sizeof(word));
        asm("crc32x %w0, %w0, %x1" : "+r"(crc) : "r"(word));
        bytes = bytes.subspan(8);
    }
    for (const auto byte : bytes) {
        step(byte);
    }
    return ~crc;
}

} // namespace vmm
