// SPDX-License-Identifier: BSD-2-Clause
// Units: what of a device tree can be given to a guest only as a whole.
#pragma once

#include "depends.hpp"
#include "tree.hpp"

#include <map>
#include <string>
#include <vector>

namespace passthrough {

/// Whether a node is `unit` or below it.
[[nodiscard]] bool is_within(const check::Node& node, const check::Node& unit);

/// The unit that offers what a node stands for: the nearest node with registers, or, where there
/// are none (a fixed clock), the outermost device above.
[[nodiscard]] const check::Node& unit_of(const check::Node& node);

/// The unit that a driver needs in order to find a device: what it sits on (an I2C controller, the
/// glue around a USB controller) comes with it.
[[nodiscard]] const check::Node& driven_unit_of(const check::Node& node);

/// Whether a unit or something in it has registers that the CPU sees.
[[nodiscard]] bool has_registers(const check::Tree& board, const check::Node& unit);

/// What the node is to the kernel ("the interrupt controller"); empty if it is none of its own.
[[nodiscard]] std::string kernel_s(const check::Node& node);

/// Names of nodes like the one that is not there, as a hint.
[[nodiscard]] std::string similar(const check::Tree& board, std::string_view text);

/// What the device's node asks its clock to be (assigned-clock-rates), in Hz; 0: it does not, or
/// the clock is a fixed one.
[[nodiscard]] std::uint64_t assigned_rate(const check::Tree& board, const check::Node& user,
                                          const check::Dependency& clock);

/// Who needs which unit.
class Users {
public:
    explicit Users(const check::Tree& board);

    /// Enabled devices outside of a unit that need something of it.
    [[nodiscard]] const std::vector<const check::Node*>& of(const check::Node& unit) const;

private:
    std::map<const check::Node*, std::vector<const check::Node*>> users_;
};

} // namespace passthrough
