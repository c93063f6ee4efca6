// SPDX-License-Identifier: BSD-2-Clause
// The tree that a guest gets, as dtc reads it, and a user's tree with /chosen changed.
#include "vmm/device_tree.hpp"

#include "base/units.hpp"
#include "fdt/address.hpp"
#include "fdt/interrupt.hpp"
#include "fdt/reader.hpp"
#include "tree_support.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace vmm_test;
using namespace base::literals;
using testing::HasSubstr;
using testing::Not;

std::string text_of(const TestMachine& machine) { return decompile(machine.tree()); }

std::string_view error_of(const TestMachine& machine, std::size_t room = vmm::k_device_tree_room)
{
    std::vector<std::byte> blob(room);
    const auto             size = vmm::write_device_tree(blob, machine.inputs());
    return size ? std::string_view{} : size.error().what;
}

TEST(DeviceTree, AMachineWithOneSerialLine)
{
    TestMachine machine;
    machine.other.bootargs = "console=ttyAMA0";
    EXPECT_EQ(text_of(machine), R"(/dts-v1/;

/ {
	compatible = "libvmm,machine\0linux,dummy-virt";
	model = "libvmm virtual machine";
	#address-cells = <0x02>;
	#size-cells = <0x02>;
	interrupt-parent = <0x01>;

	chosen {
		bootargs = "console=ttyAMA0";
		stdout-path = "/serial@9000000";
	};

	aliases {
		serial0 = "/serial@9000000";
	};

	memory@40000000 {
		device_type = "memory";
		reg = <0x00 0x40000000 0x00 0x10000000>;
	};

	cpus {
		#address-cells = <0x01>;
		#size-cells = <0x00>;

		cpu@0 {
			device_type = "cpu";
			compatible = "arm,cortex-a53\0arm,armv8";
			reg = <0x00>;
			enable-method = "psci";
		};
	};

	psci {
		compatible = "arm,psci-1.0\0arm,psci-0.2";
		method = "hvc";
	};

	interrupt-controller@8000000 {
		compatible = "arm,gic-400\0arm,cortex-a15-gic";
		interrupt-controller;
		#interrupt-cells = <0x03>;
		#address-cells = <0x00>;
		reg = <0x00 0x8000000 0x00 0x10000 0x00 0x8010000 0x00 0x2000>;
		phandle = <0x01>;
	};

	timer {
		compatible = "arm,armv8-timer";
		interrupts = <0x01 0x0d 0x104 0x01 0x0e 0x104 0x01 0x0b 0x104 0x01 0x0a 0x104>;
		always-on;
	};

	clock-24000000 {
		compatible = "fixed-clock";
		#clock-cells = <0x00>;
		clock-frequency = <0x16e3600>;
		phandle = <0x02>;
	};

	serial@9000000 {
		compatible = "arm,pl011\0arm,primecell";
		reg = <0x00 0x9000000 0x00 0x1000>;
		interrupts = <0x00 0x01 0x04>;
		clocks = <0x02 0x02>;
		clock-names = "uartclk\0apb_pclk";
	};
};
)");
}

TEST(DeviceTree, DtcHasNoComplaint)
{
    for (const auto version : {vmm::GicVersion::v2, vmm::GicVersion::v3}) {
        TestMachine machine;
        machine.version = version;
        machine.vcpus   = {0, 1, 2, 3};
        machine.reserved.push_back({"shared", range(0x4800'0000, 0x1000), {}, ""});
        EXPECT_EQ(run("dtc -I dtb -O dtb -o /dev/null", machine.tree()), "");
    }
}

TEST(DeviceTree, GicV3AndManyCpus)
{
    TestMachine machine;
    machine.version = vmm::GicVersion::v3;
    machine.vcpus   = {0x8000'0000, 0x8000'0001, 0x8000'0100, 0x1'8000'0000};
    const auto text = text_of(machine);
    EXPECT_THAT(text, HasSubstr("compatible = \"arm,gic-v3\";"));
    EXPECT_THAT(text,
                HasSubstr("reg = <0x00 0x8000000 0x00 0x10000 0x00 0x80a0000 0x00 0x80000>;"));
    EXPECT_THAT(text, HasSubstr("interrupts = <0x01 0x0d 0x04 0x01 0x0e 0x04 0x01 0x0b 0x04 "
                                "0x01 0x0a 0x04>;"))
        << "no mask of CPUs";
    EXPECT_THAT(text, HasSubstr("cpu@100 {"));
    EXPECT_THAT(text, HasSubstr("cpu@100000000 {")) << "affinity 3";
    EXPECT_THAT(text, HasSubstr("reg = <0x01 0x00>;"));
    machine.vcpus.pop_back();
    EXPECT_THAT(text_of(machine), HasSubstr("reg = <0x100>;")) << "the flags of MPIDR are left out";
    machine.version = vmm::GicVersion::v2;
    EXPECT_THAT(text_of(machine), HasSubstr("0x01 0x0b 0x704"));
}

TEST(DeviceTree, Chosen)
{
    TestMachine                    machine;
    const std::array<std::byte, 3> seed{std::byte{1}, std::byte{2}, std::byte{3}};
    machine.other.initrd      = range(0x1'4800'0000, 0x1234);
    machine.other.kaslr_seed  = 0x0123'4567'89ab'cdef;
    machine.other.rng_seed    = seed;
    machine.other.stdout_path = "/serial@9000000:115200n8";
    EXPECT_THAT(text_of(machine), HasSubstr(R"(	chosen {
		bootargs = [00];
		stdout-path = "/serial@9000000:115200n8";
		linux,initrd-start = <0x01 0x48000000>;
		linux,initrd-end = <0x01 0x48001234>;
		kaslr-seed = <0x1234567 0x89abcdef>;
		rng-seed = [01 02 03];
	};)"));
    machine.other.stdout_path = {};
    machine.devices[0].alias  = {};
    EXPECT_THAT(text_of(machine), HasSubstr("stdout-path = \"/serial@9000000\""));
    machine.devices[0].name = "rtc";
    EXPECT_THAT(text_of(machine), Not(HasSubstr("stdout-path")));
}

TEST(DeviceTree, SeveralRegionsOfRamAndReservedOnes)
{
    TestMachine machine;
    machine.ram.push_back({range(0x1'0000'0000, 2_GiB), {}});
    machine.reserved.push_back({"shared", range(0x4800'0000, 0x1000), {}, "acme,shared"});
    machine.reserved.push_back(
        {"other", range(0x4900'0000, 0x1000), vmm::ReservedMemory::Mapping::never, ""});
    const auto text = text_of(machine);
    EXPECT_THAT(text, HasSubstr("memory@100000000 {\n\t\tdevice_type = \"memory\";\n"
                                "\t\treg = <0x01 0x00 0x00 0x80000000>;"));
    EXPECT_THAT(text, HasSubstr(R"(	reserved-memory {
		#address-cells = <0x02>;
		#size-cells = <0x02>;
		ranges;

		shared@48000000 {
			compatible = "acme,shared";
			reg = <0x00 0x48000000 0x00 0x1000>;
		};

		other@49000000 {
			reg = <0x00 0x49000000 0x00 0x1000>;
			no-map;
		};
	};)"));
    EXPECT_THAT(text, Not(HasSubstr("/memreserve/")));
}

TEST(DeviceTree, DevicesOfAllShapes)
{
    TestMachine                               machine;
    constexpr std::array<std::string_view, 2> k_words{"rx", "tx"};
    constexpr std::array<std::uint32_t, 3>    k_cells{1, 2, 3};
    constexpr std::array<std::byte, 3>        k_bytes{std::byte{0xaa}, std::byte{0}, std::byte{1}};
    vmm::GuestDevice                          net;
    net.name         = "ethernet";
    net.compatible   = {"acme,net"};
    net.registers    = {range(0xa00'0000, 0x200), range(0x1'0000'0000, 0x1000)};
    net.interrupts   = {{48, arch::Trigger::edge_rising}, {20, arch::Trigger::level_high}};
    net.clocks       = {{"", 0}, {"", 24'000'000}};
    net.dma_coherent = true;
    net.alias        = "ethernet0";
    net.properties   = {{"flag", std::monostate{}},
                        {"cell", std::uint32_t{7}},
                        {"wide", std::uint64_t{0x1'0000'0002}},
                        {"word", std::string_view{"okay"}},
                        {"words", std::span<const std::string_view>{k_words}},
                        {"cells", std::span<const std::uint32_t>{k_cells}},
                        {"bytes", std::span<const std::byte>{k_bytes}}};
    vmm::GuestDevice plain;
    plain.name = "fixed-regulator";
    machine.devices.push_back(net);
    machine.devices.push_back(plain);
    const auto text = text_of(machine);
    EXPECT_THAT(text, HasSubstr(R"(	ethernet@a000000 {
		compatible = "acme,net";
		reg = <0x00 0xa000000 0x00 0x200 0x01 0x00 0x00 0x1000>;
		interrupts = <0x00 0x10 0x01 0x01 0x04 0x104>;
		clocks = <0x03 0x02>;
		dma-coherent;
		flag;
		cell = <0x07>;
		wide = <0x01 0x02>;
		word = "okay";
		words = "rx\0tx";
		cells = <0x01 0x02 0x03>;
		bytes = [aa 00 01];
	};

	fixed-regulator {
	};)"));
    EXPECT_THAT(text, HasSubstr("ethernet0 = \"/ethernet@a000000\";"));
    EXPECT_THAT(text, HasSubstr("clock-0 {"));
}

TEST(DeviceTree, APassedThroughDeviceKeepsItsAddresses)
{
    constexpr std::array<std::string_view, 2> k_names{"arm,pl011", "arm,primecell"};
    const std::array registers{*base::HostRange::create(base::HostPhysical{0x900'0000}, 0x1000)};
    constexpr std::array<arch::DeviceInterrupt, 1> k_lines{{{33, arch::Trigger::level_high}}};
    constexpr std::array<arch::DeviceClock, 1>     k_clocks{{{"uartclk", 24'000'000}}};
    constexpr std::array<arch::DeviceProperty, 1>  k_numbers{
        {{"arm,primecell-periphid", 0x24'1011}}};
    const auto device = vmm::guest_device({"pl011@9000000", k_names, registers, k_lines, k_clocks,
                                           /* dma_coherent = */ true, k_numbers});
    EXPECT_EQ(device.name, "pl011");
    EXPECT_EQ(device.compatible[1], "arm,primecell");
    EXPECT_EQ(device.registers[0], range(0x900'0000, 0x1000));
    EXPECT_EQ(device.interrupts[0].intid, 33U);
    EXPECT_EQ(device.clocks[0].frequency, 24'000'000U);
    EXPECT_TRUE(device.dma_coherent);
    EXPECT_EQ(device.properties[0].name, "arm,primecell-periphid");
    EXPECT_EQ(std::get<std::uint32_t>(device.properties[0].value), 0x24'1011U);
}

TEST(DeviceTree, MachinesThatCannotBeDescribed)
{
    TestMachine machine;
    EXPECT_EQ(error_of(machine, 1000), "the device tree does not fit into the memory given to it");
    machine.ram.clear();
    EXPECT_EQ(error_of(machine), "a machine without RAM or without vCPUs has no device tree");
    machine = {};
    machine.vcpus.clear();
    EXPECT_EQ(error_of(machine), "a machine without RAM or without vCPUs has no device tree");
    machine = {};
    machine.vcpus.resize(9);
    EXPECT_EQ(error_of(machine), "a GICv2 serves at most 8 vCPUs");
    for (const std::uint32_t intid : {0U, 15U, 1020U}) {
        machine                                = {};
        machine.devices[0].interrupts[0].intid = intid;
        EXPECT_EQ(error_of(machine), "an interrupt of a device is neither a PPI nor an SPI");
    }
    machine                       = {};
    machine.devices[0].properties = {{"reg", std::uint32_t{1}}};
    EXPECT_EQ(error_of(machine),
              "an extra property of a device has the name of one that is generated");
    machine                                = {};
    machine.devices[0].clocks[0].frequency = 5'000'000'000;
    EXPECT_EQ(error_of(machine), "a device's clock is faster than a device tree can say");
    machine                 = {};
    machine.devices[0].name = "a/b";
    EXPECT_EQ(error_of(machine), "a node name has a character that it must not have, or none");
}

std::string patched(const std::string& source, const vmm::DeviceTreePatch& patch)
{
    const auto             blob = compile(source);
    std::vector<std::byte> room(0x1'0000);
    const auto             size = vmm::patch_device_tree(room, blob, patch);
    EXPECT_TRUE(size) << size.error().what;
    return decompile(std::span{room}.first(size.value_or(0)));
}

constexpr auto k_old = R"(/dts-v1/;
/memreserve/ 0x1000 0x2000;
/ {
	model = "x";

	chosen {
		bootargs = "old";
		linux,initrd-start = <0x01>;
		linux,initrd-end = <0x02>;
		kaslr-seed = <0x03 0x04>;
		stdout-path = "/u";

		framebuffer {
			bootargs = "not this one";
		};
	};

	u {
		chosen {
			bootargs = "nor this";
		};
	};
};
)";

TEST(DeviceTreePatch, OnlyChosenChanges)
{
    const std::array<std::byte, 2> seed{std::byte{1}, std::byte{2}};
    vmm::DeviceTreePatch           patch;
    patch.bootargs   = "new";
    patch.initrd     = range(0x1'0000'0000, 0x10);
    patch.kaslr_seed = 0x5'0000'0006;
    patch.rng_seed   = seed;
    EXPECT_EQ(patched(k_old, patch), R"(/dts-v1/;

/memreserve/	0x0000000000001000 0x0000000000002000;
/ {
	model = "x";

	chosen {
		bootargs = "new";
		linux,initrd-start = <0x01 0x00>;
		linux,initrd-end = <0x01 0x10>;
		kaslr-seed = <0x05 0x06>;
		rng-seed = [01 02];
		stdout-path = "/u";

		framebuffer {
			bootargs = "not this one";
		};
	};

	u {

		chosen {
			bootargs = "nor this";
		};
	};
};
)");
}

TEST(DeviceTreePatch, WhatIsNotGivenStaysButTheInitrdGoes)
{
    const auto text = patched(k_old, {});
    EXPECT_THAT(text, HasSubstr("bootargs = \"old\";"));
    EXPECT_THAT(text, HasSubstr("kaslr-seed = <0x03 0x04>;"));
    EXPECT_THAT(text, Not(HasSubstr("initrd")));
}

TEST(DeviceTreePatch, ChosenIsMadeIfThereIsNone)
{
    vmm::DeviceTreePatch patch;
    patch.bootargs = "new";
    EXPECT_EQ(patched("/dts-v1/; / { a { chosen { }; }; };", patch),
              "/dts-v1/;\n\n/ {\n\n\ta {\n\n\t\tchosen {\n\t\t};\n\t};\n\n"
              "\tchosen {\n\t\tbootargs = \"new\";\n\t};\n};\n");
}

TEST(DeviceTreePatch, DamageAndLackOfRoomAreErrors)
{
    auto                   blob = compile(k_old);
    std::vector<std::byte> room(100);
    EXPECT_EQ(vmm::patch_device_tree(room, blob, {}).error().what,
              "the device tree does not fit into the memory given to it");
    blob.resize(blob.size() / 2);
    EXPECT_EQ(vmm::patch_device_tree(room, blob, {}).error().what, "the device tree is cut off");
}

} // namespace
