// SPDX-License-Identifier: BSD-2-Clause
// The journal of a component that may be restarted.
#include "sddf/journal.hpp"

#include "sddf/shared.hpp"

#include <algorithm>

namespace sddf {

void Journal::note_bytes(std::span<std::byte> bytes)
{
    while (!bytes.empty() && noted_ < k_words) {
        const auto size  = std::min<std::size_t>(bytes.size(), sizeof(std::uint64_t));
        auto&      entry = noted_words_[noted_];
        entry            = {.at = bytes.data(), .value = 0, .size = size};
        std::memcpy(&entry.value, bytes.data(), size);
        keep_order();
        ++noted_;
        keep_order(); // noted before it is changed
        bytes = bytes.subspan(size);
    }
}

void Journal::done()
{
    // In this order: books that were kept for a batch that has happened must not come back.
    noted_ = 0;
    keep_order();
    committed_ = false;
    keep_order();
    stages_ = 0;
}

void Journal::recover()
{
    if (committed_) {
        for (const auto& counter : std::span{staged_}.first(stages_)) {
            if (counter.size == sizeof(std::uint16_t)) {
                store_release(*static_cast<std::uint16_t*>(counter.at),
                              static_cast<std::uint16_t>(counter.value));
            } else {
                store_release(*static_cast<std::uint32_t*>(counter.at),
                              static_cast<std::uint32_t>(counter.value));
            }
        }
    } else {
        for (; noted_ != 0; --noted_) {
            const auto& entry = noted_words_[noted_ - 1];
            std::memcpy(entry.at, &entry.value, entry.size);
            keep_order();
        }
    }
    done();
}

} // namespace sddf
