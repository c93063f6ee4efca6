// SPDX-License-Identifier: BSD-2-Clause
// The allocator of physical memory: which parts of RAM are free, lowest first.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace tool {

/// [address, address + size) of physical memory.
struct Extent {
    std::uint64_t address = 0;
    std::uint64_t size    = 0;

    [[nodiscard]] std::uint64_t end() const { return address + size; }
    bool                        operator==(const Extent&) const = default;
};

class PhysicalMemory {
public:
    /// Adds free memory, which must not overlap what is there.
    void add(Extent extent);
    /// Takes whatever of the extent is free.
    void remove(Extent extent);

    [[nodiscard]] bool is_free(Extent extent) const;

    /// The lowest free place at or above `from`. `alignment` is a power of two.
    [[nodiscard]] std::optional<Extent> allocate(std::uint64_t size, std::uint64_t alignment,
                                                 std::uint64_t from);

    /// The same, and below `from` where there is nothing above; in as many pieces as it takes, each
    /// a multiple of `alignment` in size. Nothing, and nothing taken, if there is not enough.
    [[nodiscard]] std::optional<std::vector<Extent>>
    allocate_pieces(std::uint64_t size, std::uint64_t alignment, std::uint64_t from);

    [[nodiscard]] std::uint64_t              free_bytes() const;
    [[nodiscard]] std::uint64_t              largest(std::uint64_t alignment) const;
    [[nodiscard]] const std::vector<Extent>& free() const { return free_; }

private:
    std::vector<Extent> free_; ///< ascending, disjoint, not empty
};

} // namespace tool
