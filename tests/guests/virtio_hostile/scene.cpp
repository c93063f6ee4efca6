// SPDX-License-Identifier: BSD-2-Clause
#include "scene.hpp"

#include <array>

namespace hostile {

using guest::Type;

bool Scene::is_eager() const
{
    switch (type()) {
    case Type::block:
    case Type::entropy:
        return true;
    case Type::network:
        return queue == 1 || queue == 2;
    case Type::console:
        return queue % 2 == 1;
    default:
        return false;
    }
}

Pieces Scene::good_request()
{
    Pieces     pieces;
    const auto add = [&](std::uint32_t size, bool writes) {
        const auto at = scratch.take(size);
        guest::fill(at, size < 64 ? size : 64, 0);
        pieces.add({at, size, writes});
        return at;
    };
    switch (type()) {
    case Type::block: {
        struct Header {
            std::uint32_t type, reserved;
            std::uint64_t sector;
        };
        guest::poke(add(sizeof(Header), false), Header{0, 0, random.below(64)});
        (void)add(512, true);
        (void)add(1, true);
        break;
    }
    case Type::network:
        if (queue == 0) {
            (void)add(1600, true);
        } else if (queue == 1) {
            (void)add(12, false);
            guest::fill(add(60, false), 12, 0xff);
        } else {
            guest::poke(add(3, false), std::array<std::uint8_t, 3>{0, 0, 0});
            (void)add(1, true);
        }
        break;
    case Type::console:
        if (queue % 2 == 0) {
            (void)add(64, true);
        } else if (queue == 3) {
            guest::poke(add(8, false), std::uint64_t{0x0001'0003'0000'0000}); // PORT_READY of 0
        } else {
            guest::poke(add(1, false), std::uint8_t{','});
        }
        break;
    default:
        (void)add(64, true);
        break;
    }
    return pieces;
}

std::uint16_t Scene::place(std::span<const Piece> pieces)
{
    if (driver.has(guest::k_indirect_desc) && random.one_in(2)) {
        return ring->place_indirect(pieces, scratch.take(16 * pieces.size()));
    }
    return ring->place(pieces);
}

void Scene::go(std::uint16_t head)
{
    ring->offer(head);
    driver.notify(queue);
}

} // namespace hostile
