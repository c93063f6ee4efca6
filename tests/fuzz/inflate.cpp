// SPDX-License-Identifier: BSD-2-Clause
// Any bytes as a gzip file and as a deflate stream, into rooms of exact size.
#include "vmm/inflate.hpp"

#include <array>
#include <cstdint>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto input = std::as_bytes(std::span{data, size});
    // A room that depends on the input, so that streams end before, at and behind its end.
    std::vector<std::byte> room(size == 0 ? 0 : std::size_t{data[size - 1]} * data[size - 1]);
    const auto             whole = vmm::inflate(input, room);
    if (whole && (whole->consumed > size || whole->produced > room.size())) {
        __builtin_trap();
    }
    const auto file = vmm::gunzip(input, room);
    if (file && (file->consumed > size || file->produced > room.size())) {
        __builtin_trap();
    }
    std::array<std::byte, 64> head{};
    (void)vmm::gunzip_head(input, head);
    (void)vmm::gunzip_size(input);
    return 0;
}
