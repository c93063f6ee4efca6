// SPDX-License-Identifier: BSD-2-Clause
// Drivers: which program drives a device, what that program needs, and its .device_resources.
#pragma once

#include "layout.hpp"

#include <string>

namespace sysgen {

/// Adds the driver's domain (named NAME_driver) of a class with the device that `owner` names, its
/// registers, DMA memory and interrupts, as the driver's config.json asks for them. The interrupts
/// take the lowest channels.
[[nodiscard]] Result<Domain*> add_driver(Layout& layout, pugi::xml_node owner,
                                         const char* device_class, const std::string& name,
                                         unsigned priority);

} // namespace sysgen
