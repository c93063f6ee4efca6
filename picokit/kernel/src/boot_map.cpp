// SPDX-License-Identifier: BSD-2-Clause
// The first translation tables: the board's memory and console, one to one in 2 MiB blocks, so that
// the kernel may clear and copy with caches on. Made by the compiler from the board's facts; used
// for a moment only, before anything but the kernel runs.
#include "arch/stage1.hpp"
#include "board/board.hpp"
#include "kernel/boot.hpp"

#include <array>

namespace kernel {
namespace {

/// One table of level 2, which covers 1 GiB. As bytes, because its address plus 3 is the descriptor
/// that leads to it, and only a pointer to a byte can say that in a constant.
struct alignas(arch::k_page_size) Level2 {
    std::array<unsigned char, arch::k_page_size> bytes{};
};

constexpr std::uint64_t k_gibibyte = std::uint64_t{1} << 30;

constexpr arch::Stage1El2Leaf block(std::uint64_t address, arch::MairIndex memory)
{
    using Leaf = arch::Stage1El2Leaf;
    return Leaf{}
        .with<Leaf::valid>(true)
        .with<Leaf::memory>(memory)
        .with<Leaf::ap1>(true)
        .with<Leaf::shareability>(arch::Shareability::inner)
        .with<Leaf::access>(true)
        .with<Leaf::output>(address / arch::k_page_size)
        .with<Leaf::execute_never>(memory == arch::MairIndex::device_ngnrne);
}

/// Descriptor of the block at `address`, 0 where the board has nothing for us.
constexpr std::uint64_t descriptor(std::uint64_t address)
{
    for (const base::HostRange& range : board::memory) {
        if (range.contains(base::HostPhysical{address}, arch::k_block_size)) {
            return block(address, arch::MairIndex::normal_write_back).raw();
        }
    }
    const std::uint64_t console = board::console.base().raw();
    return console / arch::k_block_size == address / arch::k_block_size
               ? block(address, arch::MairIndex::device_ngnrne).raw()
               : 0;
}

constexpr bool is_used(std::uint64_t gibibyte)
{
    for (std::uint64_t at = 0; at < k_gibibyte; at += arch::k_block_size) {
        if (descriptor(gibibyte * k_gibibyte + at) != 0) {
            return true;
        }
    }
    return false;
}

constexpr Level2 make_level2(std::uint64_t gibibyte)
{
    Level2 table;
    for (std::size_t i = 0; i < arch::k_entries_per_table; ++i) {
        const auto value = descriptor(gibibyte * k_gibibyte + i * arch::k_block_size);
        for (std::size_t byte = 0; byte < 8; ++byte) {
            table.bytes[8 * i + byte] = static_cast<unsigned char>(value >> 8 * byte);
        }
    }
    return table;
}

/// Memory of our boards ends below 64 GiB.
constexpr std::size_t k_gibibytes = 64;

constexpr auto k_used = [] {
    std::array<bool, k_gibibytes> used{};
    for (std::size_t i = 0; i < k_gibibytes; ++i) {
        used[i] = is_used(i);
    }
    return used;
}();
constexpr std::size_t k_tables = [] {
    std::size_t count = 0;
    for (const bool used : k_used) {
        count += used ? 1 : 0;
    }
    return count;
}();

constexpr std::array<Level2, k_tables> k_level2 = [] {
    std::array<Level2, k_tables> tables{};
    std::size_t                  next = 0;
    for (std::size_t i = 0; i < k_gibibytes; ++i) {
        if (k_used[i]) {
            tables[next++] = make_level2(i);
        }
    }
    return tables;
}();

/// Level 1, where a walk of 39 bits starts. A null pointer is an invalid descriptor.
constexpr BootMap make_map()
{
    constexpr std::size_t k_is_table = 3;
    BootMap               map{};
    std::size_t           next = 0;
    for (std::size_t i = 0; i < k_gibibytes; ++i) {
        if (k_used[i]) {
            map.entries[i] = k_level2[next++].bytes.data() + k_is_table;
        }
    }
    return map;
}

} // namespace

extern "C" {
constinit const BootMap picokit_boot_map = make_map();
}

} // namespace kernel
