// SPDX-License-Identifier: BSD-2-Clause
// Hostile neighbours for fuzz targets: what they may write is written at any time.
#pragma once

#include "input.hpp"

#include "kit/sddf_links.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace fuzz {

/// What neighbours may write, and their writing it.
class Neighbours {
public:
    void share(std::span<std::byte> bytes) { shared_.push_back(bytes); }
    void share(kit::BlockLink& link)
    {
        share(link.info.bytes().first(sizeof(sddf::block::StorageInfo)));
        share(link.requests.bytes());
        share(link.responses.bytes());
    }
    void share(kit::NetLink& link)
    {
        share(link.free.bytes());
        share(link.active.bytes());
    }
    void share(kit::SerialLink& link)
    {
        share(link.queue.bytes().first(sizeof(sddf::serial::Queue)));
        share(link.data.bytes());
    }

    /// One act of malice: a few bytes anywhere, or one of the words that rings begin with.
    void scribble(Input& input)
    {
        const auto what  = input.take(1);
        const auto to    = shared_[what % shared_.size()];
        const bool early = (what & 0x80) != 0;
        const auto place = early ? input.take(1) % 4 * 4 : input.take(2);
        const auto value = input.take(early ? 4 : 8);
        const auto size  = std::min<std::size_t>(early ? 4 : 8, to.size());
        const auto at    = place % (to.size() - size + 1);
        std::memcpy(to.data() + at, &value, size);
    }

private:
    std::vector<std::span<std::byte>> shared_;
};

} // namespace fuzz
