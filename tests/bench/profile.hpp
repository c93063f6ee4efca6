// SPDX-License-Identifier: BSD-2-Clause
// What the plugin of tests/bench/profile counted.
#pragma once

#include "qemu/process.hpp"
#include "system.hpp"

#include <cstdint>
#include <filesystem>
#include <istream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// QEMU's arguments that make it write to `file`.
[[nodiscard]] std::vector<std::string> profile_arguments(const std::filesystem::path& file);

/// The names in a guest's lines "bench NAME …", in their order.
[[nodiscard]] std::vector<std::string> names_in_order(std::string_view text);

/// How often the instruction at `address` ran in each window of a profile.
[[nodiscard]] std::vector<std::uint64_t> runs_of(std::uint64_t address, std::istream& profile);

/// How often `system`'s kernel changed threads (protection domains and vCPUs) in a request, by the
/// request's name; one window each. Empty where the kernel does not say where it does that.
[[nodiscard]] qemu::Result<std::map<std::string, double>>
switches_in(const std::filesystem::path& profile, const vmm::System& system,
            const std::vector<std::string>& names);

} // namespace bench
