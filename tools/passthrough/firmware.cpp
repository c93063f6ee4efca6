// SPDX-License-Identifier: BSD-2-Clause
#include "firmware.hpp"

#include "unit.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace passthrough {
namespace {

using check::Need;
using check::Node;
using check::Tree;

/// Calls of the EEMI (Xilinx UG1200) as the firmware at EL3 takes them: SiP service, 64-bit.
constexpr std::uint32_t k_eemi         = 0xc200'0000;
constexpr std::uint32_t k_first_reset  = 1000; // numbers of reset lines begin there
constexpr std::uint32_t k_any_argument = 0xffff'ffff;

struct Function {
    std::uint32_t    number;
    std::string_view name;
};

/// What changes nothing: versions, descriptions, states.
constexpr std::array<Function, 9> k_questions{{{1, "PM_GET_API_VERSION"},
                                               {18, "PM_RESET_GET_STATUS"},
                                               {24, "PM_GET_CHIPID"},
                                               {35, "PM_QUERY_DATA"},
                                               {38, "PM_CLOCK_GETSTATE"},
                                               {40, "PM_CLOCK_GETDIVIDER"},
                                               {44, "PM_CLOCK_GETPARENT"},
                                               {63, "PM_FEATURE_CHECK"},
                                               {0xa03, "PM_GET_TRUSTZONE_VERSION"}}};
constexpr std::array<Function, 4> k_clock{{{36, "PM_CLOCK_ENABLE"},
                                           {37, "PM_CLOCK_DISABLE"},
                                           {39, "PM_CLOCK_SETDIVIDER"},
                                           {43, "PM_CLOCK_SETPARENT"}}};
constexpr std::array<Function, 1> k_reset{{{17, "PM_RESET_ASSERT"}}};
constexpr std::array<Function, 3> k_power{
    {{13, "PM_REQUEST_NODE"}, {14, "PM_RELEASE_NODE"}, {15, "PM_SET_REQUIREMENT"}}};

void add(Closure& closure, Call call)
{
    if (std::ranges::find(closure.calls, call) == closure.calls.end()) {
        closure.calls.push_back(std::move(call));
    }
}

template <std::size_t Count>
void add(Closure& closure, const std::array<Function, Count>& functions, std::uint32_t first,
         std::uint32_t last, std::string_view what)
{
    for (const auto& function : functions) {
        const auto id = k_eemi + function.number;
        add(closure, {.first          = id,
                      .last           = id,
                      .first_argument = first,
                      .last_argument  = last,
                      .why            = fmt::format("{}{}", function.name, what)});
    }
}

void add_eemi(const Tree& board, const Node& unit, Closure& closure)
{
    add(closure, k_questions, 0, k_any_argument, "");
    for (const auto& node : board.nodes()) {
        if (is_within(node, unit) || !closure.has(node)) {
            continue;
        }
        for (const auto& one : check::dependencies(board, node)) {
            if (one.provider == nullptr || !is_within(*one.provider, unit) ||
                one.arguments.empty()) {
                continue;
            }
            const auto number = one.arguments.front();
            const auto of     = [&](std::string_view kind) {
                return fmt::format(" of {} {} ({})", kind, number, node.name);
            };
            if (one.need == Need::clock) {
                add(closure, k_clock, number, number, of("clock"));
            } else if (one.need == Need::reset) {
                add(closure, k_reset, k_first_reset + number, k_first_reset + number, of("reset"));
            } else if (one.need == Need::power_domain) {
                add(closure, k_power, number, number, of("power domain"));
            }
        }
    }
}

bool is_scmi(const Node& node) { return node.is_any({"arm,scmi-smc", "arm,scmi-smc-param"}); }
bool is_eemi(const Node& node)
{
    return node.is("xlnx,zynqmp-firmware") && node.text("method") == "smc";
}
bool is_meson(const Node& node) { return node.is("amlogic,meson-gxbb-sm"); }

} // namespace

bool is_firmware(const Node& node) { return is_scmi(node) || is_eemi(node) || is_meson(node); }

bool is_limited_firmware(const Node& node) { return is_eemi(node) || is_meson(node); }

void add_calls(const Tree& board, const Node& unit, Closure& closure)
{
    if (is_scmi(unit)) {
        if (const auto id = unit.cell("arm,smc-id")) {
            add(closure, {.first          = *id,
                          .last           = *id,
                          .first_argument = 0,
                          .last_argument  = k_any_argument,
                          .why = fmt::format("{}: what stands in its shared memory is between the "
                                             "guest and the firmware",
                                             unit.name)});
        }
    } else if (is_eemi(unit)) {
        add_eemi(board, unit, closure);
    } else if (is_meson(unit)) {
        constexpr std::uint32_t k_read_fuses = 0x8200'0030;
        add(closure, {.first          = k_read_fuses,
                      .last           = k_read_fuses,
                      .first_argument = 0,
                      .last_argument  = k_any_argument,
                      .why            = "reading fuses"});
    }
}

} // namespace passthrough
