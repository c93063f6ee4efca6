// SPDX-License-Identifier: BSD-2-Clause
// What the writer makes, as dtc and libfdt read it, and how it says no.
#include "fdt/writer.hpp"

#include "support.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

namespace {

using fdt_test::Bytes;

Bytes written(void (*fill)(fdt::Writer&), std::size_t room = 4096)
{
    Bytes       blob(room, std::byte{0xee});
    fdt::Writer writer{blob};
    fill(writer);
    const auto size = writer.finish();
    EXPECT_TRUE(size) << size.error().what;
    blob.resize(size.value_or(0));
    return blob;
}

std::string_view error_of(void (*fill)(fdt::Writer&), std::size_t room = 4096)
{
    Bytes       blob(room);
    fdt::Writer writer{blob};
    fill(writer);
    const auto size = writer.finish();
    return size ? std::string_view{} : size.error().what;
}

void small_tree(fdt::Writer& tree)
{
    tree.reserve({0x4800'0000, 0x1'0000});
    tree.reserve({0, 0}); // would be the end of the list
    tree.begin_node("");
    tree.property_string("compatible", "acme,board");
    tree.property_u32("#address-cells", 2);
    tree.property_u32("#size-cells", 2);
    tree.begin_node("soc");
    tree.property_empty("ranges");
    tree.begin_node("uart", 0x900'0000);
    tree.property_strings("compatible", {"arm,pl011", "arm,primecell"});
    tree.begin_property("reg");
    tree.append_u64(0x900'0000);
    tree.append_u64(0x1000);
    tree.property_cells("interrupts", {0, 1, 4});
    tree.property("odd", std::as_bytes(std::span{"abcde", 5}));
    tree.end_node();
    tree.begin_node("timer", 0);
    tree.property_u64("frequency", 0x1'0000'0002);
    tree.end_node();
    tree.end_node();
    tree.end_node();
}

TEST(Writer, DtcReadsWhatWasWritten)
{
    EXPECT_EQ(fdt_test::decompile(written(small_tree)),
              "/dts-v1/;\n\n"
              "/memreserve/\t0x0000000048000000 0x0000000000010000;\n"
              "/ {\n"
              "\tcompatible = \"acme,board\";\n"
              "\t#address-cells = <0x02>;\n"
              "\t#size-cells = <0x02>;\n\n"
              "\tsoc {\n"
              "\t\tranges;\n\n"
              "\t\tuart@9000000 {\n"
              "\t\t\tcompatible = \"arm,pl011\\0arm,primecell\";\n"
              "\t\t\treg = <0x00 0x9000000 0x00 0x1000>;\n"
              "\t\t\tinterrupts = <0x00 0x01 0x04>;\n"
              "\t\t\todd = [61 62 63 64 65];\n"
              "\t\t};\n\n"
              "\t\ttimer@0 {\n"
              "\t\t\tfrequency = <0x01 0x02>;\n"
              "\t\t};\n"
              "\t};\n"
              "};\n");
}

TEST(Writer, LibfdtReadsTheSame) { fdt_test::expect_same_as_libfdt(written(small_tree)); }

TEST(Writer, AnyRoomSmallerThanTheTreeIsAnErrorAndNothingIsWrittenOutside)
{
    const auto whole = written(small_tree);
    EXPECT_EQ(error_of(small_tree, whole.size()), "");
    for (std::size_t room = 0; room < whole.size(); ++room) {
        // The sanitizer watches the bounds: the vector is exactly as large as the room.
        EXPECT_EQ(error_of(small_tree, room),
                  "the device tree does not fit into the memory given to it")
            << room;
    }
}

TEST(Writer, CallsThatFormNoTreeAreErrors)
{
    using fdt::Writer;
    EXPECT_EQ(error_of([](Writer&) {}), "the device tree ends before its root node does");
    EXPECT_EQ(error_of([](Writer& t) { t.begin_node(""); }),
              "the device tree ends before its root node does");
    EXPECT_EQ(error_of([](Writer& t) { t.end_node(); }), "a node ends that has not begun");
    EXPECT_EQ(error_of([](Writer& t) { t.property_empty("a"); }),
              "a property is outside of a node or follows a child of its node");
    EXPECT_EQ(error_of([](Writer& t) {
                  t.begin_node("");
                  t.begin_node("child");
                  t.end_node();
                  t.property_empty("late");
              }),
              "a property is outside of a node or follows a child of its node");
    EXPECT_EQ(error_of([](Writer& t) {
                  t.begin_node("");
                  t.append_u32(1);
              }),
              "a value is outside of a property");
    EXPECT_EQ(error_of([](Writer& t) { t.append_u64(1); }), "a value is outside of a property");
    EXPECT_EQ(error_of([](Writer& t) {
                  t.begin_node("");
                  t.end_node();
                  t.begin_node("");
              }),
              "a second root node");
    EXPECT_EQ(error_of([](Writer& t) {
                  t.begin_node("");
                  t.reserve({1, 1});
              }),
              "a memory reservation follows a node");
    EXPECT_EQ(error_of([](Writer& t) {
                  t.begin_node("");
                  for (int i = 0; i < 40; ++i) {
                      t.begin_node("deeper");
                  }
              }),
              "the device tree is too deep");
}

TEST(Writer, NamesThatWouldBreakThePathAreErrors)
{
    using fdt::Writer;
    constexpr std::string_view k_bad = "a node name has a character that it must not have, or none";
    EXPECT_EQ(error_of([](Writer& t) { t.begin_node("root"); }), k_bad);
    EXPECT_EQ(error_of([](Writer& t) {
                  t.begin_node("");
                  t.begin_node("");
              }),
              k_bad);
    EXPECT_EQ(error_of([](Writer& t) {
                  t.begin_node("");
                  t.begin_node("a/b");
              }),
              k_bad);
    EXPECT_EQ(error_of([](Writer& t) {
                  t.begin_node("");
                  t.begin_node("a b", 7);
              }),
              k_bad);
    EXPECT_EQ(error_of([](Writer& t) {
                  t.begin_node("");
                  t.property_empty("");
              }),
              "a property name has a character that it must not have, or none");
    EXPECT_EQ(error_of([](Writer& t) {
                  t.begin_node("");
                  t.property_string("a", std::string_view{"x\0y", 3});
              }),
              "a string has a zero in it");
}

TEST(Writer, TheFirstErrorIsKeptAndASecondFinishIsOne)
{
    std::array<std::byte, 256> room{};
    fdt::Writer                tree{room};
    tree.end_node();
    tree.property_empty("a");
    EXPECT_EQ(tree.finish().error().what, "a node ends that has not begun");

    fdt::Writer good{room};
    good.begin_node("");
    good.end_node();
    EXPECT_TRUE(good.finish());
    EXPECT_EQ(good.finish().error().what, "the device tree was already finished");
}

/// Random trees: the same calls in both directions, read back by libfdt and by dtc.
TEST(Writer, RandomTreesAreSound)
{
    for (unsigned seed = 0; seed < 50; ++seed) {
        std::mt19937 random{seed};
        Bytes        blob(1 << 16);
        fdt::Writer  tree{blob};
        tree.begin_node("");
        std::size_t depth = 1;
        for (unsigned i = 0; i < 200; ++i) {
            if (random() % 3 == 0 && depth > 1) {
                tree.end_node();
                --depth;
            }
            if (depth < 12) {
                tree.begin_node("n" + std::to_string(i), random());
                ++depth;
            }
            for (auto p = random() % 4; p != 0; --p) {
                // Names that are ends of one another must not be mixed up.
                const auto name = std::string(random() % 5 + 1, 'p') + std::to_string(p);
                Bytes      value(random() % 40);
                for (auto& byte : value) {
                    byte = static_cast<std::byte>(random());
                }
                if (depth < 12) {
                    tree.property(name, value);
                }
            }
        }
        for (; depth != 0; --depth) {
            tree.end_node();
        }
        const auto size = tree.finish();
        ASSERT_TRUE(size) << size.error().what;
        blob.resize(*size);
        fdt_test::expect_same_as_libfdt(blob);
        EXPECT_FALSE(fdt_test::decompile(blob).empty());
    }
}

} // namespace
