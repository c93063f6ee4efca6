// SPDX-License-Identifier: BSD-2-Clause
// The bytes of one sDDF configuration section. Written by offset, from the table of the protocol,
// and not through lib/sddf's structs, so that the two check each other (test/config_test.cpp).
#pragma once

#include "domain.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sysgen {

/// Last byte of the magic, which begins with "sDDF".
enum class Class : std::uint8_t {
    device  = 1,
    blk     = 2,
    serial  = 3,
    network = 5,
    timer   = 6,
};

/// Where a region lies in the domain that the section is for.
struct Mapping {
    std::uint64_t address = 0;
    std::uint64_t size    = 0;
};

class ConfigBytes {
public:
    explicit ConfigBytes(std::size_t size)
        : bytes_(size)
    {
    }
    ConfigBytes(Class magic, std::size_t size);

    void u8(std::size_t offset, std::uint64_t value) { put(offset, 1, value); }
    void u16(std::size_t offset, std::uint64_t value) { put(offset, 2, value); }
    void u32(std::size_t offset, std::uint64_t value) { put(offset, 4, value); }
    void u64(std::size_t offset, std::uint64_t value) { put(offset, 8, value); }
    void text(std::size_t offset, std::string_view value);

    /// 16 bytes: address and size.
    void region(std::size_t offset, const Mapping& mapping);
    /// 24 bytes: a region and its address on the bus.
    void device_region(std::size_t offset, const Mapping& mapping, std::uint64_t device);

    [[nodiscard]] const std::vector<std::byte>& bytes() const { return bytes_; }

private:
    void put(std::size_t offset, std::size_t size, std::uint64_t value);

    std::vector<std::byte> bytes_;
};

} // namespace sysgen
