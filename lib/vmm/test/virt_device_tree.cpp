// SPDX-License-Identifier: BSD-2-Clause
// Writes the device tree of this library for the `virt` machine of QEMU (without
// virtualization=on), so that Linux shows on QEMU alone whether it can live with the tree:
//     virt_device_tree 3 4 256 'console=ttyAMA0' >virt.dtb
//     qemu-system-aarch64 -M virt,gic-version=3 -cpu cortex-a53 -smp 4 -m 256 -nographic
//         -kernel Image -dtb virt.dtb
#include "vmm/device_tree.hpp"

#include "base/units.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using namespace base::literals;

base::GuestRange range(std::uint64_t start, std::uint64_t size)
{
    return *base::GuestRange::create(base::GuestPhysical{start}, size);
}

} // namespace

int main(int argc, char** argv)
{
    if (argc < 5) {
        std::fputs("usage: virt_device_tree GIC-VERSION CPUS MEBIBYTES BOOTARGS\n", stderr);
        return 2;
    }
    const bool                 v3   = std::atoi(argv[1]) == 3;
    const auto                 cpus = std::strtoul(argv[2], nullptr, 10);
    const std::uint64_t        size = std::strtoul(argv[3], nullptr, 10) * 1_MiB;
    std::vector<std::uint64_t> mpidrs;
    for (std::uint64_t cpu = 0; cpu < cpus; ++cpu) {
        mpidrs.push_back(cpu / 8 << 8 | cpu % 8);
    }
    const std::vector ram{vmm::MemoryRegion{range(0x4000'0000, size), {}}};

    vmm::GuestDevice uart;
    uart.name       = "serial";
    uart.compatible = {"arm,pl011", "arm,primecell"};
    uart.registers  = {range(0x900'0000, 0x1000)};
    uart.interrupts = {{33, arch::Trigger::level_high}};
    uart.clocks     = {{"uartclk", 24'000'000}, {"apb_pclk", 24'000'000}};
    uart.alias      = "serial0";
    vmm::GuestDevice clock;
    clock.name       = "rtc";
    clock.compatible = {"arm,pl031", "arm,primecell"};
    clock.registers  = {range(0x901'0000, 0x1000)};
    clock.interrupts = {{34, arch::Trigger::level_high}};
    clock.clocks     = {{"apb_pclk", 24'000'000}};
    const std::vector devices{uart, clock};

    vmm::DeviceTreeInputs inputs;
    inputs.ram             = ram;
    inputs.vcpus           = mpidrs;
    inputs.cpu_compatible  = "arm,cortex-a53";
    inputs.gic.version     = v3 ? vmm::GicVersion::v3 : vmm::GicVersion::v2;
    inputs.gic.distributor = range(0x800'0000, 0x1'0000);
    inputs.gic.cpu_interface_or_redistributors =
        v3 ? range(0x80a'0000, 0x2'0000 * cpus) : range(0x801'0000, 0x1'0000);
    inputs.devices  = devices;
    inputs.bootargs = argv[4];

    std::vector<std::byte> blob(vmm::k_device_tree_room);
    const auto             written = vmm::write_device_tree(blob, inputs);
    if (!written) {
        std::fprintf(stderr, "%s\n", std::string{written.error().what}.c_str());
        return 1;
    }
    return std::fwrite(blob.data(), 1, *written, stdout) == *written ? 0 : 1;
}
