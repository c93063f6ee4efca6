// SPDX-License-Identifier: BSD-2-Clause
// The section `.vmm_config`: what a system generator tells a VMM about its guest.
#pragma once

#include "base/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace vmm {

/// `.vmm_config`, byte for byte as sDDF's generator writes it; SDDF_CONFIG(".vmm_config") puts an
/// object of it into a program.
struct GuestConfig {
    static constexpr std::size_t k_most = 32; ///< entries of each list of 32

    /// A physical interrupt that the guest gets.
    struct Interrupt {
        std::uint8_t  channel;
        std::uint32_t intid;
    };

    /// Device types of the standard, as far as they are used here.
    enum class Kind : std::uint8_t {
        network = 1,
        block   = 2,
        console = 3,
        entropy = 4,
        socket  = 19,
        sound   = 25,
    };

    /// Registers and interrupt of a virtIO device.
    struct Device {
        Kind          kind;
        std::uint64_t base;
        std::uint32_t size;
        std::uint32_t intid;
    };

    /// Memory that the guest's user space shares with this domain.
    struct SharedRegion {
        std::array<char, 32> name;
        std::uint64_t        guest;
        std::uint64_t        vaddr;
        std::uint64_t        size;
        std::uint32_t        intid;
    };

    std::array<char, 3>              magic;
    std::uint64_t                    ram; ///< the guest's address, and ours
    std::uint64_t                    ram_size;
    std::uint64_t                    dtb;    ///< not used: the loader finds a place
    std::uint64_t                    initrd; ///< likewise
    std::uint8_t                     num_interrupts;
    std::array<Interrupt, k_most>    interrupts;
    std::uint8_t                     num_vcpus;
    std::array<std::uint8_t, k_most> vcpus; ///< `id` of each <vcpu>
    std::uint8_t                     num_devices;
    std::array<Device, k_most>       devices;
    std::uint8_t                     num_shared;
    std::array<SharedRegion, 16>     shared;

    [[nodiscard]] bool is_valid() const { return magic == std::array{'v', 'm', 'm'}; }
};

/// Whether a tool wrote the section, with counts that fit its lists and vCPUs that follow each
/// other.
[[nodiscard]] base::Result<> check(const GuestConfig& config);

static_assert(sizeof(GuestConfig) == 2136 && alignof(GuestConfig) == 8);
static_assert(offsetof(GuestConfig, ram) == 8 && offsetof(GuestConfig, ram_size) == 16);
static_assert(offsetof(GuestConfig, dtb) == 24 && offsetof(GuestConfig, initrd) == 32);
static_assert(offsetof(GuestConfig, num_interrupts) == 40);
static_assert(offsetof(GuestConfig, interrupts) == 44);
static_assert(sizeof(GuestConfig::Interrupt) == 8);
static_assert(offsetof(GuestConfig::Interrupt, intid) == 4);
static_assert(offsetof(GuestConfig, num_vcpus) == 300 && offsetof(GuestConfig, vcpus) == 301);
static_assert(offsetof(GuestConfig, num_devices) == 333);
static_assert(offsetof(GuestConfig, devices) == 336 && sizeof(GuestConfig::Device) == 24);
static_assert(offsetof(GuestConfig::Device, base) == 8);
static_assert(offsetof(GuestConfig::Device, size) == 16);
static_assert(offsetof(GuestConfig::Device, intid) == 20);
static_assert(offsetof(GuestConfig, num_shared) == 1104 && offsetof(GuestConfig, shared) == 1112);
static_assert(sizeof(GuestConfig::SharedRegion) == 64);
static_assert(offsetof(GuestConfig::SharedRegion, guest) == 32);
static_assert(offsetof(GuestConfig::SharedRegion, vaddr) == 40);
static_assert(offsetof(GuestConfig::SharedRegion, size) == 48);
static_assert(offsetof(GuestConfig::SharedRegion, intid) == 56);

} // namespace vmm
