// SPDX-License-Identifier: BSD-2-Clause
// Reading descriptions: numbers, places, defaults. What is refused is in reject/.
#include "sdf/check.hpp"
#include "sdf/number.hpp"
#include "sdf/parse.hpp"

#include "kit/workspace.hpp"

#include <gtest/gtest.h>

namespace {

using tool::parse_number;
using tool::parse_xml;
using tool::test::in_system;
using tool::test::pd;

tool::Board test_board()
{
    return tool::read_board(std::filesystem::path{TOOL_TEST_DIR} / "board.json").value();
}

tool::System parse(const std::string& elements)
{
    const auto root   = parse_xml(in_system(elements), "x.system");
    auto       system = tool::parse_system(root.value(), test_board()).value();
    tool::attach_channel_setvars(system);
    EXPECT_TRUE(tool::check_system(system).empty());
    return system;
}

TEST(number, general_form)
{
    EXPECT_EQ(parse_number("0"), 0U);
    EXPECT_EQ(parse_number("0018"), 18U);
    EXPECT_EQ(parse_number("+7"), 7U);
    EXPECT_EQ(parse_number("1_000_"), 1000U);
    EXPECT_EQ(parse_number("_0_x_1F"), 31U);
    EXPECT_EQ(parse_number("0xAbCd"), 0xabcdU);
    EXPECT_EQ(parse_number("18446744073709551615"), ~0ULL);
    EXPECT_EQ(parse_number("0xffffffffffffffff"), ~0ULL);
}

TEST(number, malformed)
{
    for (const auto* text : {"", "_", "0x", "+", "-1", "++1", "1 ", " 1", "1k", "0X1", "1.0", "a",
                             "18446744073709551616", "0x10000000000000000", "0b1", "0x-1"}) {
        EXPECT_EQ(parse_number(text), std::nullopt) << text;
    }
}

TEST(xml, place_of_an_element_is_its_angle_bracket)
{
    const auto root =
        parse_xml("<?xml version=\"1.0\"?>\r\n<a>\r\n  <b/><c\n x='1'/>\n\t<d/></a>", "f");
    ASSERT_TRUE(root);
    EXPECT_EQ(root->where, (tool::Location{"f", 2, 1}));
    ASSERT_EQ(root->children.size(), 3U);
    EXPECT_EQ(root->children[0].where, (tool::Location{"f", 3, 3}));
    EXPECT_EQ(root->children[1].where, (tool::Location{"f", 3, 7}));
    EXPECT_EQ(root->children[2].where, (tool::Location{"f", 5, 2}));
}

TEST(xml, columns_count_characters)
{
    const auto root = parse_xml("<a><!-- ä€𝄞 --><b/></a>", "f");
    EXPECT_EQ(root->children.at(0).where.column, 16U);
}

TEST(xml, text_is_found_with_its_place)
{
    const auto root = parse_xml("<a>\n\n   word and more<b/></a>", "f");
    EXPECT_EQ(root->text, "word");
    EXPECT_EQ(root->text_at, (tool::Location{"f", 3, 4}));
}

TEST(sdf, defaults)
{
    const auto  system = parse(pd("a", R"(<map mr="m" vaddr="0x1000000"/><irq irq="33" id="1"/>
        <virtual_machine name="v"><vcpu id="0"/></virtual_machine>)") +
                               R"(<memory_region name="m" size="0x1000"/>)" + pd("b") +
                               R"(<channel><end pd="a" id="0"/><end pd="b" id="0"/></channel>)");
    const auto& a      = system.pds.at(0);
    EXPECT_EQ(a.scheduling.priority, 0U);
    EXPECT_EQ(a.scheduling.budget_us, 1000U);
    EXPECT_EQ(a.scheduling.period_us, 1000U);
    EXPECT_EQ(a.stack_size, 0x2000U);
    EXPECT_EQ(a.cpu, 0U);
    EXPECT_FALSE(a.passive || a.smc || a.domain || a.parent);
    EXPECT_TRUE(a.fpu);
    EXPECT_EQ(a.maps.at(0).permissions, (tool::Permissions{.read = true, .write = true}));
    EXPECT_TRUE(a.maps.at(0).cached);
    EXPECT_FALSE(a.irqs.at(0).edge);
    EXPECT_EQ(a.vm->scheduling.period_us, 1000U);
    EXPECT_FALSE(a.vm->vcpus.at(0).cpu);
    EXPECT_TRUE(system.channels.at(0).ends[0].notify);
    EXPECT_FALSE(system.channels.at(0).ends[0].pp);
}

TEST(sdf, period_defaults_to_the_budget)
{
    const auto system = parse(pd("a", "", R"(budget="77")"));
    EXPECT_EQ(system.pds.at(0).scheduling.period_us, 77U);
}

TEST(sdf, protection_domains_are_numbered_depth_first)
{
    const auto system =
        parse(pd("a", pd("b", pd("c", "", R"(id="0")"), R"(id="0")") + pd("d", "", R"(id="1")")) +
              pd("e"));
    std::string names;
    for (const auto& domain : system.pds) {
        names += domain.name;
    }
    EXPECT_EQ(names, "abcde");
    EXPECT_EQ(system.pds[2].parent, 1U);
    EXPECT_EQ(system.pds[3].parent, 0U);
    EXPECT_FALSE(system.pds[4].parent);
}

TEST(sdf, unnumbered_domains_get_the_smallest_unused_ids)
{
    const auto system =
        parse(R"(<domains><domain name="w"/><domain name="x" id="0"/><domain name="y"/>
        <domain name="z" id="2"/><domain_schedule><schedule_entry domain="w" duration="1 us"/>
        </domain_schedule></domains>)" +
              pd("a", "", R"(domain="y")"));
    EXPECT_EQ(system.domains->domains.at(0).id, 1U);
    EXPECT_EQ(system.domains->domains.at(2).id, 3U);
}

} // namespace
