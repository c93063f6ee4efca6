// SPDX-License-Identifier: BSD-2-Clause
// Layouts of the example linux whose devices lack features or have more of them, and guests that
// check what is left (virtIO 1.2; options of tools/sysgen).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace system_test {

/// Attributes of the devices in the layout, as they stand there.
struct Variant {
    const char* name; ///< letters, digits, _
    std::string console{};
    std::string disk{};
    std::string nic{};
    std::string entropy{};
    bool        second_port = false; ///< a second <console>
};

/// Each feature is off in at least one of these, and on in at least one.
[[nodiscard]] const std::vector<Variant>& variants();
/// The first of that name; the test fails where there is none.
[[nodiscard]] const Variant& variant(const std::string& name);

/// Writes the variant's layout into the test's own folder.
[[nodiscard]] std::filesystem::path layout_of(const Variant& variant);

/// The names of a device's features ("disk" of type 2, …), with the numbers of their bits.
struct Feature {
    const char* device;
    unsigned    type;
    const char* name;
    unsigned    bit;
};
[[nodiscard]] const std::vector<Feature>& features();

/// Whether a device of this layout must offer a feature: those that are switched off and those that
/// need them are not offered, nor what the layout gives the device no use for.
[[nodiscard]] bool is_offered(const Variant& variant, const Feature& feature);
/// Whether Debian's Linux takes a feature that an MMIO device offers.
[[nodiscard]] bool is_used_by_linux(const Feature& feature);

} // namespace system_test
