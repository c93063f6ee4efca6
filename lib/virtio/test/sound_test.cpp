// SPDX-License-Identifier: BSD-2-Clause
// The sound device, clause by clause of virtIO 1.2, section 5.14: information, parameters, events.
// Streams that play and record are in sound_stream_test.cpp.
#include "sound_fixture.hpp"

namespace {

TEST_F(VirtioSound, 5_14_1_to_5_14_4_IdQueuesAndConfiguration)
{
    EXPECT_EQ(driver.read(kit::Mmio::device_id), 25u);
    EXPECT_EQ(driver.offered() & 0xff'ffff, 0u);
    EXPECT_EQ(driver.config<std::uint32_t>(0), 2u);
    EXPECT_EQ(driver.config<std::uint32_t>(4), 2u);
    EXPECT_EQ(driver.config<std::uint32_t>(8), 1u);
}

TEST_F(VirtioSound, 5_14_6_4_1_1_InformationOfJacks)
{
    const auto at = ask({1, 0, 2, 24}, 4 + 48);
    EXPECT_EQ(word(at), k_ok);
    EXPECT_EQ(rings[0]->used()->written, 52u);
    EXPECT_EQ(word(at + 4 + 8), 0x11u);
    EXPECT_EQ(word(at + 4 + 12), 0x22u);
    EXPECT_EQ(ram.text(at + 4 + 16, 8), std::string("\1\0\0\0\0\0\0\0", 8)); // padding is 0
    EXPECT_EQ(word(at + 28), 1u);
    EXPECT_EQ(word(at + 28 + 4), 0u); // 5.14.6.4.1.1: no undefined features
    EXPECT_EQ(ram.load<std::uint8_t>(at + 28 + 16), 0u);
}

TEST_F(VirtioSound, 5_14_6_6_2_1_InformationOfStreams)
{
    card.what[0].formats = ~0ULL; // more than the standard has
    card.what[0].rates   = ~0ULL;
    driver.write(kit::Mmio::status, 0);
    device.card_changed();
    start();
    const auto at = ask({0x100, 0, 2, 32}, 4 + 64);
    EXPECT_EQ(word(at), k_ok);
    EXPECT_EQ(word(at + 8), 1u << 4); // features
    EXPECT_EQ(ram.load<std::uint64_t>(at + 12), virtio::k_all_pcm_formats);
    EXPECT_EQ(ram.load<std::uint64_t>(at + 20), virtio::k_all_pcm_rates);
    EXPECT_EQ(ram.text(at + 28, 8), std::string("\0\1\2\0\0\0\0\0", 8));
    EXPECT_EQ(ram.text(at + 60, 8), std::string("\1\1\1\0\0\0\0\0", 8));
}

TEST_F(VirtioSound, 5_14_6_9_1_1_InformationOfChannelMaps)
{
    const auto at = ask({0x200, 0, 1, 24}, 4 + 24);
    EXPECT_EQ(word(at), k_ok);
    EXPECT_EQ(ram.text(at + 8, 4), std::string("\0\2\3\4", 4));
    driver.write(kit::Mmio::status, 0);
    maps[0].channels = 200; // more than there are places for
    device.set_panel(jacks, maps);
    start();
    EXPECT_EQ(ram.load<std::uint8_t>(ask({0x200, 0, 1, 24}, 4 + 24) + 9), 18u);
}

TEST_F(VirtioSound, 5_14_6_1_ItemsAreCutToTheSizeThatTheDriverKnows)
{
    const auto small = ask({0x100, 0, 2, 8}, 4 + 16);
    EXPECT_EQ(word(small), k_ok);
    EXPECT_EQ(word(small + 8), 1u << 4);
    EXPECT_EQ(word(small + 16), 1u << 4);
    const auto large = ask({0x100, 1, 1, 40}, 4 + 40);
    ram.store(large + 40, 0xffu);
    EXPECT_EQ(word(large), k_ok);
    EXPECT_EQ(ram.load<std::uint8_t>(large + 28), 1u);
}

TEST_F(VirtioSound, 5_14_6_2_QueriesOutOfRange)
{
    EXPECT_EQ(word(ask({0x100, 0, 3, 32}, 200)), k_bad);
    EXPECT_EQ(word(ask({0x100, 2, 1, 32}, 200)), k_bad);
    EXPECT_EQ(word(ask({0x100, 0xffff'ffff, 2, 32}, 200)), k_bad);
    EXPECT_EQ(word(ask({0x100, 0, 2, 32}, 67)), k_bad); // no room for the answer
    EXPECT_EQ(word(ask({0x100, 0, 2, 0}, 67)), k_bad);
    EXPECT_EQ(word(ask({0x100, 0, 2, 0xffff'ffff}, 67)), k_bad);
    EXPECT_EQ(word(ask({0x100, 0, 2}, 67)), k_bad);
    EXPECT_EQ(word(ask({0x100, 0, 0, 32}, 67)), k_ok);
    // More to fill up than anybody has a use for.
    EXPECT_EQ(word(ask({0x100, 0, 1, 4096}, 4 + 4097)), k_ok);
    EXPECT_EQ(word(ask({0x100, 0, 1, 4097}, 4 + 4097)), k_bad);
}

TEST_F(VirtioSound, 5_14_6_RequestsThatAreNone)
{
    EXPECT_EQ(request({}), k_bad);
    EXPECT_EQ(request({0x9999, 0}), k_not);
    EXPECT_EQ(request({0x300, 0}), k_not);   // control elements are of a later standard
    EXPECT_EQ(request({2, 0, 0, 0}), k_not); // 5.14.6.4.2: remap
    EXPECT_EQ(request({2, 2, 0, 0}), k_bad);
    EXPECT_EQ(request({k_prepare}), k_bad);
    EXPECT_EQ(request({k_prepare, 2}), k_bad);
    EXPECT_FALSE(driver.needs_reset());
    rings[0]->add({to_device(ram.allocate(8), 8), from_device(ram.allocate(4), 3)});
    driver.notify(0);
    EXPECT_TRUE(driver.needs_reset()); // nowhere to answer
}

TEST_F(VirtioSound, 5_14_6_6_3_2_ParametersThatMayNotBe)
{
    EXPECT_EQ(set(2), k_bad);
    EXPECT_EQ(request({0x101, 0, 1600, 400, 0}), k_bad);
    EXPECT_EQ(set(0, 0, 2 | 5 << 8 | 7 << 16, 1600, 300), k_bad); // no divider
    EXPECT_EQ(set(0, 0, 2 | 5 << 8 | 7 << 16, 1600, 0), k_bad);
    EXPECT_EQ(set(0, 0, 2 | 5 << 8 | 7 << 16, 0, 400), k_bad);
    EXPECT_EQ(set(0, 0, 2 | 5 << 8 | 7 << 16 | 1 << 24), k_bad); // padding
    EXPECT_EQ(set(0, 1), k_not);                                 // memory shared by the host
    EXPECT_EQ(set(0, 2), k_not);
    EXPECT_EQ(set(0, 1 << 5), k_not);
    EXPECT_EQ(set(0, 0, 0 | 5 << 8 | 7 << 16), k_not);
    EXPECT_EQ(set(0, 0, 3 | 5 << 8 | 7 << 16), k_not);
    EXPECT_EQ(set(0, 0, 2 | 4 << 8 | 7 << 16), k_not);
    EXPECT_EQ(set(0, 0, 2 | 200U << 8 | 7 << 16), k_not);
    EXPECT_EQ(set(0, 0, 2 | 5 << 8 | 8 << 16), k_not);
    EXPECT_EQ(set(0, 0, 2 | 5 << 8 | 7 << 16, 400'000, 200'000), k_not); // in too many pages
    EXPECT_EQ(set(0, 0, 2 | 5 << 8 | 7 << 16, 21 * 400), k_not); // more periods than we keep
    EXPECT_EQ(card.commands, "");
    EXPECT_EQ(set(0, 1 << 4), k_ok);
}

TEST_F(VirtioSound, 5_14_6_6_1_EveryTransition)
{
    // Rows: the state; columns: SET_PARAMS, PREPARE, START, STOP, RELEASE. Lower case: to which.
    constexpr std::string_view k_table = "s----"  // idle
                                         "sp---"  // set
                                         "spr-s"  // prepared
                                         "---o-"  // running
                                         "--r-s"; // stopped
    constexpr std::string_view k_states = "-spro";
    const auto                 reach    = [&](char state) {
        start();
        const auto at = k_states.find(state);
        if (at >= 1) {
            ASSERT_EQ(set(), k_ok);
        }
        if (at >= 2) {
            ASSERT_EQ(request({k_prepare, 0}), k_ok);
        }
        if (at >= 3) {
            ASSERT_EQ(request({k_start, 0}), k_ok);
        }
        if (at >= 4) {
            ASSERT_EQ(request({k_stop, 0}), k_ok);
        }
    };
    const auto apply = [&](std::size_t column) {
        constexpr std::array<std::uint32_t, 5> k_codes{0x101, k_prepare, k_start, k_stop,
                                                       k_release};
        return column == 0 ? set() : request({k_codes[column], 0});
    };
    for (std::size_t row = 0; row < 5; ++row) {
        for (std::size_t column = 0; column < 5; ++column) {
            reach(row == 0 ? '-' : k_states[row]);
            const char to = k_table[row * 5 + column];
            EXPECT_EQ(apply(column), to == '-' ? k_bad : k_ok) << row << ' ' << column;
            // Where it is now shows in what it allows.
            const auto now = to == '-' ? row : k_states.find(to);
            EXPECT_EQ(request({k_stop, 0}) == k_ok, now == 3) << row << ' ' << column;
        }
        ram.rewind();
    }
}

TEST_F(VirtioSound, 5_14_6_5_JackEvents)
{
    device.set_jack(0, false);
    device.set_jack(1, true);
    device.set_jack(7, true);
    EXPECT_EQ(event(), "1:0");
    EXPECT_EQ(event(), "0:1");
    device.set_jack(1, false);
    device.set_jack(1, true);
    EXPECT_EQ(event(), "0:1"); // what counts is how it is now
    device.set_jack(1, true);  // as it was
    EXPECT_EQ(event(), "");
}

TEST_F(VirtioSound, 5_14_5_1_EventBuffersAreForWritingAndLargeEnough)
{
    rings[1]->add({from_device(ram.allocate(8), 7)});
    driver.notify(1);
    device.set_jack(0, false);
    EXPECT_TRUE(driver.needs_reset());
}

} // namespace
