// SPDX-License-Identifier: BSD-2-Clause
// The drivers there are: one config.json each, in the format of sDDF's own drivers.
#pragma once

#include "refusal.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sysgen {

/// Memory that a driver wants.
struct DriverRegion {
    std::string                  name;
    std::optional<unsigned>      index; ///< of the device's ranges of registers; none: RAM for DMA
    std::optional<std::uint64_t> size;  ///< of RAM always, of registers to ask for less or more
    bool                         writable = true;
    bool                         cached   = false;
};

struct DriverInfo {
    std::string               device_class;
    std::string               image; ///< "serial_pl011.elf"
    std::vector<std::string>  compatible;
    std::vector<DriverRegion> regions;
    std::vector<unsigned>     interrupts; ///< indices into those of the device's node
};

/// Reads one config.json. `device_class` and `image` are what its folder says.
[[nodiscard]] Result<DriverInfo> read_driver(const std::filesystem::path& file,
                                             std::string device_class, std::string image);

/// Reads FOLDER/CLASS/DEVICE/config.json of all drivers. A driver's program is CLASS_DEVICE.elf,
/// unless the file has an "image".
[[nodiscard]] Result<std::vector<DriverInfo>> read_drivers(const std::filesystem::path& folder);

} // namespace sysgen
