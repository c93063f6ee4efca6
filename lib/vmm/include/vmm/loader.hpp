// SPDX-License-Identifier: BSD-2-Clause
// Where a guest's kernel, device tree and initrd go in its RAM, and how they get there.
#pragma once

#include "base/address.hpp"
#include "base/result.hpp"
#include "vmm/memory.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace vmm {

/// What a kernel image turned out to be.
enum class KernelFormat : std::uint8_t {
    linux_image, ///< arm64 `Image`, or what a gzip stream or an EFI zboot image has inside
    elf,         ///< AArch64 ELF
    flat,        ///< anything else: no header
};

/// How the kernel's bytes are packed.
enum class Packing : std::uint8_t { none, gzip };

/// The images of a guest and the memory there is for them.
struct LoadRequest {
    std::span<const std::byte>        kernel;
    std::uint64_t                     initrd_size      = 0; ///< bytes; 0: no initrd
    std::uint64_t                     device_tree_size = 0; ///< room to keep, in bytes
    std::span<const MemoryRegion>     ram;                  ///< the first is where flat binaries go
    std::span<const base::GuestRange> reserved;             ///< nothing is put here
    /// Where a flat binary goes; by default 0x80000 above the start of RAM.
    std::optional<base::GuestPhysical> flat_address;
};

/// What load_images() does. The guest starts at `entry` with x0 = device_tree.start().
struct LoadPlan {
    KernelFormat                    format  = KernelFormat::flat;
    Packing                         packing = Packing::none;
    std::span<const std::byte>      payload; ///< of the kernel file: what is copied or inflated
    base::GuestRange                kernel;  ///< with its bss
    base::GuestPhysical             entry;
    base::GuestRange                device_tree; ///< 8-byte aligned; within one 2 MiB block
    std::optional<base::GuestRange> initrd;
};

/// Decides where everything goes; touches nothing. Follows Linux Documentation/arch/arm64/booting.
/// Errors, each with its own text: an empty, truncated or damaged kernel, one for another
/// architecture or byte order, a format that is not supported, a kernel that is larger than RAM or
/// linked outside of it, an overlap with a reserved range, no room for the initrd or the tree.
[[nodiscard]] base::Result<LoadPlan> plan_load(const LoadRequest& request);

/// Puts kernel and initrd where the plan says: one copy for each piece, none for a piece that is
/// there already. `initrd` must have the size that was planned. Errors: a compressed kernel that is
/// damaged, RAM that does not fit the plan. The caller writes the device tree.
[[nodiscard]] base::Result<> load_images(const LoadPlan& plan, std::span<const std::byte> initrd,
                                         GuestMemory& memory);

} // namespace vmm
