// SPDX-License-Identifier: BSD-2-Clause
// One wrong thing at a time in a user's tree, and the line that it must get.
#include "vmm/device_tree_check.hpp"

#include "tree_support.hpp"
#include "vmm/reserved_memory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace vmm_test;
using testing::ElementsAre;
using testing::IsEmpty;

std::string* printed = nullptr;

class Lines final : public vmm::DeviceTreeReporter {
public:
    void report(const vmm::DeviceTreeFinding& finding) override
    {
        std::string line;
        printed = &line;
        vmm::print([](char c) { printed->push_back(c); }, finding);
        EXPECT_EQ(line.back(), '\n');
        line.pop_back();
        lines.push_back(line.substr(std::string_view{"device tree: "}.size()));
        errors += finding.severity == vmm::DeviceTreeFinding::Severity::error ? 1U : 0U;
    }
    std::vector<std::string> lines;
    std::size_t              errors = 0;
};

std::vector<std::string> check(const std::string& source, const TestMachine& machine = {})
{
    const auto blob = compile(source);
    Lines      lines;
    const auto errors = vmm::check_device_tree(blob, machine.inputs(), lines);
    EXPECT_TRUE(errors) << errors.error().what << "\n" << source;
    EXPECT_EQ(errors.value_or(99), lines.errors);
    return lines.lines;
}

/// The tree of the machine as a source, with one piece of text replaced.
std::vector<std::string> changed(std::string_view from, std::string_view to,
                                 const TestMachine& machine = {})
{
    auto       text = decompile(machine.tree());
    const auto at   = text.find(from);
    EXPECT_NE(at, std::string::npos) << from << "\n" << text;
    text.replace(at, from.size(), to);
    return check(text, machine);
}

TEST(DeviceTreeCheck, OurOwnTreesAgreeWithTheMachine)
{
    for (const auto version : {vmm::GicVersion::v2, vmm::GicVersion::v3}) {
        TestMachine machine;
        machine.version      = version;
        machine.vcpus        = {0, 1, 2, 0x100};
        machine.other.initrd = range(0x4800'0000, 0x1234);
        machine.ram.push_back({range(0x5000'0000, 0x1000'0000), {}});
        machine.reserved.push_back({"shared", range(0x4900'0000, 0x1000), {}, ""});
        Lines lines;
        EXPECT_EQ(vmm::check_device_tree(machine.tree(), machine.inputs(), lines).value(), 0U);
        EXPECT_THAT(lines.lines, IsEmpty());
    }
}

TEST(DeviceTreeCheck, Memory)
{
    EXPECT_THAT(
        changed("reg = <0x00 0x40000000 0x00 0x10000000>", "reg = <0 0x40000000 0 0x20000000>"),
        ElementsAre("error: /memory@40000000: RAM that the machine does not have "
                    "(0x50000000); correct reg, or give the machine more memory"));
    EXPECT_THAT(changed("device_type = \"memory\"", "device_type = \"none\""),
                ElementsAre("error: /: there is no memory node; add one for each region of RAM"));
    TestMachine machine;
    machine.ram.push_back({range(0x8000'0000, 0x1000'0000), {}});
    EXPECT_THAT(changed("reg = <0x00 0x80000000 0x00 0x10000000>", "reg = <0 0x40000000 0 0x1000>",
                        machine),
                ElementsAre("warning: /: a region of the machine's RAM is in no memory node "
                            "(machine: 0x80000000); add a memory node if the guest is to use it"));
    // Two regions side by side may be one node.
    machine.ram[1]         = {range(0x5000'0000, 0x1000'0000), {}};
    auto              text = decompile(TestMachine{}.tree());
    const std::string one  = "reg = <0x00 0x40000000 0x00 0x10000000>";
    text.replace(text.find(one), one.size(), "reg = <0 0x40000000 0 0x20000000>");
    EXPECT_THAT(check(text, machine), IsEmpty());
}

TEST(DeviceTreeCheck, ReservedMemory)
{
    TestMachine machine;
    machine.reserved.push_back({"shared", range(0x4900'0000, 0x2000), {}, ""});
    EXPECT_THAT(
        changed("reg = <0x00 0x49000000 0x00 0x2000>", "reg = <0 0x49000000 0 0x1000>", machine),
        ElementsAre("error: /reserved-memory: reserved RAM is free for the guest's use "
                    "(machine: 0x49000000); add a node that covers it"));
    EXPECT_THAT(changed("/dts-v1/;\n", "/dts-v1/;\n/memreserve/ 0x49000000 0x2000;\n", machine),
                IsEmpty());
}

TEST(DeviceTreeCheck, Cpus)
{
    TestMachine machine;
    machine.vcpus = {0, 1};
    EXPECT_THAT(changed("reg = <0x01>", "reg = <2>", machine),
                ElementsAre("error: /cpus/cpu@1: a CPU that the machine does not have (0x2); "
                            "remove the node, or give the machine more vCPUs",
                            "warning: /cpus: a vCPU of the machine is missing and stays off "
                            "(machine: 0x1); add it, or give the machine fewer vCPUs"));
    EXPECT_THAT(changed("reg = <0x00>", "reg = <0>; status = \"disabled\"", machine),
                ElementsAre("error: /cpus: the CPU that the machine boots on is missing "
                            "(machine: 0x0); add it"));
    EXPECT_THAT(changed("enable-method = \"psci\"", "enable-method = \"spin-table\"", machine),
                ElementsAre("error: /cpus/cpu@0: a CPU that is not started by PSCI; set "
                            "enable-method = \"psci\""));
    EXPECT_THAT(changed("reg = <0x01>;", "", machine),
                ElementsAre("error: /cpus/cpu@1: a CPU without a number; give it a reg",
                            "warning: /cpus: a vCPU of the machine is missing and stays off "
                            "(machine: 0x1); add it, or give the machine fewer vCPUs"));
}

TEST(DeviceTreeCheck, Psci)
{
    EXPECT_THAT(changed("method = \"hvc\"", "method = \"smc\""),
                ElementsAre("warning: /psci: PSCI by smc works, but costs more than by hvc; set "
                            "method = \"hvc\""));
    EXPECT_THAT(changed("\tmethod = \"hvc\";", ""),
                ElementsAre("error: /psci: PSCI by a method that does not exist; set "
                            "method = \"hvc\""));
    EXPECT_THAT(changed("arm,psci-1.0\\0arm,psci-0.2", "arm,psci"),
                ElementsAre("error: /psci: PSCI 0.1, which the machine does not offer; set "
                            "compatible = \"arm,psci-1.0\", \"arm,psci-0.2\""));
    EXPECT_THAT(changed("arm,psci-1.0\\0arm,psci-0.2", "none"),
                ElementsAre("warning: /: there is no psci node to power off with; add one with "
                            "compatible \"arm,psci-1.0\" and method \"hvc\""));
    TestMachine machine;
    machine.vcpus = {0, 1};
    EXPECT_THAT(changed("arm,psci-1.0\\0arm,psci-0.2", "none", machine),
                ElementsAre("error: /: there is no psci node to start the other vCPUs with; add "
                            "one with compatible \"arm,psci-1.0\" and method \"hvc\""));
}

TEST(DeviceTreeCheck, Gic)
{
    TestMachine v3;
    v3.version = vmm::GicVersion::v3;
    EXPECT_THAT(check(decompile(v3.tree())),
                ElementsAre("error: /interrupt-controller@8000000: an interrupt controller of "
                            "another version (tree: 0x3, machine: 0x2); describe the one that the "
                            "machine has"));
    EXPECT_THAT(check(decompile(TestMachine{}.tree()), v3),
                ElementsAre("error: /interrupt-controller@8000000: an interrupt controller of "
                            "another version (tree: 0x2, machine: 0x3); describe the one that the "
                            "machine has"));
    EXPECT_THAT(changed("0x00 0x8010000 0x00 0x2000", "0 0x8040000 0 0x2000"),
                ElementsAre("error: /interrupt-controller@8000000: the CPU interface is elsewhere "
                            "(tree: 0x8040000, machine: 0x8010000); correct reg"));
    EXPECT_THAT(changed("reg = <0x00 0x8000000", "reg = <0 0x7000000"),
                ElementsAre("error: /interrupt-controller@8000000: the distributor is elsewhere "
                            "(tree: 0x7000000, machine: 0x8000000); correct reg"));
    v3.vcpus = {0, 1};
    EXPECT_THAT(changed("0x80a0000 0x00 0x40000", "0x80a0000 0 0x20000", v3),
                ElementsAre("error: /interrupt-controller@8000000: a frame of the interrupt "
                            "controller that is too small (tree: 0x20000, machine: 0x40000); "
                            "correct reg"));
    EXPECT_THAT(changed(" 0x00 0x80a0000 0x00 0x40000", "", v3),
                ElementsAre("error: /interrupt-controller@8000000: the redistributors are "
                            "elsewhere (machine: 0x80a0000); correct reg"));
    const auto none = changed("\"arm,gic-400\\0arm,cortex-a15-gic\"", "\"acme,pic\"");
    ASSERT_FALSE(none.empty());
    EXPECT_EQ(none[0], "error: /: there is no interrupt controller that a VM can have; add a node "
                       "compatible with \"arm,gic-400\"");
}

TEST(DeviceTreeCheck, Timer)
{
    EXPECT_THAT(changed("0x01 0x0b 0x104", "1 12 0x104"),
                ElementsAre("error: /timer: the virtual timer has another interrupt (tree: 0x1c, "
                            "machine: 0x1b); correct the third of the interrupts"));
    EXPECT_THAT(changed("0x01 0x0e 0x104", "1 12 0x104"),
                ElementsAre("warning: /timer: a timer has another interrupt (tree: 0x1c, machine: "
                            "0x1e); correct the interrupts"));
    EXPECT_THAT(changed(" 0x01 0x0a 0x104", ""), IsEmpty()) << "a guest can do without";
    EXPECT_THAT(changed("always-on;", ""),
                ElementsAre("warning: /timer: Linux will do without high-resolution timers; add "
                            "the property always-on, which is true in a VM"));
    EXPECT_THAT(changed("arm,armv8-timer", "acme,timer"),
                testing::Contains("error: /: there is no timer node; add one compatible with "
                                  "\"arm,armv8-timer\""));
    EXPECT_THAT(changed("interrupts = <0x01 0x0d 0x104 0x01 0x0e 0x104 0x01 0x0b 0x104 0x01 0x0a "
                        "0x104>",
                        "interrupt-names = \"virt\"; interrupts = <1 11 0x104>"),
                IsEmpty());
}

TEST(DeviceTreeCheck, Devices)
{
    EXPECT_THAT(changed("0x9000000 0x00 0x1000", "0x9010000 0 0x1000"),
                ElementsAre("error: /serial@9000000: a device that the machine does not have "
                            "(0x9010000); disable the node (status = \"disabled\"), or pass the "
                            "device through"));
    EXPECT_THAT(changed("0x9000000 0x00 0x1000", "0x48000000 0 0x1000"),
                ElementsAre("error: /serial@9000000: a device where the machine has RAM "
                            "(0x48000000); disable the node (status = \"disabled\"), or pass the "
                            "device through"));
    EXPECT_THAT(changed("0x9000000 0x00 0x1000>", "0x9010000 0 0x1000>; status = \"disabled\""),
                ElementsAre("warning: /chosen: stdout-path names a node that is disabled; enable "
                            "the node, or name another"));
    EXPECT_THAT(changed("interrupts = <0x00 0x01 0x04>", "interrupts = <0 33 4>"),
                ElementsAre("error: /serial@9000000: an interrupt that the machine does not "
                            "deliver (0x41); correct the interrupts (SPI n is 32 + n), or pass the "
                            "interrupt through"));
    EXPECT_THAT(changed("interrupts = <0x00 0x01 0x04>", "interrupts = <0 1 1>"),
                ElementsAre("warning: /serial@9000000: an interrupt with another trigger (0x21); "
                            "say level (4) in its third cell"));
    EXPECT_THAT(changed("interrupts = <0x00 0x01 0x04>", "interrupts = <0 1>"),
                ElementsAre("error: /serial@9000000: the list of interrupts is cut off; give "
                            "each interrupt as many cells as its controller asks for"));
    EXPECT_THAT(changed("always-on;\n\t};", "always-on;\n\t};\n\tpmu { compatible = "
                                            "\"arm,cortex-a53-pmu\"; interrupts = <1 7 4>; };"),
                ElementsAre("warning: /pmu: an interrupt that the machine does not deliver (0x17); "
                            "correct the interrupts (SPI n is 32 + n), or pass the interrupt "
                            "through"));
}

TEST(DeviceTreeCheck, Chosen)
{
    EXPECT_THAT(changed("stdout-path = \"/serial@9000000\"", "stdout-path = \"serial1\""),
                ElementsAre("warning: /chosen: stdout-path names a node that does not exist; "
                            "correct it, or the alias that it goes by"));
    EXPECT_THAT(changed("stdout-path = \"/serial@9000000\"", "stdout-path = \"serial0:115200n8\""),
                IsEmpty());
    EXPECT_THAT(changed("bootargs", "linux,initrd-start = <0x48000000>; bootargs"),
                ElementsAre("warning: /chosen: the initrd of another boot, which is not used "
                            "(0x48000000); remove linux,initrd-start and linux,initrd-end"));
    TestMachine machine;
    machine.other.initrd = range(0x4800'0000, 0x1000);
    EXPECT_THAT(
        changed("linux,initrd-end = <0x00 0x48001000>", "linux,initrd-end = <0x48002000>", machine),
        ElementsAre("warning: /chosen: the initrd of another boot, which is not used "
                    "(tree: 0x48002000, machine: 0x48001000); remove linux,initrd-start "
                    "and linux,initrd-end"));
}

TEST(DeviceTreeCheck, TheTreeOfAWholeBoardNamesWhatTheMachineLacks)
{
    const auto  board = std::string{BOARDS_SOURCE} + "/qemu_virt_aarch64/board.dts";
    const auto  text  = run("dtc -q -I dts -O dtb " + board + " #", {});
    const auto  blob  = std::as_bytes(std::span{text});
    TestMachine machine;
    machine.ram = {{range(0x4000'0000, 0x8000'0000), {}}};
    Lines      lines;
    const auto errors = vmm::check_device_tree(blob, machine.inputs(), lines);
    ASSERT_TRUE(errors);
    EXPECT_GT(*errors, 30U) << "virtio slots, flash, PCI, GPIO, firmware configuration";
    for (const auto& line : lines.lines) {
        EXPECT_EQ(line.find("pl011"), std::string::npos) << line;
        EXPECT_EQ(line.find("memory"), std::string::npos) << line;
    }
}

TEST(ReservedMemory, ComesFromTheReservationBlockAndFromEnabledNodes)
{
    const std::vector<vmm::MemoryRegion> ram{{range(0x4000'0000, 0x1000'0000), {}}};
    const auto                           found = vmm::read_reserved_memory(
                                  compile("/dts-v1/; /memreserve/ 0x40000000 0x1000; /memreserve/ 0x1000 0x1000;"
                                                                    "/ { #address-cells = <2>; #size-cells = <2>; reserved-memory {"
                                                                    "#address-cells = <2>; #size-cells = <2>; ranges;"
                                                                    "two@48000000 { reg = <0 0x48000000 0 0x1000 0 0x49000000 0 0x2000>; no-map; };"
                                                                    "again@49000000 { reg = <0 0x49001000 0 0x1000>; };"
                                                                    "off@4a000000 { reg = <0 0x4a000000 0 0x1000>; status = \"disabled\"; };"
                                                                    "pool { size = <0 0x100000>; reusable; };"
                                                                    "elsewhere@80000000 { reg = <0 0x80000000 0 0x1000>; };"
                                                                    "half@4fff0000 { reg = <0 0x4fff0000 0 0x100000>; };"
                                                                    "endless@4e000000 { reg = <0 0x4e000000 0xffffffff 0xffffffff>; }; };"
                                                                    "other { one@4b000000 { reg = <0 0x4b000000 0 0x1000>; }; }; };"),
                                  ram);
    ASSERT_TRUE(found);
    const std::vector<base::GuestRange> ranges{found->begin(), found->end()};
    EXPECT_THAT(ranges, ElementsAre(range(0x4000'0000, 0x1000), range(0x4800'0000, 0x1000),
                                    range(0x4900'0000, 0x2000), range(0x4fff'0000, 0x10'0000),
                                    range(0x4e00'0000, ~std::uint64_t{0x4e00'0000})));
}

TEST(ReservedMemory, TooManyRangesAreRefused)
{
    const std::vector<vmm::MemoryRegion> ram{{range(0x4000'0000, 0x1000'0000), {}}};
    const auto                           tree = [](unsigned count) {
        std::string source = "/dts-v1/;";
        for (unsigned i = 0; i < count; ++i) {
            source += "/memreserve/ " + std::to_string(0x4000'0000 + 0x2000 * i) + " 0x1000;";
        }
        return compile(source + "/ { };");
    };
    EXPECT_EQ(vmm::read_reserved_memory(tree(64), ram)->size(), 64U);
    const auto refused = vmm::read_reserved_memory(tree(65), ram);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().what, "the device tree reserves too many ranges of the guest's RAM");
    EXPECT_EQ(vmm::read_reserved_memory({}, ram).error().what,
              "this is not a flattened device tree");
}

TEST(DeviceTreeCheck, WhatIsNoTreeIsAnError)
{
    Lines lines;
    EXPECT_EQ(vmm::check_device_tree({}, TestMachine{}.inputs(), lines).error().what,
              "this is not a flattened device tree");
}

} // namespace
