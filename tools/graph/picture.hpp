// SPDX-License-Identifier: BSD-2-Clause
// A system as pictures, in the language of Graphviz' dot.
#pragma once

#include "sdf/model.hpp"

#include <string>

namespace graph {

/// Domains, virtual machines, channels, interrupts and the memory they share. Low priorities stand
/// above high ones, so that guests are at the top and drivers with their interrupts at the bottom.
[[nodiscard]] std::string draw_system(const tool::System& system, const std::string& title);

/// Memory: what has a physical address, what each virtual machine sees, and what the Microkit tool
/// places where it likes. A row is the higher the larger its region is.
[[nodiscard]] std::string draw_memory(const tool::System& system, const std::string& title);

/// Everything that the pictures show, for scripts.
[[nodiscard]] std::string to_json(const tool::System& system);

} // namespace graph
