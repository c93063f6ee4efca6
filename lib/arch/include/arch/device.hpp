// SPDX-License-Identifier: BSD-2-Clause
// A device of the machine as data: what its device-tree node says, in the machine's own addresses.
#pragma once

#include "base/address.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace arch {

/// How an interrupt line asks for attention. SPIs of an Arm GIC know no other ways.
enum class Trigger : std::uint8_t { level_high, edge_rising };

/// One interrupt line. `intid` is the GIC's number: SPI n of a device tree is 32 + n.
struct DeviceInterrupt {
    std::uint32_t intid;
    Trigger       trigger;

    constexpr bool operator==(const DeviceInterrupt&) const = default;
};

/// One clock input of a device.
struct DeviceClock {
    std::string_view name;      ///< from `clock-names`, may be empty
    std::uint64_t    frequency; ///< Hz; 0 if the clock is not a fixed one

    constexpr bool operator==(const DeviceClock&) const = default;
};

/// A number that the device's driver reads from its node: `reg-shift`, `clock-frequency`.
struct DeviceProperty {
    std::string_view name;
    std::uint32_t    value;

    constexpr bool operator==(const DeviceProperty&) const = default;
};

/// A device with at least one range of registers.
struct Device {
    std::string_view                  name;       ///< of the node: "pl011@9000000"
    std::span<const std::string_view> compatible; ///< the most specific first
    std::span<const base::HostRange>  registers;
    std::span<const DeviceInterrupt>  interrupts;
    std::span<const DeviceClock>      clocks;
    bool                              dma_coherent = false;
    std::span<const DeviceProperty>   properties{};

    /// Start and size in bytes of the first range of registers.
    [[nodiscard]] constexpr base::HostPhysical base() const { return registers.front().start(); }
    [[nodiscard]] constexpr std::uint64_t      size() const { return registers.front().size(); }

    /// The first interrupt. Only for devices that have one; in a constant expression the compiler
    /// checks that.
    [[nodiscard]] constexpr std::uint32_t intid() const { return interrupts.front().intid; }
};

} // namespace arch
