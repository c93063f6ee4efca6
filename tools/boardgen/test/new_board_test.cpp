// SPDX-License-Identifier: BSD-2-Clause
// A board's folder made from a device tree as kernels ship them, and what is said when it lacks a
// fact.
#include "board.hpp"
#include "new_board.hpp"

#include <cstdlib>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <nlohmann/json.hpp>
#include <regex>
#include <unistd.h>

namespace {

using boardgen::DeviceTree;
using boardgen::NewBoard;
using testing::HasSubstr;
using testing::Not;

/// A machine with a bus whose addresses are not the processor's, and a unit before its GIC.
constexpr const char* k_tree = R"(/dts-v1/;
/ {
    #address-cells = <1>;
    #size-cells = <1>;
    compatible = "acme,board";
    model = "Acme Board";
    interrupt-parent = <&gpc>;
    aliases { serial0 = &port; serial1 = &other; serial2 = &off; };
    chosen { stdout-path = "serial1:115200n8"; };
    cpus {
        #address-cells = <1>;
        #size-cells = <0>;
        cpu@0 { compatible = "arm,cortex-a53"; device_type = "cpu"; reg = <0>; };
    };
    memory@40000000 { device_type = "memory"; reg = <0x40000000 0x40000000>; };
    timer {
        compatible = "arm,armv8-timer";
        interrupt-parent = <&gic>;
        clock-frequency = <8000000>;
        interrupts = <1 13 8>, <1 14 8>, <1 11 8>, <1 10 8>;
    };
    soc {
        compatible = "simple-bus";
        #address-cells = <1>;
        #size-cells = <1>;
        ranges = <0x7e000000 0xfe000000 0x1000000>;
        gic: gic@7e800000 {
            compatible = "arm,gic-400";
            interrupt-controller;
            #interrupt-cells = <3>;
            interrupt-parent = <&gic>;
            interrupts = <1 9 4>;
            reg = <0x7e810000 0x10000>, <0x7e820000 0x20000>, <0x7e840000 0x20000>,
                  <0x7e860000 0x20000>;
        };
        gpc: gpc@7e900000 {
            compatible = "fsl,imx8mq-gpc";
            interrupt-controller;
            #interrupt-cells = <3>;
            interrupt-parent = <&gic>;
            reg = <0x7e900000 0x1000>;
        };
        port: serial@7e201000 { clocks = <&unit 3>; compatible = "arm,pl011"; reg = <0x7e201000 0x200>; interrupts = <0 121 4>; };
        fixed: oscillator { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <24000000>; };
        unit: clocks@7e400000 { #clock-cells = <1>; reg = <0x7e400000 0x100>; };
        other: serial@7e202000 { clocks = <&fixed>, <&fixed>; clock-names = "uartclk", "apb_pclk"; compatible = "arm,pl011"; arm,primecell-periphid = <0x241011>; reg = <0x7e202000 0x200>; interrupts = <0 122 4>; };
        off: serial@7e203000 { compatible = "arm,pl011"; reg = <0x7e203000 0x200>; status = "disabled"; };
        card: my-card@7e300000 { compatible = "acme,card"; reg = <0x7e300000 0x100>; interrupts = <0 70 1>; };
    };
};
)";

/// What dtc makes of a source.
std::string compiled(const std::string& source)
{
    const auto name =
        testing::TempDir() + "new_board-" + std::to_string(::getpid()); // tests run side by side
    std::ofstream{name + ".dts"} << source;
    EXPECT_EQ(std::system(("dtc -q -I dts -O dtb -o " + name + ".dtb " + name + ".dts").c_str()),
              0);
    std::ifstream file{name + ".dtb", std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

boardgen::Result<boardgen::BoardFiles> make(const std::string& source, const NewBoard& wishes)
{
    const auto blob = compiled(source);
    const auto tree = DeviceTree::create(std::as_bytes(std::span{blob}));
    EXPECT_TRUE(tree);
    return boardgen::new_board(*tree, wishes);
}

std::string without(const std::string& text)
{
    std::string source = k_tree;
    const auto  at     = source.find(text);
    EXPECT_NE(at, std::string::npos) << text;
    return source.erase(at, text.size());
}

TEST(NewBoard, IsABoardThatReadsBackAsTheTreeSays)
{
    const auto files =
        make(k_tree, {.name = "acme", .source = "x", .devices = {"/soc/my-card@7e300000"}});
    ASSERT_TRUE(files) << files.error();
    const auto blob = compiled(files->tree);
    const auto tree = DeviceTree::create(std::as_bytes(std::span{blob}));
    ASSERT_TRUE(tree);
    const auto board = boardgen::read_board(*tree, files->json);
    ASSERT_TRUE(board) << board.error();
    EXPECT_EQ(board->console.name, "serial@fe202000");
    EXPECT_EQ(board->console.interrupts.front().intid, 154U);
    EXPECT_EQ(board->gic.distributor.start, 0xfe81'0000U);
    EXPECT_EQ(board->gic.cpu_interface->start, 0xfe82'f000U) << "the last copy of its first page";
    EXPECT_EQ(board->gic.hypervisor->start, 0xfe84'0000U);
    EXPECT_EQ(board->gic.vcpu_interface->start, 0xfe86'f000U);
    EXPECT_EQ(board->timer_hz, 8'000'000U);
    EXPECT_EQ(board->max_irq, 159U) << "all that the highest register of the GIC in use has";
    EXPECT_EQ(board->load_address, 0x4200'0000U);
    EXPECT_EQ(board->devices.at("uart0").registers.front().start, 0xfe20'1000U);
    EXPECT_FALSE(board->devices.contains("uart2")) << "it is disabled";
    EXPECT_THAT(board->console.properties,
                testing::ElementsAre(boardgen::Property{"arm,primecell-periphid", 0x241011}));
    EXPECT_THAT(board->console.clocks,
                testing::ElementsAre(boardgen::Clock{"uartclk", 24'000'000},
                                     boardgen::Clock{"apb_pclk", 24'000'000}));
    EXPECT_THAT(board->devices.at("uart0").clocks, testing::IsEmpty()) << "a clock unit's";
    EXPECT_THAT(boardgen::cpp_header(*board),
                HasSubstr("{\"arm,primecell-periphid\", 0x241011},\n}};"));
    EXPECT_THAT(board->devices.at("uart0").properties, testing::IsEmpty());
    EXPECT_TRUE(board->devices.at("my_card").interrupts.front().edge);
    EXPECT_FALSE(board->qemu);
}

TEST(NewBoard, AConsoleWithoutAnAliasIsTheFirstPort)
{
    const auto source = without("aliases { serial0 = &port; serial1 = &other; serial2 = &off; };");
    const auto named  = std::regex_replace(source, std::regex("\"serial1:115200n8\""), "&other");
    const auto files  = make(named, {.name = "acme", .source = "x"});
    ASSERT_TRUE(files) << files.error();
    EXPECT_EQ(nlohmann::json::parse(files->json)["devices"],
              nlohmann::json({{"uart0", "/serial@fe202000"}}));
}

TEST(NewBoard, TakesWhatThePersonKnows)
{
    const auto files = make(k_tree, {.name     = "acme",
                                     .source   = "x",
                                     .console  = "serial0",
                                     .memory   = boardgen::AddressRange{0x2000'0000, 0x1000'0000},
                                     .timer_hz = 1000,
                                     .load_address = 0x2800'0000});
    ASSERT_TRUE(files) << files.error();
    EXPECT_THAT(files->tree, HasSubstr("stdout-path = &uart0;"));
    EXPECT_THAT(files->tree, HasSubstr("memory@20000000"));
    EXPECT_THAT(files->tree, Not(HasSubstr("memory@40000000")));
    const auto facts = nlohmann::json::parse(files->json);
    EXPECT_EQ(facts["timer_hz"], 1000);
    EXPECT_EQ(facts["ram"][0]["start"], "0x28000000");
    EXPECT_EQ(facts["ram"][0]["end"], "0x30000000");
}

TEST(NewBoard, SaysWhatIsMissingAndHowToGiveIt)
{
    const NewBoard wishes{.name = "acme", .source = "x"};
    const auto     error = [&](const std::string& source) {
        const auto files = make(source, wishes);
        return files ? "no error" : files.error();
    };
    EXPECT_THAT(error(without("clock-frequency = <8000000>;")), HasSubstr("give it, --timer-hz N"));
    EXPECT_THAT(error(without("memory@40000000 { device_type = \"memory\"; reg = <0x40000000 "
                              "0x40000000>; };")),
                HasSubstr("give it, --memory START:SIZE"));
    EXPECT_THAT(error(without("chosen { stdout-path = \"serial1:115200n8\"; };")),
                HasSubstr("give it, --console PATH"));
    const auto far = make(k_tree, {.name = "acme", .source = "x", .load_address = 0x1000});
    ASSERT_FALSE(far);
    EXPECT_EQ(far.error(),
              "--load-address 0x1000 is not in the memory from 0x40000000 to 0x80000000");
    const auto none = make(k_tree, {.name = "acme", .source = "x", .devices = {"/soc/dma"}});
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error(), "there is no node /soc/dma in the device tree");
}

} // namespace
