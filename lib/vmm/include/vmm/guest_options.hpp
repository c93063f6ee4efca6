// SPDX-License-Identifier: BSD-2-Clause
// What a layout says about a guest's virtIO devices and sDDF's sections have no word for:
// `.vmm_options`, written by tools/sysgen. Without it, or with zeros in it, everything is as usual.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vmm {

/// One virtIO device of the guest.
struct DeviceOptions {
    std::uint64_t        without   = 0; ///< feature bits that are not offered
    std::uint16_t        queues    = 0; ///< request queues of a disk; 0: as many as it has
    std::uint16_t        mtu       = 0; ///< of a network card; 0: the card's own
    std::uint8_t         read_only = 0; ///< of a disk; not 0: the guest may not write
    std::array<char, 20> id{};          ///< of a disk, what GET_ID gives; empty: the disk's own
    std::array<char, 7>  unused{};

    constexpr bool operator==(const DeviceOptions&) const = default;
};
static_assert(sizeof(DeviceOptions) == 40 && offsetof(DeviceOptions, id) == 13);

/// One port of the guest's console.
struct PortOptions {
    std::array<char, 32> text{};

    /// /dev/virtio-ports/NAME in a Linux guest; may be empty.
    [[nodiscard]] constexpr std::string_view name() const
    {
        const std::string_view all{text.data(), text.size()};
        return all.substr(0, all.find('\0'));
    }
};

/// `.vmm_options`:
///     SDDF_CONFIG(".vmm_options") vmm::GuestOptions options;
struct GuestOptions {
    static constexpr std::size_t         k_devices = 32; ///< as many as `.vmm_config` has
    static constexpr std::size_t         k_ports   = 16;
    static constexpr std::array<char, 8> k_magic{'v', 'm', 'm', 'o', 'p', 't', 0, 1};

    std::array<char, 8>                  magic{};
    std::array<DeviceOptions, k_devices> devices{}; ///< in the order of `.vmm_config`
    std::array<PortOptions, k_ports>     ports{};   ///< in the order of the layout's consoles

    /// Whether a tool wrote the section. If not, the two below give defaults.
    [[nodiscard]] constexpr bool is_valid() const { return magic == k_magic; }

    /// The options of the device that is number `index` in `.vmm_config`.
    [[nodiscard]] constexpr DeviceOptions device(std::size_t index) const
    {
        return is_valid() && index < k_devices ? devices[index] : DeviceOptions{};
    }
    /// The name of console port `index`.
    [[nodiscard]] constexpr std::string_view port_name(std::size_t index) const
    {
        return is_valid() && index < k_ports ? ports[index].name() : std::string_view{};
    }
};
static_assert(sizeof(GuestOptions) == 1800 && offsetof(GuestOptions, ports) == 1288);

} // namespace vmm
