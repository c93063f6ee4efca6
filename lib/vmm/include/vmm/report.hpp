// SPDX-License-Identifier: BSD-2-Clause
// The black-box report: all that is known of a guest that came to its end.
#pragma once

#include "vmm/access.hpp"

#include <cstdint>
#include <string_view>

namespace vmm {

class Machine;

/// Why there is a report.
enum class Trouble : std::uint8_t {
    stray_access, ///< an access that nothing answers stopped the guest
    panic,        ///< its kernel says that it cannot go on
    hang,         ///< a vCPU runs and runs, and nothing interrupts it
    asked,        ///< Machine::report()
};

/// The report's heart, for programs. Texts live as long as the call that gets them.
struct Report {
    Trouble            trouble = Trouble::asked;
    VcpuId             vcpu    = 0;       ///< the culprit
    const StrayAccess* access  = nullptr; ///< of Trouble::stray_access
    std::string_view   node{};            ///< of its device tree that covers the access; or empty
    std::string_view   message{};         ///< of a panic; or empty
    std::string_view   cause{};           ///< the likely one, in a sentence; never empty
};

} // namespace vmm
