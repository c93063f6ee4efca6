// SPDX-License-Identifier: BSD-2-Clause
// Reading trees that dtc made, and trees that somebody damaged.
#include "fdt/reader.hpp"

#include "fdt/format.hpp"
#include "support.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>

namespace {

using fdt_test::Bytes;

const std::string k_source = R"(/dts-v1/;
/memreserve/ 0x1000 0x2000;
/ {
    #address-cells = <2>;
    #size-cells = <1>;
    compatible = "acme,board", "acme,family";
    aliases { serial0 = "/soc/uart@1000"; loop = "loop"; nowhere = "/soc/none"; };
    soc {
        wide = <0x1 0x2>;
        one = <0xfedcba98>;
        three = <1 2 3>;
        text = "first", "", "third";
        uart@1000 { reg = <0 0x1000 0x100>; status = "disabled"; phandle = <7>; };
        uart@2000 { reg = <0 0x2000 0x100>; status = "ok"; };
        lonely@3000 { inner { }; };
    };
};
)";

TEST(Tree, FindsNodesByPathAliasAndPhandle)
{
    const auto blob = fdt_test::compile(k_source);
    const auto tree = fdt::Tree::create(blob).value();
    EXPECT_EQ(tree.find("/")->name(), "");
    EXPECT_EQ(tree.find("/soc/uart@1000")->unit_address(), "1000");
    EXPECT_EQ(tree.find("/soc/uart@2000")->base_name(), "uart");
    EXPECT_FALSE(tree.find("/soc/uart")) << "two nodes have this name";
    EXPECT_EQ(tree.find("/soc/lonely/inner")->name(), "inner");
    EXPECT_EQ(tree.find("serial0"), tree.find("/soc/uart@1000"));
    EXPECT_EQ(tree.find_phandle(7), tree.find("/soc/uart@1000"));
    EXPECT_EQ(tree.find_compatible("acme,family"), tree.root());
    for (const auto* path : {"/soc/uart@100", "/soc/uart@10000", "soc", "loop", "nowhere", "",
                             "/socket", "/soc/lonely/inner/more"}) {
        EXPECT_FALSE(tree.find(path)) << path;
    }
    EXPECT_FALSE(tree.find_phandle(8));
    EXPECT_FALSE(tree.find_compatible("acme"));
    fdt_test::expect_same_as_libfdt(blob);
}

TEST(Tree, PropertiesGiveNumbersAndStrings)
{
    const auto blob = fdt_test::compile(k_source);
    const auto tree = fdt::Tree::create(blob).value();
    const auto soc  = tree.find("/soc").value();
    EXPECT_EQ(soc.property("one")->number(), 0xfedc'ba98);
    EXPECT_EQ(soc.property("wide")->number(), 0x1'0000'0002);
    EXPECT_EQ(soc.property("three")->number(), std::nullopt);
    EXPECT_EQ(soc.property("three")->cell(2), 3);
    EXPECT_EQ(soc.property("three")->cell(3), std::nullopt);
    EXPECT_EQ(soc.property("three")->number(2, 2), std::nullopt);
    const auto text = soc.property("text").value();
    EXPECT_EQ(text.string(0), "first");
    EXPECT_EQ(text.string(1), "");
    EXPECT_EQ(text.string(2), "third");
    EXPECT_EQ(text.string(3), std::nullopt);
    EXPECT_TRUE(text.has_string("third"));
    EXPECT_FALSE(text.has_string("thir"));
    EXPECT_FALSE(soc.property("tex"));
    EXPECT_EQ(tree.root().address_cells(), 2);
    EXPECT_EQ(tree.root().size_cells(), 1);
    EXPECT_EQ(soc.address_cells(), 2) << "the default";
    EXPECT_FALSE(tree.find("/soc/uart@1000")->is_enabled());
    EXPECT_TRUE(tree.find("/soc/uart@2000")->is_enabled());
    EXPECT_TRUE(soc.is_enabled());
}

TEST(Tree, APathIsCutWhereItsRoomEnds)
{
    const auto           blob = fdt_test::compile(k_source);
    const auto           tree = fdt::Tree::create(blob).value();
    const auto           at   = tree.locate(tree.find("/soc/lonely@3000/inner").value());
    std::array<char, 64> room{};
    EXPECT_EQ(at.path(room), "/soc/lonely@3000/inner");
    EXPECT_EQ(at.path(std::span{room}.first(7)), "/soc/lo");
    EXPECT_EQ(at.path({}), "");
    EXPECT_EQ(at.parent()->path(room), "/soc/lonely@3000");
    EXPECT_EQ(tree.locate(tree.root()).path(room), "/");
    EXPECT_FALSE(tree.locate(tree.root()).parent());
}

TEST(Tree, BoardsAreReadAsLibfdtReadsThem)
{
    for (const auto* board : {"qemu_virt_aarch64", "qemu_virt_aarch64_gicv3"}) {
        const auto path = std::string{BOARDS_SOURCE} + "/" + board + "/board.dts";
        fdt_test::expect_same_as_libfdt(fdt_test::compile_file(path));
    }
}

std::string_view error_of(std::span<const std::byte> blob)
{
    const auto tree = fdt::Tree::create(blob);
    return tree ? std::string_view{} : tree.error().what;
}

void put(Bytes& blob, std::size_t offset, std::uint32_t value)
{
    ASSERT_TRUE(base::store_big(std::span{blob}, offset, value));
}

std::uint32_t get(const Bytes& blob, fdt::HeaderField field)
{
    return base::load_big<std::uint32_t>(std::span{blob}, static_cast<std::size_t>(field)).value();
}

TEST(Tree, ADamagedHeaderIsAnError)
{
    const auto good = fdt_test::compile(k_source);
    struct Case {
        fdt::HeaderField field;
        std::uint32_t    value;
        const char*      what;
    };
    const auto size = static_cast<std::uint32_t>(good.size());
    for (const auto& [field, value, what] : {
             Case{fdt::HeaderField::magic, 0xedfe0dd0, "this is not a flattened device tree"},
             Case{fdt::HeaderField::total_size, size + 1, "the device tree is cut off"},
             Case{fdt::HeaderField::total_size, 39, "the device tree is cut off"},
             Case{fdt::HeaderField::version, 16, "the device tree has a version other than 17"},
             Case{fdt::HeaderField::last_compatible_version, 18,
                  "the device tree has a version other than 17"},
             Case{fdt::HeaderField::structure_offset, size,
                  "a block of the device tree lies outside of it"},
             Case{fdt::HeaderField::structure_offset, 0xffff'fffc,
                  "a block of the device tree lies outside of it"},
             Case{fdt::HeaderField::structure_offset, 58,
                  "a block of the device tree lies outside of it"},
             Case{fdt::HeaderField::structure_size, 0xffff'ffff,
                  "a block of the device tree lies outside of it"},
             Case{fdt::HeaderField::structure_size, 4,
                  "the device tree is cut off or has a bad token"},
             Case{fdt::HeaderField::strings_size, size,
                  "a block of the device tree lies outside of it"},
             Case{fdt::HeaderField::strings_size, 3,
                  "the device tree is cut off or has a bad token"},
             Case{fdt::HeaderField::reservations_offset, size + 1,
                  "a block of the device tree lies outside of it"},
             Case{fdt::HeaderField::reservations_offset, size - 8,
                  "the device tree's memory reservations have no end"},
         }) {
        auto blob = good;
        put(blob, static_cast<std::size_t>(field), value);
        EXPECT_EQ(error_of(blob), what) << static_cast<std::size_t>(field) << " " << value;
    }
    EXPECT_EQ(error_of({}), "this is not a flattened device tree");
}

/// A blob whose structure block is given.
Bytes with_structure(std::initializer_list<std::uint32_t> words)
{
    Bytes      blob(80 + 4 * words.size());
    const auto set = [&](fdt::HeaderField field, std::size_t value) {
        put(blob, static_cast<std::size_t>(field), static_cast<std::uint32_t>(value));
    };
    set(fdt::HeaderField::magic, fdt::k_magic);
    set(fdt::HeaderField::total_size, blob.size());
    set(fdt::HeaderField::reservations_offset, 40);
    set(fdt::HeaderField::strings_offset, 56);
    set(fdt::HeaderField::strings_size, 24);
    set(fdt::HeaderField::structure_offset, 80);
    set(fdt::HeaderField::structure_size, 4 * words.size());
    set(fdt::HeaderField::version, 17);
    set(fdt::HeaderField::last_compatible_version, 16);
    put(blob, 56, 0x6162'6300); // "abc" at 0; an empty name at 3
    std::size_t at = 80;
    for (const auto word : words) {
        put(blob, at, word);
        at += 4;
    }
    return blob;
}

TEST(Tree, WrongNestingIsAnError)
{
    constexpr std::uint32_t k_name = 0x6e00'0000; // "n"
    EXPECT_EQ(error_of(with_structure({1, 0, 2, 9})), "");
    EXPECT_EQ(error_of(with_structure({4, 1, 0, 4, 4, 2, 4, 9})), "") << "NOPs anywhere";
    EXPECT_EQ(error_of(with_structure({1, 0, 3, 0, 0, 2, 9})), "");
    EXPECT_EQ(error_of(with_structure({1, 0, 1, k_name, 2, 2, 9})), "");

    EXPECT_EQ(error_of(with_structure({9})), "the device tree ends inside of a node");
    EXPECT_EQ(error_of(with_structure({1, 0, 9})), "the device tree ends inside of a node");
    EXPECT_EQ(error_of(with_structure({2, 9})), "a node of the device tree ends twice");
    EXPECT_EQ(error_of(with_structure({1, 0, 2, 2, 9})), "a node of the device tree ends twice");
    EXPECT_EQ(error_of(with_structure({1, 0, 2, 1, 0, 2, 9})),
              "the device tree has two root nodes");
    EXPECT_EQ(error_of(with_structure({1, k_name, 2, 9})),
              "the device tree has a node with a bad name");
    EXPECT_EQ(error_of(with_structure({1, 0, 1, 0, 2, 2, 9})),
              "the device tree has a node with a bad name");
    EXPECT_EQ(error_of(with_structure({1, 0, 1, 0x612f'6200, 2, 2, 9})),
              "the device tree has a node with a bad name");
    EXPECT_EQ(error_of(with_structure({3, 0, 0, 1, 0, 2, 9})),
              "the device tree has a property in a wrong place");
    EXPECT_EQ(error_of(with_structure({1, 0, 1, k_name, 2, 3, 0, 0, 2, 9})),
              "the device tree has a property in a wrong place");
    EXPECT_EQ(error_of(with_structure({1, 0, 3, 0, 3, 2, 9})),
              "the device tree has a property without a name");
    for (const auto bad : {std::initializer_list<std::uint32_t>{1, 0, 2},
                           {1, 0, 2, 5},
                           {1, 0, 3, 0xffff'ffff, 0, 2, 9},
                           {1, 0, 3, 12, 0, 2, 9},
                           {1, 0, 3, 0, 24, 2, 9},
                           {1, 0, 3, 0},
                           {1, 0x6161'6161},
                           {4, 4, 4},
                           {}}) {
        EXPECT_EQ(error_of(with_structure(bad)), "the device tree is cut off or has a bad token");
    }
}

TEST(Tree, TooManyLevelsAreAnError)
{
    for (const std::size_t depth : {fdt::k_max_depth, fdt::k_max_depth + 1}) {
        std::string source = "/dts-v1/; / {";
        for (std::size_t i = 1; i < depth; ++i) {
            source += "n {";
        }
        for (std::size_t i = 0; i < depth; ++i) {
            source += "};";
        }
        const auto blob = fdt_test::compile(source);
        EXPECT_EQ(error_of(blob) == "the device tree is too deep", depth > fdt::k_max_depth);
        fdt_test::exercise(blob);
    }
}

/// Damage at random. Blocks of exactly the blob's size let the sanitizer see every stray read.
TEST(Tree, DamagedBlobsAreNeverReadOutside)
{
    const auto good =
        fdt_test::compile_file(std::string{BOARDS_SOURCE} + "/qemu_virt_aarch64/board.dts");
    std::mt19937 random{1};
    unsigned     accepted = 0;
    for (unsigned round = 0; round < 1500; ++round) {
        auto blob = good;
        if (random() % 4 == 0) {
            blob.resize(random() % blob.size());
            if (blob.size() >= 8 && random() % 2 == 0) {
                put(blob, 4, static_cast<std::uint32_t>(blob.size()));
            }
        }
        for (auto i = random() % 6; i != 0 && !blob.empty(); --i) {
            const auto at = random() % 3 == 0 ? random() % 40 : random();
            if (random() % 2 == 0) {
                blob[at % blob.size()] = static_cast<std::byte>(random());
            } else if (blob.size() >= 4) {
                put(blob, at % (blob.size() - 3) & ~std::size_t{3},
                    static_cast<std::uint32_t>(random() % 12));
            }
        }
        accepted += fdt::Tree::create(blob) ? 1U : 0U;
        fdt_test::exercise(blob);
    }
    EXPECT_GT(accepted, 100U) << "the damage hides what comes after the check";
}

/// A blob in guest memory can change after it was checked.
TEST(Tree, ABlobThatChangesAfterTheCheckIsNeverReadOutside)
{
    const auto good      = fdt_test::compile(k_source);
    const auto structure = get(good, fdt::HeaderField::structure_offset);
    for (std::size_t at = structure; at + 4 <= good.size(); at += 4) {
        for (const std::uint32_t value : {0U, 1U, 2U, 3U, 9U, 0xffff'ffffU}) {
            auto       blob = good;
            const auto tree = fdt::Tree::create(blob).value();
            put(blob, at, value);
            for (fdt::Walk walk{tree}; walk.next();) {
                for (const auto& property : walk.node().properties()) {
                    (void)property.string(1);
                }
                for (const auto& child : walk.node().children()) {
                    (void)child.name();
                }
            }
            (void)tree.find("/soc/lonely/inner");
        }
    }
}

} // namespace
