// SPDX-License-Identifier: BSD-2-Clause
// Which blocks of a memory region are in use: a bitmap, searched by words.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace backend {

class BlockPool {
public:
    static constexpr std::uint32_t k_most_blocks = 4096; ///< 16 MiB of blocks of 4 KiB

    struct Run {
        std::uint32_t start = 0;
        std::uint32_t count = 0;
    };

    /// Blocks [first, first + count), at most k_most_blocks of them, all free.
    void reset(std::uint32_t first, std::uint32_t count)
    {
        first_ = first;
        words_ = (count + 63) / 64;
        used_.fill(0);
        if (count % 64 != 0) {
            used_[words_ - 1] = ~std::uint64_t{0} << (count % 64);
        }
        next_ = 0;
    }

    /// Takes up to `want` free blocks that lie side by side: the first that it comes upon, so that
    /// looking for them is short. A count of 0: none is free.
    [[nodiscard]] Run take(std::uint32_t want)
    {
        for (std::uint32_t i = 0; i < words_; ++i) {
            const auto word = next_ + i < words_ ? next_ + i : next_ + i - words_;
            if (~used_[word] != 0) {
                next_ = word;
                return take_at(word, want);
            }
        }
        return {};
    }

    void give_back(Run run)
    {
        for (std::uint32_t at = run.start - first_, left = run.count; left != 0;) {
            const auto count = std::min(left, 64 - at % 64);
            used_[at / 64] &= ~mask(at % 64, count);
            at += count;
            left -= count;
        }
    }

private:
    static constexpr std::uint64_t mask(std::uint32_t from, std::uint32_t count)
    {
        return (count == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1) << from;
    }

    Run take_at(std::uint32_t word, std::uint32_t want)
    {
        auto from = static_cast<std::uint32_t>(std::countr_one(used_[word]));
        Run  run{.start = first_ + 64 * word + from};
        for (;;) {
            // Bits above the word's end come in as zeroes of the shift: they must not look free.
            const auto free  = static_cast<std::uint32_t>(std::countr_zero(used_[word] >> from));
            const auto count = std::min({free, 64 - from, want - run.count});
            used_[word] |= mask(from, count);
            run.count += count;
            if (run.count == want || from + count != 64 || ++word == words_) {
                return run;
            }
            from = 0;
        }
    }

    std::uint32_t                                 first_ = 0;
    std::uint32_t                                 words_ = 0;
    std::uint32_t                                 next_  = 0; ///< the word to look at first
    std::array<std::uint64_t, k_most_blocks / 64> used_{};
};

} // namespace backend
