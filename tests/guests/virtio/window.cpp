// SPDX-License-Identifier: BSD-2-Clause
#include "window.hpp"

#include "fdt/address.hpp"
#include "fdt/interrupt.hpp"
#include "fdt/reader.hpp"

namespace guest {

std::uint8_t Window::config8(std::uint64_t offset) const
{
    return *reinterpret_cast<const volatile std::uint8_t*>(base + Register::config + offset);
}

std::uint16_t Window::config16(std::uint64_t offset) const
{
    return *reinterpret_cast<const volatile std::uint16_t*>(base + Register::config + offset);
}

Windows find_windows(std::span<const std::byte> device_tree)
{
    constexpr std::uint32_t k_magic = 0x7472'6976, k_modern = 2, k_first_shared = 32;
    Windows                 found;
    const auto              tree = fdt::Tree::create(device_tree);
    if (!tree) {
        return found;
    }
    for (fdt::Walk walk{*tree}; walk.next();) {
        if (!walk.node().is_compatible("virtio,mmio")) {
            continue;
        }
        const auto registers = fdt::registers(walk.position(), 0);
        const auto interrupt = fdt::interrupt(*tree, walk.position(), 0);
        if (!registers || !interrupt || !*interrupt || (*interrupt)->cells.size() < 2) {
            continue;
        }
        Window window{.base = registers->address, .intid = (*interrupt)->cells[1] + k_first_shared};
        window.type = window.read(Register::device_id);
        if (window.read(Register::magic_value) == k_magic &&
            window.read(Register::version) == k_modern && window.type != 0) {
            (void)found.push_back(window);
        }
    }
    return found;
}

const char* name_of(std::uint32_t type)
{
    switch (type) {
    case Type::network:
        return "net";
    case Type::block:
        return "block";
    case Type::console:
        return "console";
    case Type::entropy:
        return "entropy";
    default:
        return "device";
    }
}

} // namespace guest
