// SPDX-License-Identifier: BSD-2-Clause
// Builds translation tables with a 4 KiB granule in a growing array of tables.
#pragma once

#include "arch/stage1.hpp"
#include "arch/stage2.hpp"
#include "base/checked.hpp"

#include <array>
#include <cstdint>
#include <stdexcept>
#include <vector>

namespace tool {

class PageTables {
public:
    using Table = std::array<std::uint64_t, arch::k_entries_per_table>;

    /// Where one walk begins.
    struct Root {
        std::size_t table = 0; ///< index of the first table
        unsigned    level = 0;
    };

    /// `base` is the physical address at which the tables will be, a multiple of 8 KiB.
    explicit PageTables(std::uint64_t base)
        : base_{base}
    {
    }

    /// A new root of `count` concatenated tables; 2 only while the number of tables is even.
    [[nodiscard]] Root add_root(unsigned level, std::size_t count)
    {
        const Root root{tables_.size(), level};
        tables_.resize(tables_.size() + count);
        return root;
    }

    /// Maps [input, input + size) to `output` with the attributes of `leaf`, whose output address
    /// and page bit are filled in. All are multiples of 4 KiB. Uses a 2 MiB block wherever both
    /// sides are aligned: translations are the same, only fewer tables are needed.
    template <class Leaf>
    void map(Root root, std::uint64_t input, std::uint64_t output, std::uint64_t size, Leaf leaf)
    {
        while (size != 0) {
            const bool block =
                base::is_aligned(input | output, arch::k_block_size) && size >= arch::k_block_size;
            const auto level = block ? arch::k_block_level : arch::k_page_level;
            const auto step  = block ? arch::k_block_size : arch::k_page_size;
            auto&      entry = slot(root, input, level);
            if (entry != 0) {
                throw std::logic_error("two mappings of one page");
            }
            entry = leaf.template with<typename Leaf::valid>(true)
                        .template with<typename Leaf::page>(!block)
                        .template with<typename Leaf::access>(true)
                        .template with<typename Leaf::output>(output / arch::k_page_size)
                        .raw();
            input += step;
            output += step;
            size -= step;
        }
    }

    [[nodiscard]] std::uint64_t address(Root root) const { return address_of(root.table); }
    [[nodiscard]] const std::vector<Table>& tables() const { return tables_; }

private:
    [[nodiscard]] std::uint64_t address_of(std::size_t table) const
    {
        return base_ + table * arch::k_page_size;
    }

    /// The entry for `input` at `level`; makes the tables on the way.
    [[nodiscard]] std::uint64_t& slot(Root root, std::uint64_t input, unsigned level)
    {
        // The index at the first level may run on into the next of the concatenated tables.
        auto index = static_cast<std::size_t>(input >> arch::level_shift(root.level));
        auto table = root.table + index / arch::k_entries_per_table;
        index %= arch::k_entries_per_table;
        for (auto at = root.level; at != level; ++at) {
            if (tables_[table][index] == 0) {
                const auto next = address_of(tables_.size());
                tables_.emplace_back();
                tables_[table][index] = arch::TableDescriptor::to(base::HostPhysical{next}).raw();
            }
            const arch::TableDescriptor descriptor{tables_[table][index]};
            if (!descriptor.get<arch::TableDescriptor::table>()) {
                throw std::logic_error("a page inside a mapped block");
            }
            table =
                static_cast<std::size_t>((descriptor.address().raw() - base_) / arch::k_page_size);
            index = static_cast<std::size_t>(input >> arch::level_shift(at + 1)) %
                    arch::k_entries_per_table;
        }
        return tables_[table][index];
    }

    std::uint64_t      base_;
    std::vector<Table> tables_;
};

} // namespace tool
