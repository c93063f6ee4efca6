// SPDX-License-Identifier: BSD-2-Clause
// Any bytes as a device tree: read, resolved, compared with a machine, patched.
#include "fdt/address.hpp"
#include "fdt/interrupt.hpp"
#include "fdt/reader.hpp"
#include "vmm/device_tree.hpp"
#include "vmm/device_tree_check.hpp"
#include "vmm/reserved_memory.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace {

volatile unsigned sum = 0;

/// Looks at every character that it is given.
class Reader final : public vmm::DeviceTreeReporter {
public:
    void report(const vmm::DeviceTreeFinding& finding) override
    {
        vmm::print([](char c) { sum = sum + static_cast<unsigned char>(c); }, finding);
    }
};

base::GuestRange range(std::uint64_t start, std::uint64_t size)
{
    return *base::GuestRange::create(base::GuestPhysical{start}, size);
}

void read(const fdt::Tree& tree)
{
    // Resolving is quadratic by design; a few dozen nodes see all of it.
    unsigned nodes = 0;
    for (fdt::Walk walk{tree}; walk.next() && nodes < 48; ++nodes) {
        std::array<char, 64> room{};
        const auto           path = walk.position().path(room);
        (void)tree.find(path);
        for (const auto& property : walk.node().properties()) {
            (void)property.number();
            (void)property.string(1);
        }
        for (std::size_t i = 0; i < 16; ++i) {
            (void)fdt::registers(walk.position(), i);
            const auto found = fdt::interrupt(tree, walk.position(), i);
            if (!found || !*found) {
                break;
            }
        }
    }
    (void)tree.find("serial0");
    (void)fdt::covering(tree, 0x900'0000);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto blob = std::as_bytes(std::span{data, size});
    if (const auto tree = fdt::Tree::create(blob)) {
        read(*tree);
    }
    const std::array<vmm::MemoryRegion, 1> ram{{{range(0x4000'0000, 0x1000'0000), {}}}};
    constexpr std::array<std::uint64_t, 2> k_vcpus{0, 1};
    vmm::GuestDevice                       uart;
    uart.registers  = {range(0x900'0000, 0x1000)};
    uart.interrupts = {{33, arch::Trigger::level_high}};
    vmm::DeviceTreeInputs inputs;
    inputs.ram                                 = ram;
    inputs.vcpus                               = k_vcpus;
    inputs.devices                             = {&uart, 1};
    inputs.gic.distributor                     = range(0x800'0000, 0x1'0000);
    inputs.gic.cpu_interface_or_redistributors = range(0x801'0000, 0x1'0000);
    Reader reader;
    (void)vmm::check_device_tree(blob, inputs, reader);

    if (const auto reserved = vmm::read_reserved_memory(blob, ram)) {
        for (const auto& one : *reserved) {
            if (one.size() == 0 || !one.overlaps(ram.front().guest)) {
                __builtin_trap();
            }
        }
    }

    std::vector<std::byte> room(size + 256);
    vmm::DeviceTreePatch   patch;
    patch.bootargs     = "console=ttyAMA0";
    const auto patched = vmm::patch_device_tree(room, blob, patch);
    // What we wrote we must be able to read.
    if (patched && !fdt::Tree::create(std::span{room}.first(*patched))) {
        __builtin_trap();
    }
    return 0;
}
