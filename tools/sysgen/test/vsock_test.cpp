// SPDX-License-Identifier: BSD-2-Clause
// <vsock>: sections as lib/vsock declares them, and each link followed to its other end.
#include "kit.hpp"
#include "world.hpp"

#include "vsock/config.hpp"

#include <gtest/gtest.h>
#include <string>

namespace {

using namespace sysgen::test;

constexpr const char* k_stations = R"(
    <guest name="one" image="g.elf" ram="0x8000000"><vsock vsock="sockets" cid="3" /></guest>
    <guest name="two" image="g.elf" ram="0x8000000"><vsock vsock="sockets" cid="0x10" /></guest>
    <protection_domain name="native" priority="90">
        <program_image path="native.elf" />
        <use vsock="sockets" cid="2" />
    </protection_domain>)";

sysgen::Layout make(const std::string& sockets)
{
    auto layout = expand("<system>" + sockets + k_stations + "</system>");
    if (!layout) {
        ADD_FAILURE() << layout.error().line << ": " << layout.error().what;
    }
    return std::move(layout).value();
}

vsock::Config config_of(const sysgen::Layout& layout, const std::string& name)
{
    const auto config = section<vsock::Config>(file(layout, "sockets/vsock_" + name));
    EXPECT_TRUE(config.is_valid()) << name;
    return config;
}

const vsock::Config::Link* link_to(const vsock::Config& config, std::uint32_t cid)
{
    for (unsigned i = 0; i < config.num_links; ++i) {
        if (config.links[i].cid == cid) {
            return &config.links[i];
        }
    }
    return nullptr;
}

void expect_link(const World& world, const std::string& a, const vsock::Config& at_a,
                 const std::string& b, const vsock::Config& at_b)
{
    const auto* const there = link_to(at_a, at_b.cid);
    const auto* const back  = link_to(at_b, at_a.cid);
    ASSERT_TRUE(there != nullptr && back != nullptr) << a << " and " << b;
    world.same(a, there->own, b, back->peer);
    world.same(a, there->peer, b, back->own);
    world.joined(a, there->channel, b, back->channel);
    // Nobody writes what another writes.
    EXPECT_TRUE(world.writable(a, world.region(a, there->own)));
    EXPECT_FALSE(world.writable(a, world.region(a, there->peer)));
    EXPECT_TRUE(world.writable(b, world.region(b, back->own)));
    EXPECT_FALSE(world.writable(b, world.region(b, back->peer)));
}

TEST(SysgenVsock, AllAreJoinedWithAll)
{
    const auto  layout = make("<vsock name=\"sockets\" />");
    const World world{layout};
    const auto  one    = config_of(layout, "one");
    const auto  two    = config_of(layout, "two");
    const auto  native = config_of(layout, "native");
    EXPECT_EQ(one.cid, 3U);
    EXPECT_EQ(two.cid, 0x10U);
    EXPECT_EQ(native.cid, 2U);
    for (const auto& config : {one, two, native}) {
        EXPECT_EQ(config.num_links, 2U);
        EXPECT_EQ(config.links[0].own.size, 0x1'0000U);
    }
    expect_link(world, "one", one, "two", two);
    expect_link(world, "one", one, "native", native);
    expect_link(world, "two", two, "native", native);
}

TEST(SysgenVsock, OrThoseThatAreNamed)
{
    const auto  layout = make("<vsock name=\"sockets\" ring=\"0x4000\">"
                               "<link from=\"native\" to=\"two\" /></vsock>");
    const World world{layout};
    EXPECT_EQ(config_of(layout, "one").num_links, 0U);
    const auto two = config_of(layout, "two");
    EXPECT_EQ(two.num_links, 1U);
    EXPECT_EQ(two.links[0].own.size, 0x4000U);
    expect_link(world, "two", two, "native", config_of(layout, "native"));
}

} // namespace
