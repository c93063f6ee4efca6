// SPDX-License-Identifier: BSD-2-Clause
// The first filling of a free ring.
#include "sddf/network.hpp"

namespace sddf::network {

base::Result<bool> fill_free_ring(std::span<std::byte> ring, std::uint32_t capacity,
                                  std::uint64_t base)
{
    Producer producer;
    TRY(producer.open(ring, capacity));
    if (!producer.is_unused()) {
        return false;
    }
    for (std::uint64_t i = 0; i < capacity; ++i) {
        if (!producer.push({.io_or_offset = base + i * k_buffer_size})) {
            break;
        }
    }
    return producer.publish_if_asked();
}

} // namespace sddf::network
