// SPDX-License-Identifier: BSD-2-Clause
// A machine that does with an image what the kernel does at boot, and walks its page tables as the
// hardware does. Written from the Arm ARM, independently of the code under test.
#pragma once

#include "files.hpp"
#include "picokit/system_table.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tool::test {

/// What a translation gave.
struct Translation {
    std::uint64_t physical   = 0;
    unsigned      level      = 0; ///< 3: page, 2: 2 MiB block
    std::uint64_t descriptor = 0;

    [[nodiscard]] bool     readable() const { return ((descriptor >> 6) & 1) != 0; } ///< stage 2
    [[nodiscard]] bool     writable() const { return ((descriptor >> 7) & 1) != 0; } ///< stage 2
    [[nodiscard]] bool     executable() const { return ((descriptor >> 54) & 1) == 0; }
    [[nodiscard]] bool     accessed() const { return ((descriptor >> 10) & 1) != 0; }
    [[nodiscard]] unsigned shareability() const { return (descriptor >> 8) & 3; }
    [[nodiscard]] unsigned stage2_memory() const { return (descriptor >> 2) & 15; }
    [[nodiscard]] unsigned stage1_memory() const { return (descriptor >> 2) & 7; }
    [[nodiscard]] bool     stage1_read_only() const { return ((descriptor >> 7) & 1) != 0; }
};

/// Walks tables with a 4 KiB granule from `table` at `level`. `word` reads physical memory. Throws
/// at descriptors that the architecture reserves and at blocks that are not aligned.
[[nodiscard]] std::optional<Translation>
walk(const std::function<std::uint64_t(std::uint64_t)>& word, std::uint64_t table, unsigned level,
     std::uint64_t input);

class Machine {
public:
    /// Loads an image at `load`; all other memory holds garbage. Then clears and copies as its
    /// system table says.
    Machine(const Bytes& image, std::uint64_t load);

    [[nodiscard]] const picokit::SystemTable& table() const { return table_; }
    template <class T>
    [[nodiscard]] std::vector<T> array(picokit::TableArray where) const
    {
        std::vector<T> items(where.count);
        read(where.address, items.data(), items.size() * sizeof(T));
        return items;
    }
    [[nodiscard]] std::vector<picokit::PdEntry> pds() const
    {
        return array<picokit::PdEntry>(table_.pds);
    }
    [[nodiscard]] std::vector<picokit::VcpuEntry> vcpus() const
    {
        return array<picokit::VcpuEntry>(table_.vcpus);
    }

    void                        read(std::uint64_t physical, void* out, std::size_t size) const;
    [[nodiscard]] std::uint64_t word(std::uint64_t physical) const;

    /// Stage 2 with 40 bits of input, two concatenated tables at level 1.
    [[nodiscard]] std::optional<Translation> stage2(std::uint64_t root, std::uint64_t input) const;
    /// The EL2 stage 1 with 40 bits of input, which starts at level 0.
    [[nodiscard]] std::optional<Translation> stage1(std::uint64_t input) const;

    /// Memory as a PD or guest sees it; it must be mapped.
    [[nodiscard]] Bytes view(std::uint64_t root, std::uint64_t input, std::size_t size) const;
    [[nodiscard]] std::uint64_t view_word(std::uint64_t root, std::uint64_t input) const;

private:
    using Page = std::vector<std::byte>;

    void write(std::uint64_t physical, const Bytes& data);
    [[nodiscard]] std::function<std::uint64_t(std::uint64_t)> reader() const;

    std::map<std::uint64_t, Page> pages_;
    picokit::SystemTable          table_{};
};

} // namespace tool::test
