// SPDX-License-Identifier: BSD-2-Clause
// Requests that are well-formed chains and that the device type forbids, or has to refuse
// (virtIO 1.2, 5.1.6, 5.2.6, 5.3.6, 5.4.6). Block requests write nothing: whose sectors they might
// name is not ours to change.
#include "scene.hpp"

namespace hostile {
namespace {

using guest::Type;

std::uint64_t taken(Scene& scene, std::uint32_t size, std::uint8_t value = 0)
{
    const auto at = scene.scratch.take(size);
    guest::fill(at, size < 4096 ? size : 4096, value);
    return at;
}

struct BlockHeader {
    std::uint32_t type;
    std::uint32_t reserved;
    std::uint64_t sector;
};

std::uint64_t capacity(const Scene& scene) { return scene.driver.window().config64(0); }

/// Header, data, status.
Expect block(Scene& scene, const BlockHeader& header, std::uint32_t size, bool writes)
{
    const auto at = taken(scene, sizeof header);
    guest::poke(at, header);
    Pieces pieces;
    pieces.add({at, sizeof header, false});
    if (size != 0) {
        pieces.add({taken(scene, size), size, writes});
    }
    pieces.add({taken(scene, 1, 0xff), 1, true});
    scene.go(scene.place(pieces));
    return Expect::answer;
}

Expect block_type(Scene& scene)
{
    auto type = static_cast<std::uint32_t>(scene.random.next() >> scene.random.between(32, 58));
    type      = type == 1 || type == 11 || type == 13 ? 77 : type; // nothing is written here
    return block(scene,
                 {type, static_cast<std::uint32_t>(scene.random.next()), scene.random.next()}, 512,
                 scene.random.one_in(2));
}

Expect block_beyond(Scene& scene)
{
    const auto                         end = capacity(scene);
    const std::array<std::uint64_t, 6> sectors{
        end,       end + 1, ~std::uint64_t{0}, ~std::uint64_t{0} / 512, scene.random.next() | end,
        1ULL << 63};
    return block(scene,
                 {static_cast<std::uint32_t>(scene.random.below(2)), 0, scene.random.pick(sectors)},
                 512, true); // the direction of a read: a write of nothing otherwise
}

Expect block_across_the_end(Scene& scene)
{
    const bool writes = scene.random.one_in(2);
    return block(scene, {writes ? 0U : 1U, 0, capacity(scene) - 1}, 1024, writes);
}

Expect block_size(Scene& scene)
{
    const bool reads = scene.random.one_in(2);
    return block(scene, {reads ? 0U : 1U, 0, scene.random.below(capacity(scene))},
                 static_cast<std::uint32_t>(scene.random.between(0, 64) * 512 +
                                            scene.random.between(1, 511)),
                 reads);
}

Expect block_ranges(Scene& scene)
{
    struct Range {
        std::uint64_t sector;
        std::uint32_t sectors;
        std::uint32_t flags;
    };
    const auto size = static_cast<std::uint32_t>(scene.random.pick(std::array{1, 15, 16, 17, 48}));
    const auto at   = taken(scene, sizeof(BlockHeader));
    guest::poke(at, BlockHeader{scene.random.one_in(2) ? 11U : 13U, 0, scene.random.next()});
    const auto data = taken(scene, 64);
    // Always beyond the end, or of flags that are reserved.
    guest::poke(data, Range{capacity(scene) + scene.random.below(8),
                            static_cast<std::uint32_t>(scene.random.next()) | 1,
                            static_cast<std::uint32_t>(scene.random.next())});
    const std::array<Piece, 3> pieces{
        {{at, sizeof(BlockHeader), false}, {data, size, false}, {taken(scene, 1, 0xff), 1, true}}};
    scene.go(scene.place(pieces));
    return Expect::answer;
}

Expect block_without_status(Scene& scene)
{
    const auto at = taken(scene, sizeof(BlockHeader));
    const auto to = taken(scene, 512);
    guest::poke(at, BlockHeader{scene.random.one_in(2) ? 4U : 0U, 0, 0});
    const std::array<Piece, 2> pieces{{{at, sizeof(BlockHeader), false}, {to, 512, false}}};
    scene.go(scene.place(pieces));
    return Expect::reset;
}

Expect block_short_header(Scene& scene)
{
    const auto                 size = static_cast<std::uint32_t>(scene.random.below(15)) + 1;
    const std::array<Piece, 2> pieces{
        {{taken(scene, 16), size, false}, {taken(scene, 513), 513, true}}};
    const bool none = scene.random.one_in(4);
    scene.go(scene.place(none ? std::span{pieces}.last(1) : std::span<const Piece>{pieces}));
    return Expect::reset;
}

/// Buffers of any size, cut anywhere, are what a driver may use.
Expect block_cut_up(Scene& scene)
{
    const auto at = taken(scene, sizeof(BlockHeader));
    guest::poke(at, BlockHeader{0, 0, scene.random.below(capacity(scene) - 1)});
    const auto to = taken(scene, 513);
    const auto a  = static_cast<std::uint32_t>(scene.random.between(1, 15));
    const auto b  = static_cast<std::uint32_t>(scene.random.between(1, 511));
    Pieces     pieces;
    pieces.add({at, a, false});
    pieces.add({at + a, 16 - a, false});
    pieces.add({to, b, true});
    pieces.add({to + b, 513 - b, true}); // with the status at its end
    scene.go(scene.place(pieces));
    return Expect::answer;
}

Expect network_header(Scene& scene)
{
    if (scene.queue != 1) {
        scene.go(scene.place(scene.good_request()));
        return scene.must_answer();
    }
    const auto at   = taken(scene, 12 + 60, 0xff);
    const auto kind = scene.random.below(4);
    auto       size = 72U;
    guest::fill(at, 12, 0);
    if (kind == 0) { // segmentation of a kind that does not exist
        guest::bytes_at(at)[1] = static_cast<std::uint8_t>(scene.random.between(5, 255));
    } else if (kind == 1) { // a checksum anywhere
        guest::bytes_at(at)[0] = 1;
        guest::poke(at + 6, static_cast<std::uint32_t>(scene.random.next()));
    } else if (kind == 2) {
        size = static_cast<std::uint32_t>(scene.random.between(1, 11)); // no header
    } else {
        size = static_cast<std::uint32_t>(scene.random.between(12, 25)); // no frame
    }
    const Piece piece{at, size, false};
    scene.go(scene.place({&piece, 1}));
    if (kind == 0 || kind == 2) {
        return Expect::reset;
    }
    return kind == 1 && !scene.driver.has(guest::feature::k_csum) ? Expect::reset : Expect::answer;
}

Expect network_long_frame(Scene& scene)
{
    if (scene.queue != 1) {
        return network_header(scene);
    }
    const auto  size = static_cast<std::uint32_t>(scene.random.between(1531, 65'536));
    const Piece piece{taken(scene, size), size, false};
    scene.go(scene.place({&piece, 1}));
    return Expect::answer;
}

/// Writes a TCP packet of a random content that a device can cut, behind a header that says so.
void write_segments(Random& random, std::uint64_t at, bool ipv6, bool tagged)
{
    constexpr std::uint32_t k_header = 12, k_most_random = 80;
    const auto              network = 14U + (tagged ? 4U : 0U), tcp = network + (ipv6 ? 40U : 20U);
    auto* const             header = guest::bytes_at(at);
    auto* const             packet = guest::bytes_at(at + k_header);
    guest::fill(at, k_header, 0);
    header[0] = 1;
    header[1] = ipv6 ? 4 : 1;
    guest::poke(at + 4, static_cast<std::uint16_t>(random.one_in(2) ? random.between(1, 1500)
                                                                    : random.next()));
    guest::poke(at + 6, static_cast<std::uint16_t>(tcp));
    guest::poke(at + 8, std::uint16_t{16});
    for (std::uint32_t i = 0; i < k_most_random; ++i) {
        packet[i] = static_cast<std::uint8_t>(random.next());
    }
    packet[12]          = 0x81;
    packet[13]          = 0;
    packet[network - 2] = ipv6 ? 0x86 : 0x08;
    packet[network - 1] = ipv6 ? 0xdd : 0x00;
    packet[network]     = ipv6 ? 0x60 : 0x45;
    if (!ipv6) {
        packet[network + 6] = random.one_in(8) ? packet[network + 6] : 0x40; // else: no fragment
        packet[network + 7] = 0;
        packet[network + 9] = 6;
    }
    packet[tcp + 12] = static_cast<std::uint8_t>(random.between(5, 15) << 4);
}

/// A packet for several frames; or one that is wrong in a few places of its headers, or too short
/// for them.
Expect network_segments(Scene& scene)
{
    const bool four = scene.driver.has(guest::feature::k_host_tso4);
    const bool six  = scene.driver.has(guest::feature::k_host_tso6);
    if (scene.queue != 1 || !(four || six)) {
        return network_header(scene);
    }
    auto&      random = scene.random;
    const auto most   = random.pick(std::array{150U, 6000U, 6000U, 70'000U});
    const auto size   = static_cast<std::uint32_t>(random.between(66, most));
    const auto at     = taken(scene, 70'000);
    write_segments(random, at, six && !(four && random.one_in(2)), random.one_in(4));
    for (auto wrong = random.one_in(2) ? random.below(5) : 0; wrong != 0; --wrong) {
        // Flags and kind stay: without them it would be another attack.
        guest::bytes_at(at)[random.between(2, 12 + 80)] = static_cast<std::uint8_t>(random.next());
    }
    const Piece piece{at, size, false};
    scene.go(scene.place({&piece, 1}));
    return Expect::answer;
}

Expect network_control(Scene& scene)
{
    if (scene.queue != 2 || !scene.driver.has(guest::feature::k_ctrl_vq)) {
        return network_header(scene);
    }
    const auto size = static_cast<std::uint32_t>(scene.random.between(1, 64));
    const auto at   = taken(scene, 64);
    for (std::uint32_t i = 0; i < size; ++i) {
        guest::bytes_at(at)[i] = static_cast<std::uint8_t>(
            scene.random.one_in(2) ? scene.random.below(4) : scene.random.next());
    }
    const bool                 answerable = !scene.random.one_in(4);
    const std::array<Piece, 2> pieces{{{at, size, false}, {taken(scene, 1, 0xff), 1, true}}};
    scene.go(scene.place(std::span{pieces}.first(answerable ? 2 : 1)));
    return answerable ? Expect::answer : Expect::reset;
}

/// A table of addresses that says it is longer than it is.
Expect network_addresses(Scene& scene)
{
    if (scene.queue != 2 || !scene.driver.has(guest::feature::k_ctrl_vq)) {
        return network_header(scene);
    }
    const auto size = static_cast<std::uint32_t>(scene.random.between(6, 2048));
    const auto at   = taken(scene, 2048);
    guest::poke(at, std::uint16_t{1}); // MAC, TABLE_SET
    guest::poke(at + 2,
                static_cast<std::uint32_t>(scene.random.next() >> scene.random.between(32, 60)));
    const std::array<Piece, 2> pieces{{{at, size, false}, {taken(scene, 1, 0xff), 1, true}}};
    scene.go(scene.place(pieces));
    return Expect::answer;
}

Expect console_control(Scene& scene)
{
    if (scene.queue != 3 || !scene.driver.has(guest::feature::k_multiport)) {
        scene.go(scene.place(scene.good_request()));
        return scene.must_answer();
    }
    for (unsigned i = 0; i < 6; ++i) {
        const auto at = taken(scene, 8);
        const auto id =
            static_cast<std::uint32_t>(scene.random.next() >> scene.random.between(32, 63));
        guest::poke(at, id | scene.random.below(9) << 32 | scene.random.below(3) << 48);
        const Piece piece{at, 8, false};
        scene.ring->offer(scene.ring->place({&piece, 1}));
        ++scene.requests;
    }
    const bool  is_short = scene.random.one_in(4);
    const Piece piece{taken(scene, 16), is_short ? 7U : 9U, false};
    scene.go(scene.ring->place({&piece, 1}));
    return is_short ? Expect::reset : Expect::either;
}

Expect console_output_for_reading(Scene& scene)
{
    const bool  wrong_way = scene.queue % 2 == 1;
    const Piece piece{taken(scene, 16), 16, wrong_way};
    scene.go(scene.place({&piece, 1}));
    return scene.must_reset();
}

Expect entropy_size(Scene& scene)
{
    const auto  size = static_cast<std::uint32_t>(scene.random.between(1, 200'000));
    const Piece piece{scene.scratch.take(size), size, true};
    scene.go(scene.place({&piece, 1}));
    return Expect::answer;
}

Expect entropy_readable(Scene& scene)
{
    const auto                 at = taken(scene, 64);
    const std::array<Piece, 2> pieces{{{at, 8, false}, {at + 8, 32, true}}};
    scene.go(scene.place(std::span{pieces}.first(scene.random.between(1, 2))));
    return Expect::reset;
}

constexpr auto k_net = only(Type::network), k_block = only(Type::block),
               k_console = only(Type::console), k_entropy = only(Type::entropy);

constinit Attack attacks[] = {
    {"block: any type", k_block, Then::goes_on, block_type},
    {"block: beyond the end", k_block, Then::goes_on, block_beyond},
    {"block: across the end", k_block, Then::goes_on, block_across_the_end},
    {"block: no whole sectors", k_block, Then::goes_on, block_size},
    {"block: wrong ranges", k_block, Then::goes_on, block_ranges},
    {"block: no status byte", k_block, Then::ends, block_without_status},
    {"block: short header", k_block, Then::ends, block_short_header},
    {"block: cut up", k_block, Then::goes_on, block_cut_up},
    {"net: wrong headers", k_net, Then::ends, network_header},
    {"net: long frames", k_net, Then::goes_on, network_long_frame},
    {"net: any segments", k_net, Then::goes_on, network_segments},
    {"net: any command", k_net, Then::ends, network_control},
    {"net: wrong address tables", k_net, Then::goes_on, network_addresses},
    {"console: any message", k_console, Then::ends, console_control},
    {"console: wrong direction", k_console, Then::ends, console_output_for_reading},
    {"entropy: any size", k_entropy, Then::goes_on, entropy_size},
    {"entropy: something to read", k_entropy, Then::ends, entropy_readable},
};

} // namespace

std::span<Attack> request_attacks() { return attacks; }

} // namespace hostile
