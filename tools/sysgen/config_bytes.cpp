// SPDX-License-Identifier: BSD-2-Clause
#include "config_bytes.hpp"

#include <stdexcept>

namespace sysgen {

ConfigBytes::ConfigBytes(Class magic, std::size_t size)
    : bytes_(size)
{
    text(0, "sDDF");
    u8(4, static_cast<std::uint8_t>(magic));
}

void ConfigBytes::text(std::size_t offset, std::string_view value)
{
    for (const char c : value) {
        u8(offset++, static_cast<unsigned char>(c));
    }
}

void ConfigBytes::region(std::size_t offset, const Mapping& mapping)
{
    u64(offset, mapping.address);
    u64(offset + 8, mapping.size);
}

void ConfigBytes::device_region(std::size_t offset, const Mapping& mapping, std::uint64_t device)
{
    region(offset, mapping);
    u64(offset + 16, device);
}

void ConfigBytes::put(std::size_t offset, std::size_t size, std::uint64_t value)
{
    if (offset + size > bytes_.size() || (size < 8 && value >> (8 * size) != 0)) {
        throw std::logic_error{"a value that its configuration section cannot hold"};
    }
    for (std::size_t i = 0; i < size; ++i) {
        bytes_[offset + i] = static_cast<std::byte>(value >> (8 * i));
    }
}

} // namespace sysgen
