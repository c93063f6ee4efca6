// SPDX-License-Identifier: BSD-2-Clause
// The parts of the report that are about memory.
#pragma once

#include "image/image.hpp"

#include <string>

namespace tool {

/// "0x1234  4.0 KiB" halves: an address, and a size that people can read.
[[nodiscard]] std::string hex(std::uint64_t value);
[[nodiscard]] std::string readable_size(std::uint64_t bytes);

[[nodiscard]] std::string report_image(const Inputs& inputs, const Layout& layout);
[[nodiscard]] std::string report_physical_memory(const Inputs& inputs, const Layout& layout);
[[nodiscard]] std::string report_regions(const Inputs& inputs, const Layout& layout);
[[nodiscard]] std::string report_boot_work(const Layout& layout);
[[nodiscard]] std::string report_page_tables(const Inputs& inputs, const Layout& layout);

} // namespace tool
