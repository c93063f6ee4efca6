// SPDX-License-Identifier: BSD-2-Clause
// The boot image: a flat binary for one load address, or the same inside an ELF.
#pragma once

#include "image/address_maps.hpp"

namespace tool {

/// A finished layout: placement, tables and system table agree with each other.
struct Layout {
    Placement   placement;
    AddressMaps maps;
    Bytes       system_table;
};

/// Lays the system out. Refuses what does not fit into the board's memory.
[[nodiscard]] Result<Layout> lay_out(const Inputs& inputs);

/// The flat image. The kernel's variable picokit_system_table gets the address of the table;
/// refuses a kernel without it.
[[nodiscard]] Result<Bytes> build_image(const Inputs& inputs, const Layout& layout);

/// Wraps a flat image as an ELF executable with one segment at the load address, which is also
/// the entry.
[[nodiscard]] Bytes wrap_as_elf(const Bytes& image, std::uint64_t load_address);

} // namespace tool
