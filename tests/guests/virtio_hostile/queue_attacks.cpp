// SPDX-License-Identifier: BSD-2-Clause
// Chains and rings that no driver may make (virtIO 1.2, 2.7). Each takes a good request and breaks
// one rule of it.
#include "scene.hpp"

#include <algorithm>

namespace hostile {
namespace {

using guest::Descriptor;
using guest::k_indirect;
using guest::k_indirect_desc;
using guest::k_next;
using guest::k_write;

/// A good request with one piece changed.
template <class Change>
Expect change(Scene& scene, Change break_it)
{
    auto pieces = scene.good_request();
    break_it(pieces[scene.random.below(pieces.size())]);
    scene.go(scene.place(pieces));
    return scene.must_reset();
}

Expect outside_ram(Scene& scene)
{
    return change(scene, [&](Piece& piece) {
        const auto distance =
            scene.random.one_in(2) ? scene.random.below(1 << 20) : scene.random.next() >> 8;
        piece.address = scene.memory.end + distance;
        piece.size += piece.size == 0;
    });
}

Expect below_ram(Scene& scene)
{
    return change(scene, [&](Piece& piece) {
        // Among others: null, our own device registers.
        piece.address = scene.random.one_in(4) ? scene.driver.window().base
                        : scene.random.one_in(3)
                            ? 0
                            : scene.random.below(scene.memory.start - piece.size);
    });
}

Expect across_the_end(Scene& scene)
{
    return change(scene, [&](Piece& piece) {
        piece.size    = static_cast<std::uint32_t>(scene.random.between(2, 70'000));
        piece.address = scene.memory.end - scene.random.between(1, piece.size - 1);
    });
}

Expect across_the_start(Scene& scene)
{
    return change(scene, [&](Piece& piece) {
        piece.size    = static_cast<std::uint32_t>(scene.random.between(2, 70'000));
        piece.address = scene.memory.start - scene.random.between(1, piece.size - 1);
    });
}

Expect wrapping(Scene& scene)
{
    return change(scene, [&](Piece& piece) {
        piece.size    = static_cast<std::uint32_t>(scene.random.between(2, 0xffff'ffff));
        piece.address = 0 - scene.random.between(1, std::min(piece.size - 1, 70'000U));
    });
}

Expect far_too_long(Scene& scene)
{
    return change(scene, [&](Piece& piece) {
        piece.size = static_cast<std::uint32_t>(
            scene.random.between(scene.memory.end - piece.address + 1, 0xffff'ffff));
    });
}

Expect loop(Scene& scene)
{
    const auto pieces = scene.good_request();
    const auto head   = scene.ring->place(pieces);
    const auto length = scene.random.below(pieces.size());
    const auto last   = static_cast<std::uint16_t>((head + length) % scene.ring->size());
    auto&      it     = scene.ring->descriptor(last);
    it.flags          = static_cast<std::uint16_t>(it.flags | k_next);
    it.next =
        static_cast<std::uint16_t>((head + scene.random.below(length + 1)) % scene.ring->size());
    scene.go(head);
    return scene.must_reset();
}

Expect loop_in_table(Scene& scene)
{
    if (!scene.driver.has(k_indirect_desc)) {
        return loop(scene);
    }
    const auto  pieces  = scene.good_request();
    const auto  table   = scene.scratch.take(16 * pieces.size());
    const auto  head    = scene.ring->place_indirect(pieces, table);
    auto* const entries = reinterpret_cast<volatile Descriptor*>(table);
    const auto  last    = pieces.size() - 1;
    entries[last].flags = static_cast<std::uint16_t>(entries[last].flags | k_next);
    entries[last].next  = static_cast<std::uint16_t>(scene.random.below(pieces.size()));
    scene.go(head);
    return scene.must_reset();
}

/// A table with very many entries that are all good by themselves.
Expect long_table(Scene& scene)
{
    if (!scene.driver.has(k_indirect_desc)) {
        return loop(scene);
    }
    constexpr std::uint32_t k_entries = 2048;
    const auto              buffer    = scene.scratch.take(16);
    const auto              table     = scene.scratch.take(16ULL * k_entries);
    auto* const             entries   = reinterpret_cast<volatile Descriptor*>(table);
    const bool              writes    = scene.type() == guest::Type::entropy ||
                        (scene.queue % 2 == 0 && scene.type() != guest::Type::block);
    for (std::uint32_t i = 0; i < k_entries; ++i) {
        entries[i].address = buffer;
        entries[i].size    = 1;
        entries[i].flags =
            static_cast<std::uint16_t>((writes ? k_write : 0) | (i + 1 < k_entries ? k_next : 0));
        entries[i].next = static_cast<std::uint16_t>(i + 1);
    }
    const auto head = scene.ring->place({});
    auto&      it   = scene.ring->descriptor(head);
    it.address      = table;
    it.size         = 16 * k_entries;
    it.flags        = k_indirect;
    scene.go(head);
    return scene.must_reset();
}

Expect too_many_bytes(Scene& scene)
{
    // All of RAM, again and again: more than 2^32 bytes or more pieces than anybody takes.
    if (!scene.driver.has(k_indirect_desc)) {
        return far_too_long(scene);
    }
    constexpr std::uint32_t k_entries = 1024;
    const auto              table     = scene.scratch.take(16ULL * k_entries);
    auto* const             entries   = reinterpret_cast<volatile Descriptor*>(table);
    for (std::uint32_t i = 0; i < k_entries; ++i) {
        entries[i].address = scene.memory.arena;
        entries[i].size    = static_cast<std::uint32_t>(scene.memory.size);
        entries[i].flags   = i + 1 < k_entries ? k_next : 0;
        entries[i].next    = static_cast<std::uint16_t>(i + 1);
    }
    const auto head = scene.ring->place({});
    auto&      it   = scene.ring->descriptor(head);
    it.address      = table;
    it.size         = 16 * k_entries;
    it.flags        = k_indirect;
    scene.go(head);
    return scene.must_reset();
}

Expect write_before_read(Scene& scene)
{
    auto       pieces = scene.good_request();
    const auto buffer = scene.scratch.take(64);
    Pieces     turned;
    turned.add({buffer, 16, true});
    turned.add({buffer + 16, 16, false});
    for (const auto& piece : pieces) {
        turned.add(piece);
    }
    scene.go(scene.place(turned));
    return scene.must_reset();
}

/// All directions the wrong way round.
Expect wrong_direction(Scene& scene)
{
    auto pieces = scene.good_request();
    for (auto& piece : pieces) {
        piece.writes = !piece.writes;
    }
    scene.go(scene.place(pieces));
    return scene.is_eager() ? Expect::reset : Expect::anything;
}

Expect next_out_of_range(Scene& scene)
{
    const auto pieces = scene.good_request();
    const auto head   = scene.ring->place(pieces);
    const auto at =
        static_cast<std::uint16_t>((head + scene.random.below(pieces.size())) % scene.ring->size());
    auto& it = scene.ring->descriptor(at);
    it.flags = static_cast<std::uint16_t>(it.flags | k_next);
    it.next  = static_cast<std::uint16_t>(scene.random.between(scene.ring->size(), 0xffff));
    scene.go(head);
    return scene.must_reset();
}

Expect head_out_of_range(Scene& scene)
{
    scene.go(static_cast<std::uint16_t>(scene.random.between(scene.ring->size(), 0xffff)));
    return scene.must_reset();
}

/// One descriptor that leads to a table, and what is wrong with it.
template <class Change>
Expect table(Scene& scene, Change break_it)
{
    const auto pieces = scene.good_request();
    const auto at     = scene.scratch.take(16 * pieces.size() + 32);
    const auto head   = scene.ring->place_indirect(pieces, at);
    break_it(scene.ring->descriptor(head), at);
    scene.go(head);
    return scene.must_reset(); // also where tables were not negotiated
}

Expect table_in_table(Scene& scene)
{
    return table(scene, [&](auto&, std::uint64_t at) {
        auto* const entries = reinterpret_cast<volatile Descriptor*>(at);
        entries[0].address  = at;
        entries[0].size     = 16;
        entries[0].flags    = k_indirect;
    });
}
Expect table_and_next(Scene& scene)
{
    return table(scene, [&](auto& it, std::uint64_t) {
        it.flags = k_indirect | k_next;
        it.next  = static_cast<std::uint16_t>(scene.random.below(scene.ring->size()));
    });
}
Expect table_size(Scene& scene)
{
    return table(scene, [&](auto& it, std::uint64_t) {
        const auto size = static_cast<std::uint32_t>(scene.random.next());
        it.size         = scene.random.one_in(3) ? 0 : size | 1U << scene.random.below(4);
    });
}
Expect table_outside(Scene& scene)
{
    return table(scene, [&](auto& it, std::uint64_t) {
        const std::array<std::uint64_t, 6> places{
            scene.memory.end,       scene.memory.end - 16,           scene.memory.start - 16, 0,
            ~std::uint64_t{0} - 15, scene.random.next() | 1ULL << 50};
        it.address = scene.random.pick(places);
        it.size    = 32;
    });
}
Expect table_next_outside(Scene& scene)
{
    return table(scene, [&](auto&, std::uint64_t at) {
        auto* const entries = reinterpret_cast<volatile Descriptor*>(at);
        entries[0].flags    = static_cast<std::uint16_t>(entries[0].flags | k_next);
        entries[0].next     = static_cast<std::uint16_t>(scene.random.between(16, 0xffff));
    });
}
/// 2.7.5.3.2: the flag means nothing there.
Expect table_marked_writable(Scene& scene)
{
    if (!scene.driver.has(k_indirect_desc)) {
        return table_in_table(scene);
    }
    const auto pieces = scene.good_request();
    scene.go(scene.ring->place_indirect(pieces, scene.scratch.take(16 * pieces.size()), k_write));
    return scene.must_answer();
}
/// A table may begin at any byte.
Expect table_unaligned(Scene& scene)
{
    if (!scene.driver.has(k_indirect_desc)) {
        return table_size(scene);
    }
    const auto pieces = scene.good_request();
    const auto table  = scene.scratch.take(16 * pieces.size());
    const auto odd    = scene.scratch.take(16 * pieces.size() + 16) + scene.random.between(1, 15);
    const auto head   = scene.ring->place_indirect(pieces, table);
    for (std::uint64_t i = 0; i < 16 * pieces.size(); ++i) {
        guest::bytes_at(odd)[i] = guest::bytes_at(table)[i];
    }
    scene.ring->descriptor(head).address = odd;
    scene.go(head);
    return scene.must_answer();
}

Expect index_jumps(Scene& scene)
{
    const auto pieces = scene.good_request();
    (void)scene.ring->place(pieces);
    scene.ring->jump(
        static_cast<std::uint16_t>(scene.random.between(scene.ring->size() + 1, 0xffff)));
    scene.driver.notify(scene.queue);
    return scene.must_reset();
}

/// The same descriptors many times before any is answered.
Expect same_head_again(Scene& scene)
{
    const auto head  = scene.place(scene.good_request());
    const auto times = scene.random.between(2, scene.ring->size());
    for (std::uint64_t i = 0; i < times; ++i) {
        scene.ring->offer(head);
    }
    scene.driver.notify(scene.queue);
    return scene.is_eager() ? Expect::either : Expect::anything;
}

Expect empty_buffers(Scene& scene)
{
    auto pieces = scene.good_request();
    for (auto& piece : pieces) {
        piece.size = 0;
    }
    scene.go(scene.place(pieces));
    return scene.is_eager() ? Expect::either : Expect::anything;
}

Expect unknown_flags(Scene& scene)
{
    const auto head      = scene.ring->place(scene.good_request());
    auto&      it        = scene.ring->descriptor(head);
    it.flags             = static_cast<std::uint16_t>(it.flags | (scene.random.next() & 0xfff8));
    scene.ring->avail(0) = static_cast<std::uint16_t>(scene.random.next());
    scene.go(head);
    return scene.must_answer();
}

/// Rubbish everywhere, as far as it cannot hurt ourselves.
Expect rubbish(Scene& scene)
{
    Ring& ring = *scene.ring;
    for (std::uint16_t i = 0; i < ring.size(); ++i) {
        auto& it   = ring.descriptor(i);
        it.address = scene.memory.harmless(scene.random.one_in(2)
                                               ? scene.memory.arena + scene.random.below(1 << 20)
                                               : scene.random.next() >> scene.random.below(64));
        it.size  = static_cast<std::uint32_t>(scene.random.next() >> scene.random.between(32, 63));
        it.flags = static_cast<std::uint16_t>(scene.random.below(8));
        it.next  = static_cast<std::uint16_t>(scene.random.below(ring.size() + 1));
        ring.avail(2 + i) = static_cast<std::uint16_t>(scene.random.below(ring.size() + 1));
    }
    // Output to the outside is not to last for ever.
    if (scene.type() == guest::Type::console && scene.queue % 2 == 1) {
        for (std::uint16_t i = 0; i < ring.size(); ++i) {
            ring.descriptor(i).size = static_cast<std::uint32_t>(scene.random.below(16));
        }
    }
    ring.jump(static_cast<std::uint16_t>(scene.random.between(1, ring.size())));
    scene.driver.notify(scene.queue);
    return Expect::anything;
}

constinit Attack attacks[] = {
    {"buffer outside of RAM", 0, Then::ends, outside_ram},
    {"buffer below RAM", 0, Then::ends, below_ram},
    {"buffer across the end of RAM", 0, Then::ends, across_the_end},
    {"buffer across the start of RAM", 0, Then::ends, across_the_start},
    {"buffer that wraps around", 0, Then::ends, wrapping},
    {"buffer far too long", 0, Then::ends, far_too_long},
    {"loop", 0, Then::ends, loop},
    {"loop in a table", 0, Then::ends, loop_in_table},
    {"table with 2048 entries", 0, Then::ends, long_table},
    {"chain of more than 2^32 bytes", 0, Then::ends, too_many_bytes},
    {"writable before readable", 0, Then::ends, write_before_read},
    {"wrong direction", 0, Then::ends, wrong_direction},
    {"next beyond the queue", 0, Then::ends, next_out_of_range},
    {"head beyond the queue", 0, Then::ends, head_out_of_range},
    {"table in a table", 0, Then::ends, table_in_table},
    {"table and next", 0, Then::ends, table_and_next},
    {"table of a wrong size", 0, Then::ends, table_size},
    {"table outside of RAM", 0, Then::ends, table_outside},
    {"next beyond the table", 0, Then::ends, table_next_outside},
    {"table marked writable", 0, Then::goes_on, table_marked_writable},
    {"table at an odd address", 0, Then::goes_on, table_unaligned},
    {"available index jumps", 0, Then::ends, index_jumps},
    {"one chain many times", 0, Then::ends, same_head_again},
    {"empty buffers", 0, Then::ends, empty_buffers},
    {"unknown flags", 0, Then::goes_on, unknown_flags},
    {"rubbish in the ring", 0, Then::ends, rubbish},
};

} // namespace

std::span<Attack> queue_attacks() { return attacks; }

} // namespace hostile
