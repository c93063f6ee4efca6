// SPDX-License-Identifier: BSD-2-Clause
// How names, sizes and interrupts are written in a picture.
#pragma once

#include "sdf/model.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace graph {

/// With &, <, > and " as HTML entities, for Graphviz' HTML-like labels.
[[nodiscard]] std::string escape(std::string_view text);

/// "4 KiB", "256 MiB", "1 GiB"; bytes where it is no whole number of these.
[[nodiscard]] std::string size_text(std::uint64_t bytes);

/// The same of any number: "about 2.8 GiB".
[[nodiscard]] std::string rough_size_text(std::uint64_t bytes);

/// "1 region", "2 regions".
[[nodiscard]] std::string count_text(std::size_t number, std::string_view what);

/// The region's size, or where its size comes from.
[[nodiscard]] std::string size_of(const tool::MemoryRegion& region);

/// "rw", "rwx"
[[nodiscard]] std::string permissions_of(const tool::Map& map);

/// "SPI 1" of 33, "PPI 14" of 30: as device trees count, 32 or 16 lower.
[[nodiscard]] std::string interrupt_text(std::uint64_t number);

} // namespace graph
