// SPDX-License-Identifier: BSD-2-Clause
// What a guest of a new project may have.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string_view>

namespace project {

enum class Part : std::uint8_t {
    console, ///< virtIO, over the board's serial port
    uart,    ///< the board's serial port itself
    disk,
    net,
    entropy,
    sound,
    vsock,   ///< sockets between the guest and a program without a guest
    control, ///< `vmm exec` reaches into the guest
};

using Parts = std::set<Part>;

struct PartInfo {
    Part             part;
    std::string_view name;
    std::string_view device_class; ///< of the driver behind it; empty: it needs none
    std::string_view what;         ///< for a list of what there is
};

inline constexpr std::array<PartInfo, 8> k_parts{{
    {Part::console, "console", "serial", "a virtIO console; the board's serial port is shared"},
    {Part::uart, "uart", "", "the board's serial port itself; nobody else uses it"},
    {Part::disk, "disk", "blk", "a virtIO disk: a partition of the board's"},
    {Part::net, "net", "net", "a virtIO network card"},
    {Part::entropy, "entropy", "entropy", "random numbers"},
    {Part::sound, "sound", "sound", "a virtIO sound card"},
    {Part::vsock, "vsock", "", "sockets to a program without a guest, which is in the project too"},
    {Part::control, "control", "serial", "`vmm exec` runs commands and copies files in the guest"},
}};

[[nodiscard]] constexpr const PartInfo& info_of(Part part)
{
    return k_parts[static_cast<std::size_t>(part)];
}

/// The part that is called that.
[[nodiscard]] constexpr std::optional<Part> part_of(std::string_view name)
{
    for (const auto& info : k_parts) {
        if (info.name == name) {
            return info.part;
        }
    }
    return std::nullopt;
}

} // namespace project
