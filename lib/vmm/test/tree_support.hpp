// SPDX-License-Identifier: BSD-2-Clause
// A machine like QEMU's `virt`, as the inputs of its device tree, for the tests of the trees.
#pragma once

#include "vmm/device_tree.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <unistd.h>
#include <vector>

namespace vmm_test {

inline base::GuestRange range(std::uint64_t start, std::uint64_t size)
{
    return *base::GuestRange::create(base::GuestPhysical{start}, size);
}

/// Owns what DeviceTreeInputs only points to. Change the members, then call inputs().
struct TestMachine {
    std::vector<vmm::MemoryRegion>   ram{{range(0x4000'0000, 0x1000'0000), {}}};
    std::vector<std::uint64_t>       vcpus{0};
    std::vector<vmm::GuestDevice>    devices{serial()};
    std::vector<vmm::ReservedMemory> reserved;
    vmm::GicVersion                  version = vmm::GicVersion::v2;
    vmm::DeviceTreeInputs            other;

    static vmm::GuestDevice serial()
    {
        vmm::GuestDevice uart;
        uart.name       = "serial";
        uart.compatible = {"arm,pl011", "arm,primecell"};
        uart.registers  = {range(0x900'0000, 0x1000)};
        uart.interrupts = {{33, arch::Trigger::level_high}};
        uart.clocks     = {{"uartclk", 24'000'000}, {"apb_pclk", 24'000'000}};
        uart.alias      = "serial0";
        return uart;
    }

    vmm::DeviceTreeInputs inputs() const
    {
        auto result            = other;
        result.ram             = ram;
        result.vcpus           = vcpus;
        result.devices         = devices;
        result.reserved        = reserved;
        result.cpu_compatible  = "arm,cortex-a53";
        result.gic.version     = version;
        result.gic.distributor = range(0x800'0000, 0x1'0000);
        result.gic.cpu_interface_or_redistributors =
            version == vmm::GicVersion::v2 ? range(0x801'0000, 0x2000)
                                           : range(0x80a'0000, 0x2'0000 * vcpus.size());
        return result;
    }

    std::vector<std::byte> tree() const
    {
        std::vector<std::byte> blob(vmm::k_device_tree_room);
        const auto             size = vmm::write_device_tree(blob, inputs());
        if (!size) {
            std::abort();
        }
        blob.resize(*size);
        return blob;
    }
};

/// Runs a program with `input` as its standard input; its output, and its complaints to `log`.
inline std::string run(const std::string& command, std::span<const std::byte> input)
{
    std::string name = testing::TempDir() + "tree-test-XXXXXX";
    const int   file = mkstemp(name.data());
    if (file < 0 || write(file, input.data(), input.size()) != static_cast<ssize_t>(input.size())) {
        std::abort();
    }
    close(file);
    std::string            text;
    auto* const            pipe = popen((command + " " + name + " 2>&1").c_str(), "r");
    std::array<char, 4096> piece{};
    while (const auto size = std::fread(piece.data(), 1, piece.size(), pipe)) {
        text.append(piece.data(), size);
    }
    pclose(pipe);
    std::remove(name.c_str());
    return text;
}

/// dtc, from source to blob. Its warnings would be in the blob, so there must be none.
inline std::vector<std::byte> compile(const std::string& source)
{
    const auto text = run("dtc -q -I dts -O dtb", std::as_bytes(std::span{source}));
    const auto blob = std::as_bytes(std::span{text});
    return {blob.begin(), blob.end()};
}

inline std::string decompile(std::span<const std::byte> blob)
{
    return run("dtc -q -I dtb -O dts", blob);
}

} // namespace vmm_test
