// SPDX-License-Identifier: BSD-2-Clause
#include "profile.hpp"

#include "base/result.hpp"
#include "sizes.hpp"

#include <fmt/format.h>

#include <fstream>
#include <sstream>

namespace bench {
namespace {

/// Requests in a window: tests/guests/bench/samples.hpp.
constexpr double k_samples = 100;

/// picokit's kernel::switch_to(Core&, Thread&).
constexpr std::string_view k_switch = "_ZN6kernel9switch_toERNS_4CoreERNS_6ThreadE";

} // namespace

std::vector<std::string> profile_arguments(const std::filesystem::path& file)
{
    return {"-plugin", fmt::format("{},to={}", BENCH_PLUGIN, file.string())};
}

std::vector<std::string> names_in_order(std::string_view text)
{
    std::vector<std::string> names;
    std::istringstream       lines{std::string{text}};
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words{line};
        std::string        first, name;
        if (words >> first >> name && first == "bench") {
            names.push_back(name);
        }
    }
    return names;
}

std::vector<std::uint64_t> runs_of(std::uint64_t address, std::istream& profile)
{
    std::vector<std::uint64_t> runs;
    for (std::string line; std::getline(profile, line);) {
        if (line == "window") {
            runs.push_back(0);
            continue;
        }
        std::istringstream words{line};
        std::uint64_t      at = 0, host = 0, word = 0, count = 0;
        if (!runs.empty() && words >> std::hex >> at >> host >> word >> std::dec >> count &&
            at == address) {
            runs.back() += count;
        }
    }
    return runs;
}

qemu::Result<std::map<std::string, double>> switches_in(const std::filesystem::path&    profile,
                                                        const vmm::System&              system,
                                                        const std::vector<std::string>& names)
{
    const auto kernel = system.sdk / "board" / system.board / system.config / "elf" / "picokit.elf";
    if (!std::filesystem::exists(kernel)) {
        return {};
    }
    const auto    address = TRY(symbol_address(kernel, k_switch));
    std::ifstream stream(profile);
    const auto    runs = runs_of(address, stream);
    if (runs.size() != names.size()) {
        return std::unexpected(fmt::format("the profile {} has {} windows for {} measures",
                                           profile.string(), runs.size(), names.size()));
    }
    std::map<std::string, double> switches;
    for (std::size_t i = 0; i < names.size(); ++i) {
        switches[names[i]] = static_cast<double>(runs[i]) / k_samples;
    }
    return switches;
}

} // namespace bench
