// SPDX-License-Identifier: BSD-2-Clause
// Registers as the CPU sees them, interrupts and their controllers.
#include "fdt/address.hpp"
#include "fdt/interrupt.hpp"
#include "support.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace {

const std::string k_board = R"(/dts-v1/;
/ {
    #address-cells = <2>;
    #size-cells = <2>;
    interrupt-parent = <&gic>;
    cpus { #address-cells = <1>; #size-cells = <0>; cpu@1 { reg = <1>; }; };
    memory@40000000 { reg = <0 0x40000000 0 0x10000000>, <1 0 0 0x1000>; };
    gic: gic@8000000 {
        reg = <0 0x8000000 0 0x10000>;
        interrupt-controller;
        #interrupt-cells = <3>;
    };
    soc {
        #address-cells = <1>;
        #size-cells = <1>;
        ranges = <0x0 0x1 0x70000000 0x100000>, <0x200000 0x0 0x9000000 0x1000>;
        first@10 { reg = <0x10 0x20>; interrupts = <0 5 4>, <1 11 8>; };
        second@200000 { reg = <0x200000 0x1000>; };
        outside@200800 { reg = <0x200800 0x1000>; };
        window@0 { reg = <0 0x100000>; };
        nested@fff00 {
            reg = <0xfff00 0x100>;
            #address-cells = <1>;
            #size-cells = <1>;
            ranges = <0 0xfff00 0x100>;
            leaf@4 { reg = <4 4>; };
        };
        closed { #address-cells = <1>; #size-cells = <1>; leaf@0 { reg = <0 4>; }; };
        off@20 { reg = <0x20 4>; status = "disabled"; };
    };
    flat { #address-cells = <2>; #size-cells = <2>; ranges;
        leaf@5000 { reg = <0 0x5000 0 0x10>; };
    };
    pci@0 { #address-cells = <3>; #size-cells = <2>; ranges;
        card@0 { reg = <0 0 0 0 0>; };
    };
    small: small { interrupt-controller; #interrupt-cells = <1>; #address-cells = <0>;
        below { interrupts = <8 9>; };
    };
    extended { interrupts-extended = <&small 3>, <&gic 0 7 1>; interrupts = <0 1 4>; };
    ragged { interrupts = <0 1 4 0>; };
    lost { interrupt-parent = <99>; interrupts = <1>; };
    none { };
    broken { interrupt-parent = <&nocells>; interrupts = <1>; };
    nocells: nocells { };
};
)";

class Resolve : public ::testing::Test {
protected:
    fdt::Position at(const char* path) const
    {
        const auto node = tree_.find(path);
        EXPECT_TRUE(node) << path;
        return tree_.locate(node.value_or(tree_.root()));
    }
    std::optional<fdt::Registers> registers(const char* path, std::size_t index = 0) const
    {
        return fdt::registers(at(path), index);
    }
    std::string covering(std::uint64_t address) const
    {
        const auto           found = fdt::covering(tree_, address);
        std::array<char, 64> path{};
        return found ? std::string{found->node.path(path)} : "";
    }

    fdt_test::Bytes blob_ = fdt_test::compile(k_board);
    fdt::Tree       tree_ = fdt::Tree::create(blob_).value();
};

using R = fdt::Registers;

TEST_F(Resolve, RegistersGoThroughRanges)
{
    EXPECT_EQ(registers("/memory@40000000", 1), (R{0x1'0000'0000, 0x1000}));
    EXPECT_EQ(registers("/memory@40000000", 2), std::nullopt);
    EXPECT_EQ(registers("/soc/first@10"), (R{0x1'7000'0010, 0x20}));
    EXPECT_EQ(registers("/soc/second@200000"), (R{0x900'0000, 0x1000}));
    EXPECT_EQ(registers("/soc/outside@200800"), std::nullopt) << "its end leaves the range";
    EXPECT_EQ(registers("/soc/nested@fff00/leaf@4"), (R{0x1'700f'ff04, 4}));
    EXPECT_EQ(registers("/soc/closed/leaf@0"), std::nullopt);
    EXPECT_EQ(registers("/flat/leaf@5000"), (R{0x5000, 0x10}));
    EXPECT_EQ(registers("/cpus/cpu@1"), std::nullopt) << "a CPU's number is no address";
    EXPECT_EQ(fdt::raw_registers(at("/cpus/cpu@1"), 0), (R{1, 0}));
    EXPECT_EQ(registers("/pci@0/card@0"), std::nullopt);
    EXPECT_EQ(registers("/"), std::nullopt);
}

TEST_F(Resolve, TheSmallestEnabledNodeCoversAnAddress)
{
    EXPECT_EQ(covering(0x4fff'ffff), "/memory@40000000");
    EXPECT_EQ(covering(0x1'0000'0fff), "/memory@40000000");
    EXPECT_EQ(covering(0x5000'0000), "");
    EXPECT_EQ(covering(0x800'0004), "/gic@8000000");
    EXPECT_EQ(covering(0x1'7000'0010), "/soc/first@10");
    EXPECT_EQ(covering(0x1'7000'0030), "/soc/window@0");
    EXPECT_EQ(covering(0x1'7000'0020), "/soc/first@10") << "not the disabled one";
    EXPECT_EQ(covering(0x1'700f'ff04), "/soc/nested@fff00/leaf@4");
}

TEST_F(Resolve, ADisabledNodeCoversWhatNoOtherDoes)
{
    const auto blob = fdt_test::compile(R"(/dts-v1/; / { #address-cells = <1>; #size-cells = <1>;
        off@20 { reg = <0x20 4>; status = "disabled"; };
        bus { #address-cells = <1>; #size-cells = <1>; ranges; status = "disabled";
              leaf@40 { reg = <0x40 4>; }; }; };)");
    const auto tree = fdt::Tree::create(blob).value();
    EXPECT_EQ(fdt::covering(tree, 0x21)->node.node().name(), "off@20");
    EXPECT_EQ(fdt::covering(tree, 0x43)->node.node().name(), "leaf@40");
    EXPECT_FALSE(fdt::covering(tree, 0x44));
}

TEST_F(Resolve, InterruptsGoToTheNearestParent)
{
    using Cells     = std::vector<std::uint32_t>;
    const auto read = [&](const char* path, std::size_t index) {
        return fdt::interrupt(tree_, at(path), index);
    };
    const auto cells = [&](const char* path, std::size_t index) {
        const auto found = read(path, index).value().value();
        return Cells{found.cells.begin(), found.cells.end()};
    };
    EXPECT_EQ(cells("/soc/first@10", 0), (Cells{0, 5, 4}));
    EXPECT_EQ(cells("/soc/first@10", 1), (Cells{1, 11, 8}));
    EXPECT_FALSE(read("/soc/first@10", 2).value());
    EXPECT_EQ(read("/soc/first@10", 0).value()->controller, tree_.find("/gic@8000000"));
    EXPECT_EQ(cells("/extended", 0), (Cells{3}));
    EXPECT_EQ(cells("/extended", 1), (Cells{0, 7, 1}));
    EXPECT_EQ(read("/extended", 0).value()->controller, tree_.find("/small"));
    EXPECT_FALSE(read("/extended", 2).value());
    EXPECT_EQ(cells("/small/below", 1), (Cells{9})) << "a controller above is the parent";
    EXPECT_FALSE(read("/none", 0).value());

    EXPECT_EQ(read("/ragged", 1).error().what, "the list of interrupts is cut off");
    EXPECT_EQ(read("/lost", 0).error().what, "interrupt-parent names no node");
    EXPECT_EQ(read("/broken", 0).error().what,
              "the interrupt controller has no usable #interrupt-cells");
}

} // namespace
