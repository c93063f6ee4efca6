// SPDX-License-Identifier: BSD-2-Clause
// The parts of the report that are about protection domains and what connects them.
#pragma once

#include "image/image.hpp"

#include <string>

namespace tool {

[[nodiscard]] std::string report_protection_domains(const Inputs& inputs);
[[nodiscard]] std::string report_virtual_machines(const Inputs& inputs);
[[nodiscard]] std::string report_channels(const System& system);
[[nodiscard]] std::string report_interrupts(const System& system);
[[nodiscard]] std::string report_domains(const System& system);

} // namespace tool
