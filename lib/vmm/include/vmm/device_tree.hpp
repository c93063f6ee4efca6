// SPDX-License-Identifier: BSD-2-Clause
// The device tree that a guest gets: written from the machine, or a user's own completed.
#pragma once

#include "arch/device.hpp"
#include "base/address.hpp"
#include "base/fixed_vector.hpp"
#include "base/result.hpp"
#include "vmm/memory.hpp"
#include "vmm/types.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

namespace vmm {

/// A property beyond what GuestDevice has members for. Its value is one of: nothing (the name
/// alone says it), one cell, a 64-bit number, a string, a list of strings, cells, bytes as they
/// are.
struct ExtraProperty {
    using Value = std::variant<std::monostate, std::uint32_t, std::uint64_t, std::string_view,
                               std::span<const std::string_view>, std::span<const std::uint32_t>,
                               std::span<const std::byte>>;

    std::string_view name;
    Value            value;
};

/// A device in the guest's tree, in the guest's own addresses and interrupt numbers:
/// passed through or emulated, the guest cannot tell.
struct GuestDevice {
    std::string_view                            name;       ///< without address: "serial"
    base::FixedVector<std::string_view, 4>      compatible; ///< the most specific first
    base::FixedVector<base::GuestRange, 4>      registers;  ///< the first gives the unit address
    base::FixedVector<arch::DeviceInterrupt, 8> interrupts; ///< SPIs (from 32 on) and PPIs
    base::FixedVector<arch::DeviceClock, 4>     clocks;     ///< each becomes a fixed clock
    base::FixedVector<ExtraProperty, 8>         properties;
    std::string_view                            alias; ///< "serial0"; may be empty
    bool                                        dma_coherent = false;
};

/// The guest's view of a board's device that is passed through at the addresses it really has.
[[nodiscard]] GuestDevice guest_device(const arch::Device& device);

/// RAM that a guest must not use for itself (a frame buffer, memory shared with another domain).
struct ReservedMemory {
    enum class Mapping : std::uint8_t {
        allowed, ///< the kernel may map it with its other memory
        never,   ///< `no-map`
    };

    std::string_view name; ///< of the node, without address
    base::GuestRange range;
    Mapping          mapping = Mapping::allowed;
    std::string_view compatible; ///< such as "shared-dma-pool"; may be empty
};

/// Where the guest finds its interrupt controller.
struct GuestGic {
    GicVersion       version = GicVersion::v2;
    base::GuestRange distributor;
    /// GICv2: the CPU interface. GICv3: the redistributors of all vCPUs, 0x20000 bytes each.
    base::GuestRange cpu_interface_or_redistributors;
};

/// Everything that write_device_tree() puts into a tree and check_device_tree() compares one with.
struct DeviceTreeInputs {
    std::string_view                model = "libvmm virtual machine";
    std::span<const MemoryRegion>   ram; ///< one memory node each
    std::span<const ReservedMemory> reserved;
    std::span<const std::uint64_t>  vcpus; ///< MPIDR_EL1 affinity of each, in order of number
    std::string_view                cpu_compatible; ///< "arm,cortex-a53"
    GuestGic                        gic;
    /// PPIs (16 to 31): secure, physical, virtual, hypervisor. In a VM of ours the virtual timer
    /// works; the binding wants the others before and after it.
    std::array<std::uint32_t, 4> timer_ppis{29, 30, 27, 26};
    std::span<const GuestDevice> devices;
    /// A whole tree whose root's children are added as they are, but for those of the name and
    /// address of a device; their phandles must be from 0x1000'0000 on. May be empty.
    std::span<const std::byte> nodes{};

    std::string_view                bootargs;
    std::optional<base::GuestRange> initrd;
    std::optional<std::uint64_t>    kaslr_seed;
    std::span<const std::byte>      rng_seed;    ///< 32 bytes or more are of use; may be empty
    std::string_view                stdout_path; ///< if empty: the first serial port
};

/// Room that suffices for trees with some dozens of devices.
inline constexpr std::size_t k_device_tree_room = 0x1'0000;

/// Room for the tree of a guest that brings one of `blob` bytes (0: it brings none) and a command
/// line of `bootargs` bytes.
[[nodiscard]] constexpr std::size_t device_tree_room(std::size_t blob, std::size_t bootargs)
{
    constexpr std::size_t k_seeds_and_names = 4096;
    return blob == 0 ? k_device_tree_room : blob + bootargs + k_seeds_and_names;
}

/// Writes the tree; its size in bytes. Errors: it does not fit, a name that a node cannot have,
/// a machine without RAM or vCPUs, an interrupt number that the GIC binding cannot express.
[[nodiscard]] base::Result<std::size_t> write_device_tree(std::span<std::byte>    room,
                                                          const DeviceTreeInputs& inputs);

/// What the loader must change in a tree that a user brought. Members that are empty leave what the
/// tree has; an initrd of another boot is always replaced or removed.
struct DeviceTreePatch {
    std::optional<std::string_view> bootargs;
    std::optional<base::GuestRange> initrd;
    std::optional<std::uint64_t>    kaslr_seed;
    std::span<const std::byte>      rng_seed;
};

/// Copies the tree `blob` to `room` with /chosen changed (and made, if need be); the new size in
/// bytes. The two must not overlap. Errors: `blob` is damaged, or the result does not fit.
[[nodiscard]] base::Result<std::size_t> patch_device_tree(std::span<std::byte>       room,
                                                          std::span<const std::byte> blob,
                                                          const DeviceTreePatch&     patch);

} // namespace vmm
