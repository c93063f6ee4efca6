// SPDX-License-Identifier: BSD-2-Clause
// Kernel files for the tests, made byte by byte so that every field can be wrong.
#pragma once

#include "base/endian.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace vmm_test {

using Bytes = std::vector<std::byte>;

inline void put(Bytes& bytes, std::size_t offset, std::uint64_t value, std::size_t size)
{
    for (std::size_t i = 0; i < size; ++i) {
        bytes.at(offset + i) = static_cast<std::byte>(value >> (8 * i));
    }
}

inline void put(Bytes& bytes, std::size_t offset, std::string_view text)
{
    for (std::size_t i = 0; i < text.size(); ++i) {
        bytes.at(offset + i) = static_cast<std::byte>(text[i]);
    }
}

/// `size` bytes that differ from place to place.
inline Bytes pattern(std::size_t size)
{
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = static_cast<std::byte>(i * 37 + i / 251);
    }
    return bytes;
}

struct ImageFields {
    std::uint64_t text_offset = 0;
    std::uint64_t image_size  = 0x30'0000;
    std::uint64_t flags       = 0xa;
    std::size_t   file_size   = 0x20'0000;
    std::uint32_t pe_size     = 0; ///< where the last PE section ends; 0: no PE header
};

/// An arm64 `Image`.
inline Bytes image(const ImageFields& fields = {})
{
    auto file = pattern(fields.file_size);
    std::fill_n(file.begin(), 64, std::byte{0});
    put(file, 8, fields.text_offset, 8);
    put(file, 16, fields.image_size, 8);
    put(file, 24, fields.flags, 8);
    put(file, 56, "ARM\x64");
    if (fields.pe_size != 0) {
        put(file, 0, "MZ");
        put(file, 60, 64, 4);
        std::fill_n(file.begin() + 64, 512, std::byte{0});
        put(file, 64, "PE");
        put(file, 64 + 6, 2, 2);    // sections
        put(file, 64 + 20, 160, 2); // optional header
        constexpr std::size_t k_sections = 64 + 24 + 160;
        put(file, k_sections + 16, 0x1000, 4);
        put(file, k_sections + 20, 0x1000, 4);
        put(file, k_sections + 40 + 16, fields.pe_size - 0x2000, 4);
        put(file, k_sections + 40 + 20, 0x2000, 4);
    }
    return file;
}

struct SegmentFields {
    std::uint64_t virtual_address;
    std::uint64_t physical_address;
    std::uint64_t file_size;
    std::uint64_t memory_size;
    std::uint32_t type = 1;
};

/// An AArch64 ELF program; the bytes of segment n start at (n + 1) * 0x1000 of the file.
inline Bytes elf(std::uint64_t entry, std::initializer_list<SegmentFields> segments)
{
    Bytes file(0x1000);
    put(file, 0,
        "\x7f"
        "ELF\2\1\1");
    put(file, 16, 2, 2);   // ET_EXEC
    put(file, 18, 183, 2); // EM_AARCH64
    put(file, 20, 1, 4);
    put(file, 24, entry, 8);
    put(file, 32, 64, 8); // program headers
    put(file, 52, 64, 2);
    put(file, 54, 56, 2);
    put(file, 56, segments.size(), 2);
    std::size_t header = 64;
    for (const auto& segment : segments) {
        put(file, header, segment.type, 4);
        put(file, header + 8, file.size(), 8);
        put(file, header + 16, segment.virtual_address, 8);
        put(file, header + 24, segment.physical_address, 8);
        put(file, header + 32, segment.file_size, 8);
        put(file, header + 40, segment.memory_size, 8);
        const auto bytes = pattern(segment.file_size);
        file.insert(file.end(), bytes.begin(), bytes.end());
        file.resize((file.size() + 0xfff) / 0x1000 * 0x1000);
        header += 56;
    }
    return file;
}

/// What the gzip program makes of a file.
inline Bytes gzip(const Bytes& plain)
{
    std::string name = testing::TempDir() + "kernel-test-XXXXXX";
    const int   file = mkstemp(name.data());
    if (file < 0 || write(file, plain.data(), plain.size()) != static_cast<ssize_t>(plain.size()) ||
        std::system(("gzip -f " + name).c_str()) != 0) {
        std::abort();
    }
    close(file);
    std::ifstream     stream{name + ".gz", std::ios::binary};
    const std::string content{std::istreambuf_iterator<char>{stream}, {}};
    std::remove((name + ".gz").c_str());
    Bytes bytes(content.size());
    std::memcpy(bytes.data(), content.data(), content.size());
    return bytes;
}

} // namespace vmm_test
