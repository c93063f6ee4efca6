// SPDX-License-Identifier: BSD-2-Clause
// The generated facts against the boards' own device trees, and what is said when one lacks a fact.
#include "board.hpp"

#include <fstream>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <nlohmann/json.hpp>

extern "C" {
#include <libfdt.h>
}

namespace {

using boardgen::AddressRange;
using boardgen::Board;
using boardgen::DeviceTree;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

std::string read_file(const std::string& path)
{
    std::ifstream file{path, std::ios::binary};
    EXPECT_TRUE(file) << path;
    return {std::istreambuf_iterator<char>{file}, {}};
}

/// A board of the repository whose device tree and board.json a test may spoil first.
class Input {
public:
    explicit Input(const std::string& name)
        : facts(json::parse(read_file(std::string{BOARDS_SOURCE} + "/" + name + "/board.json")))
        , blob_(0x10000)
    {
        const auto dtb = read_file(std::string{BOARDS_GENERATED} + "/" + name + "/board.dtb");
        EXPECT_EQ(fdt_open_into(dtb.data(), blob_.data(), static_cast<int>(blob_.size())), 0);
    }

    void delete_property(const char* path, const char* property)
    {
        EXPECT_EQ(fdt_delprop(blob_.data(), node(path), property), 0) << path;
    }
    void delete_node(const char* path) { EXPECT_EQ(fdt_del_node(blob_.data(), node(path)), 0); }
    void set_cells(const char* path, const char* property, const std::vector<std::uint32_t>& cells)
    {
        std::vector<fdt32_t> stored;
        for (const auto cell : cells) {
            stored.push_back(cpu_to_fdt32(cell));
        }
        EXPECT_EQ(fdt_setprop(blob_.data(), node(path), property, stored.data(),
                              static_cast<int>(4 * stored.size())),
                  0);
    }
    void set_text(const char* path, const char* property, const char* text)
    {
        const auto size = static_cast<int>(std::string_view{text}.size() + 1);
        EXPECT_EQ(fdt_setprop(blob_.data(), node(path), property, text, size), 0);
    }

    [[nodiscard]] boardgen::Result<Board> read() const
    {
        const auto tree = DeviceTree::create(std::as_bytes(std::span{blob_}));
        EXPECT_TRUE(tree);
        return boardgen::read_board(*tree, facts.dump());
    }
    [[nodiscard]] std::string error() const
    {
        const auto board = read();
        return board ? "no error" : board.error();
    }

    json facts;

private:
    [[nodiscard]] int node(const char* path)
    {
        const int at = fdt_path_offset(blob_.data(), path);
        EXPECT_GE(at, 0) << path;
        return at;
    }

    std::vector<char> blob_;
};

constexpr const char* k_v2     = "qemu_virt_aarch64";
constexpr const char* k_v3     = "qemu_virt_aarch64_gicv3";
constexpr const char* k_zcu102 = "zcu102";

TEST(Board, GicV2FramesAndInterrupts)
{
    const auto board = Input{k_v2}.read();
    ASSERT_TRUE(board) << board.error();
    EXPECT_EQ(board->gic.version, 2U);
    EXPECT_EQ(board->gic.distributor, (AddressRange{0x0800'0000, 0x1'0000}));
    EXPECT_EQ(board->gic.cpu_interface, (AddressRange{0x0801'0000, 0x1'0000}));
    EXPECT_EQ(board->gic.hypervisor, (AddressRange{0x0803'0000, 0x1'0000}));
    EXPECT_EQ(board->gic.vcpu_interface, (AddressRange{0x0804'0000, 0x1'0000}));
    EXPECT_EQ(board->gic.redistributor, std::nullopt);
    EXPECT_EQ(board->gic.maintenance_irq, 25U);
    EXPECT_EQ(board->timer.physical_secure, 29U);
    EXPECT_EQ(board->timer.physical, 30U);
    EXPECT_EQ(board->timer.virtual_timer, 27U);
    EXPECT_EQ(board->timer.hypervisor, 26U);
    EXPECT_THAT(board->reserved_irqs(), testing::ElementsAre(25, 26, 27));
}

TEST(Board, GicV3Frames)
{
    const auto board = Input{k_v3}.read();
    ASSERT_TRUE(board) << board.error();
    EXPECT_EQ(board->gic.version, 3U);
    EXPECT_EQ(board->gic.redistributor, (AddressRange{0x080a'0000, 0xf6'0000}));
    EXPECT_EQ(board->gic.vcpu_interface, std::nullopt);
}

TEST(Board, ConsoleIsTheChosenUartWithItsSpiCountedFrom32)
{
    const auto board = Input{k_v2}.read();
    ASSERT_TRUE(board) << board.error();
    EXPECT_EQ(board->console.name, "pl011@9000000");
    EXPECT_EQ(board->console.compatible.front(), "arm,pl011");
    EXPECT_EQ(board->console.interrupts.front(), (boardgen::Interrupt{33, false}));
    EXPECT_EQ(board->console.clocks.front(), (boardgen::Clock{"uartclk", 24'000'000}));
}

TEST(Board, DeviceArraysAreSortedByAddress)
{
    const auto board = Input{k_v2}.read();
    ASSERT_TRUE(board) << board.error();
    const auto& slots = board->device_arrays.at("virtio_mmio");
    ASSERT_EQ(slots.size(), 32U);
    for (std::size_t i = 0; i < slots.size(); ++i) {
        EXPECT_EQ(slots[i].registers.front(), (AddressRange{0x0a00'0000 + i * 0x200, 0x200}));
        EXPECT_EQ(slots[i].interrupts.front().intid, 48 + i);
        EXPECT_TRUE(slots[i].interrupts.front().edge);
        EXPECT_TRUE(slots[i].dma_coherent);
    }
}

TEST(Board, OneOfSeveralDevicesIsNamedByItsPath)
{
    const auto board = Input{k_zcu102}.read();
    ASSERT_TRUE(board) << board.error();
    EXPECT_EQ(board->devices.at("uart1").registers.front(), (AddressRange{0xff01'0000, 0x1000}));
    EXPECT_EQ(board->devices.at("uart1").interrupts.front().intid, 54U);
    EXPECT_EQ(board->console.name, "serial@ff000000") << "by an alias, with a speed behind it";
}

TEST(Board, AddressesAreTranslatedThroughRanges)
{
    Input input{k_v2};
    // Child address 0x100 of this bus is the processor's 0x0c00'0100.
    input.set_cells("/intc@8000000/v2m@8020000", "reg", {0, 0x100, 0, 0x1000});
    input.set_cells("/intc@8000000", "ranges", {0, 0, 0, 0x0c00'0000, 0, 0x2000});
    input.facts["devices"]["v2m"] = "arm,gic-v2m-frame";
    const auto board              = input.read();
    ASSERT_TRUE(board) << board.error();
    EXPECT_EQ(board->devices.at("v2m").registers.front(), (AddressRange{0x0c00'0100, 0x1000}));

    input.set_cells("/intc@8000000", "ranges", {0, 0, 0, 0x0c00'0000, 0, 0x100});
    EXPECT_EQ(input.error(), "node /intc@8000000: `ranges` do not cover 0x100");
    input.delete_property("/intc@8000000", "ranges");
    EXPECT_THAT(input.error(), HasSubstr("has no `ranges`"));
}

TEST(ToolJson, HasTheKeysOfTheContract)
{
    const auto v2 = json::parse(boardgen::tool_json(*Input{k_v2}.read()));
    EXPECT_EQ(v2["load_address"], 0x7000'0000);
    EXPECT_EQ(v2["ram"], json::parse(R"([{"start": 1610612736, "size": 1610612736}])"));
    EXPECT_EQ(v2["kernel_devices"].size(), 3U);
    EXPECT_EQ(v2["console"]["irq"], 33);
    EXPECT_EQ(v2["gic"]["vcpu_interface"], 0x0804'0000);
    EXPECT_FALSE(v2["gic"].contains("redistributor"));
    EXPECT_EQ(v2["timer_irqs"]["virtual"], 27);
    EXPECT_EQ(v2["max_irq"], 159);
    EXPECT_EQ(v2["qemu"]["memory"], "2G");

    const auto v3 = json::parse(boardgen::tool_json(*Input{k_v3}.read()));
    EXPECT_EQ(v3["gic"]["redistributor"], 0x080a'0000);
    EXPECT_EQ(v3["gic"]["redistributor_size"], 0xf6'0000);
    EXPECT_EQ(v3["kernel_devices"][1]["name"], "gicr");
}

TEST(CppHeader, ConsoleRefersToTheDeviceThatItIs)
{
    const auto header = boardgen::cpp_header(*Input{k_v2}.read());
    EXPECT_THAT(header, HasSubstr("inline constexpr const arch::Device& console = uart0;"));
    EXPECT_THAT(header, HasSubstr("std::array<arch::Device, 32> virtio_mmio"));

    Input input{k_v2};
    input.facts["devices"].erase("uart0");
    const auto alone = boardgen::cpp_header(*input.read());
    EXPECT_THAT(alone, HasSubstr("inline constexpr arch::Device console{\"pl011@9000000\""));
}

TEST(CMakeFacts, DecideWhatIsCompiledAndWhereItIsLinked)
{
    EXPECT_THAT(boardgen::cmake_facts(*Input{k_v3}.read()),
                testing::AllOf(HasSubstr("set(BOARD_GIC_VERSION 3)"),
                               HasSubstr("set(BOARD_LOAD_ADDRESS 0x70000000)"),
                               HasSubstr("set(BOARD_CPU cortex-a53)"),
                               HasSubstr("set(BOARD_DEVICES flash fw_cfg gpio pcie rtc uart0 "
                                         "virtio_mmio)"),
                               Not(HasSubstr("BOARD_GIC_VCPU_INTERFACE"))));
}

/// The boards that were made by boardgen, with what their SoCs' manuals say.
struct Made {
    const char*   name;
    unsigned      gic;
    std::uint64_t distributor;
    std::uint64_t console;
    std::uint32_t irq;
    const char*   linux_name;
};

class MadeBoard : public testing::TestWithParam<Made> {};

TEST_P(MadeBoard, IsAsItsManualSays)
{
    const auto board = Input{GetParam().name}.read();
    ASSERT_TRUE(board) << board.error();
    EXPECT_EQ(board->name, GetParam().name);
    EXPECT_EQ(board->gic.version, GetParam().gic);
    EXPECT_EQ(board->gic.distributor.start, GetParam().distributor);
    EXPECT_EQ(board->gic.maintenance_irq, 25U);
    EXPECT_EQ(board->console.registers.front().start, GetParam().console);
    EXPECT_EQ(board->console.interrupts.front().intid, GetParam().irq);
    EXPECT_THAT(boardgen::cmake_facts(*board),
                HasSubstr(std::string{"\""} + GetParam().linux_name + "\""));
}

INSTANTIATE_TEST_SUITE_P(
    All, MadeBoard,
    testing::Values(Made{"imx8mm_evk", 3, 0x3880'0000, 0x3089'0000, 32 + 27, "ttymxc0"},
                    Made{"imx8mp_evk", 3, 0x3880'0000, 0x3089'0000, 32 + 27, "ttymxc0"},
                    Made{"maaxboard", 3, 0x3880'0000, 0x3086'0000, 32 + 26, "ttymxc0"},
                    Made{"odroidc4", 2, 0xffc0'1000, 0xff80'3000, 32 + 193, "ttyAML0"},
                    Made{"rock3b", 3, 0xfd40'0000, 0xfe66'0000, 32 + 118, "ttyS0"},
                    Made{"rpi4b_1gb", 2, 0xff84'1000, 0xfe20'1000, 32 + 121, "ttyAMA0"}),
    [](const auto& test) { return test.param.name; });

TEST(CMakeFacts, NameTheConsoleAsLinuxDoes)
{
    EXPECT_THAT(boardgen::cmake_facts(*Input{k_v2}.read()),
                HasSubstr("set(BOARD_CONSOLE_LINUX \"ttyAMA0\")"));
    Input zcu102{k_zcu102};
    EXPECT_THAT(boardgen::cmake_facts(*zcu102.read()),
                testing::AllOf(HasSubstr("set(BOARD_CONSOLE_LINUX \"ttyPS0\")"),
                               HasSubstr("set(BOARD_CONSOLE_IRQ 53)"),
                               HasSubstr("set(BOARD_GIC_VCPU_INTERFACE 0xf906f000)")));
    // Registers need not begin with a page; what is mapped does.
    zcu102.set_cells("/serial@ff000000", "reg", {0, 0xff00'0040, 0, 0x40});
    EXPECT_THAT(boardgen::cmake_facts(*zcu102.read()),
                testing::AllOf(HasSubstr("set(BOARD_CONSOLE_START 0xff000000)"),
                               HasSubstr("set(BOARD_CONSOLE_SIZE 0x1000)")));
    zcu102.set_text("/serial@ff000000", "compatible", "acme,uart");
    EXPECT_THAT(boardgen::cmake_facts(*zcu102.read()), HasSubstr("set(BOARD_CONSOLE_LINUX \"\")"));
}

/// One way to spoil a board and what must be said about it.
struct Spoiled {
    const char*                 name;
    const char*                 board;
    std::function<void(Input&)> spoil;
    const char*                 message;
};

class BadBoard : public testing::TestWithParam<Spoiled> {};

TEST_P(BadBoard, IsRefusedWithTheReason)
{
    Input input{GetParam().board};
    GetParam().spoil(input);
    EXPECT_EQ(input.error(), GetParam().message);
}

const Spoiled k_spoiled[] = {
    {"NoMemory", k_v2, [](Input& i) { i.delete_node("/memory@40000000"); },
     "the device tree has no memory node"},
    {"NoConsole", k_v2, [](Input& i) { i.delete_property("/chosen", "stdout-path"); },
     "the device tree has no /chosen/stdout-path: which UART is the console?"},
    {"ConsoleNamesNothing", k_v2, [](Input& i) { i.set_text("/chosen", "stdout-path", "/uart"); },
     "/chosen/stdout-path names no node: /uart"},
    {"ConsoleWithoutInterrupt", k_v2,
     [](Input& i) { i.delete_property("/pl011@9000000", "interrupts"); },
     "the console pl011@9000000 has no interrupt"},
    {"NoGic", k_v2, [](Input& i) { i.set_text("/intc@8000000", "compatible", "arm,pl390"); },
     "node /pl011@9000000: its interrupt parent /intc@8000000 is not an Arm GIC"},
    {"GicWithoutVirtualisation", k_v2,
     [](Input& i) {
         i.set_cells("/intc@8000000", "reg", {0, 0x8000000, 0, 0x10000, 0, 0x8010000, 0, 0x10000});
     },
     "node /intc@8000000: a GICv2 for hypervisors has four frames, this one 2 (QEMU: "
     "virtualization=on)"},
    {"NoMaintenanceInterrupt", k_v3,
     [](Input& i) { i.delete_property("/intc@8000000", "interrupts"); },
     "node /intc@8000000: no maintenance interrupt: the GIC does not virtualise (QEMU: "
     "virtualization=on)"},
    {"NoRedistributors", k_v3,
     [](Input& i) {
         i.set_cells("/intc@8000000", "reg", {0, 0x8000000, 0, 0x10000});
     },
     "node /intc@8000000: a GICv3 without redistributors"},
    {"NoTimer", k_v2, [](Input& i) { i.delete_node("/timer"); },
     "the device tree has no arm,armv8-timer"},
    {"TimerWithoutHypervisorInterrupt", k_v2,
     [](Input& i) {
         i.set_cells("/timer", "interrupts", {1, 13, 4, 1, 14, 4, 1, 11, 4});
     },
     "node /timer: four interrupts are needed, the last for the hypervisor; it has 3"},
    {"OddReg", k_v2,
     [](Input& i) {
         i.set_cells("/pl011@9000000", "reg", {0, 1, 0});
     },
     "node /pl011@9000000: `reg` has 3 cells, not a multiple of 4"},
    {"SpiTooHigh", k_v2,
     [](Input& i) {
         i.set_cells("/pl011@9000000", "interrupts", {0, 988, 4});
     },
     "node /pl011@9000000: SPI 988 is beyond 987"},
    {"PpiTooHigh", k_v2,
     [](Input& i) {
         i.set_cells("/timer", "interrupts", {1, 16, 4});
     },
     "node /timer: PPI 16 is beyond 15"},
    {"FallingEdge", k_v2,
     [](Input& i) {
         i.set_cells("/pl011@9000000", "interrupts", {0, 1, 2});
     },
     "node /pl011@9000000: SPI 1 is neither rising edge nor level high"},
    {"InterruptType", k_v2,
     [](Input& i) {
         i.set_cells("/pl011@9000000", "interrupts", {3, 1, 4});
     },
     "node /pl011@9000000: interrupt type 3 is neither SPI nor PPI"},
    {"ClockNamesNothing", k_v2, [](Input& i) { i.set_cells("/pl011@9000000", "clocks", {77}); },
     "node /pl011@9000000: `clocks` names no node"},
    {"UnknownCpu", k_v2,
     [](Input& i) { i.set_text("/cpus/cpu@0", "compatible", "apple,icestorm"); },
     "the device tree does not name the CPU (\"arm,…\"): add \"cpu\" to board.json"},
    {"TwoUarts", k_v2, [](Input& i) { i.facts["devices"]["uart0"] = "arm,primecell"; },
     "board.json: \"uart0\" needs one node compatible with \"arm,primecell\"; the device tree has "
     "3 (a path, \"/…\", names one of them)"},
    {"NoSuchPath", k_v2, [](Input& i) { i.facts["devices"]["uart0"] = "/uart@0"; },
     "board.json: \"uart0\" is at no node of the device tree: /uart@0"},
    {"NoSuchArray", k_v2, [](Input& i) { i.facts["device_arrays"]["can"] = "bosch,c_can"; },
     "board.json: \"can\" needs nodes compatible with \"bosch,c_can\"; the device tree has none"},
    {"NameNoIdentifier", k_v2, [](Input& i) { i.facts["devices"]["uart-1"] = "arm,pl011"; },
     "board.json: \"uart-1\" is not a snake_case name"},
    {"RamOutsideMemory", k_v2, [](Input& i) { i.facts["ram"][0]["end"] = "0xd0000000"; },
     "board.json: \"ram\" 0x60000000..0xd0000000 is not inside the memory of the device tree"},
    {"RamNotPages", k_v2, [](Input& i) { i.facts["ram"][0]["start"] = "0x60000001"; },
     "board.json: \"ram\" 0x60000001..0xc0000000 is not a range of 4 KiB pages"},
    {"LoadedOutsideRam", k_v2, [](Input& i) { i.facts["load_address"] = "0x50000000"; },
     "board.json: \"load_address\" 0x50000000 is not inside \"ram\""},
    {"NoNumber", k_v2, [](Input& i) { i.facts["timer_hz"] = "fast"; },
     "board.json: \"timer_hz\" is missing or neither a number nor a string like \"0x70000000\""},
    {"UnknownKey", k_v2, [](Input& i) { i.facts.erase("qemu"), i.facts["colour"] = 1; },
     "board.json: \"colour\" is no known key; known: name, status, arch, pa_bits, cores, timer_hz, "
     "max_irq, "
     "ram, qemu, load_address, kernel_frames, devices, device_arrays, cpu"},
    {"FrameOfTheOtherGic", k_v3,
     [](Input& i) {
         i.facts["kernel_frames"] = {"distributor", "hypervisor"};
     },
     "board.json: \"kernel_frames\" hypervisor: this GICv3 has no such frame"},
    {"NotAnObject", k_v2, [](Input& i) { i.facts = json::array(); },
     "board.json: not a JSON object"},
};

INSTANTIATE_TEST_SUITE_P(All, BadBoard, testing::ValuesIn(k_spoiled),
                         [](const auto& test) { return test.param.name; });

TEST(DeviceTree, TruncatedBlobIsRefused)
{
    const auto dtb = read_file(std::string{BOARDS_GENERATED} + "/" + k_v2 + "/board.dtb");
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{3}, std::size_t{40}, dtb.size() / 2}) {
        const auto tree = DeviceTree::create(std::as_bytes(std::span{dtb}.first(size)));
        ASSERT_FALSE(tree);
        EXPECT_THAT(tree.error(), HasSubstr("not a device tree blob"));
    }
}

} // namespace
