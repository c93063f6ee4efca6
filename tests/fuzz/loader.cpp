// SPDX-License-Identifier: BSD-2-Clause
// Any bytes as a kernel: recognised, placed, loaded.
#include "vmm/loader.hpp"

#include <array>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    constexpr std::size_t k_ram = 0x10'0000;
    struct alignas(4096) Ram {
        std::array<std::byte, k_ram> bytes;
    };
    static Ram       ram;
    vmm::GuestMemory memory;
    if (!memory.add(base::GuestPhysical{0x4000'0000},
                    base::PdVirtual{reinterpret_cast<std::uintptr_t>(&ram)}, k_ram)) {
        __builtin_trap();
    }
    vmm::LoadRequest request;
    request.kernel           = std::as_bytes(std::span{data, size});
    request.initrd_size      = 100;
    request.device_tree_size = 0x1000;
    request.ram              = memory.regions();
    const std::array<std::byte, 100> initrd{};
    if (const auto plan = vmm::plan_load(request)) {
        (void)vmm::load_images(*plan, initrd, memory);
    }
    return 0;
}
