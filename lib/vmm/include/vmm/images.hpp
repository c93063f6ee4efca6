// SPDX-License-Identifier: BSD-2-Clause
// The guest images that the build links into a VMM's program (lib/vmm/images.S).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

extern "C" {
extern const std::byte     vmm_image_kernel[], vmm_image_kernel_end[];
extern const std::byte     vmm_image_initrd[], vmm_image_initrd_end[];
extern const std::byte     vmm_image_dtb[], vmm_image_dtb_end[];
extern const char          vmm_image_cmdline[], vmm_image_cmdline_end[];
extern const std::uint64_t vmm_image_vcpus;
}

namespace vmm::images {

/// Each is empty if the build was given none.
[[nodiscard]] inline std::span<const std::byte> kernel()
{
    return {vmm_image_kernel, vmm_image_kernel_end};
}
[[nodiscard]] inline std::span<const std::byte> initrd()
{
    return {vmm_image_initrd, vmm_image_initrd_end};
}
[[nodiscard]] inline std::span<const std::byte> dtb() { return {vmm_image_dtb, vmm_image_dtb_end}; }

/// Kernel command line, without a terminator.
[[nodiscard]] inline std::string_view cmdline()
{
    return {vmm_image_cmdline, vmm_image_cmdline_end};
}

/// How many vCPUs the system description gives this VMM's guest. (The address is constant, so it
/// can stand in a constinit configuration; the number is read at start.)
inline constexpr const std::uint64_t* k_vcpus = &vmm_image_vcpus;

} // namespace vmm::images
