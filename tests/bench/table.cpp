// SPDX-License-Identifier: BSD-2-Clause
#include "table.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <optional>

namespace bench {
namespace {

/// A figure's place in the table, and the largest value that is good enough on picokit and on seL4;
/// 0: no such aim.
struct Row {
    const char*   key;
    const char*   label;
    std::uint64_t reach_picokit = 0;
    std::uint64_t reach_sel4    = 0;
};

constexpr std::array k_exits{
    Row{"hypercall", "null hypercall (PSCI_VERSION)", 900, 2'400},
    Row{"hypercall_hvc", "  by HVC", 0, 0},
    Row{"hypercall_smc", "  by SMC", 0, 0},
    Row{"gicd_read", "GIC distributor read", 1'000, 3'700},
    Row{"gicd_write", "GIC distributor write", 0, 0},
    Row{"sgi_self", "SGI to self until its handler", 1'600, 4'300},
    Row{"sgi_self_with_return", "  and back from the handler", 0, 0},
    Row{"timer", "timer deadline until its handler", 1'200, 2'400},
    Row{"wfi", "timer deadline until after WFI", 0, 0},
};

constexpr std::array k_boot{
    Row{"first_instruction", "power-on to the guest's first", 3'000'000, 0},
    Row{"user_space", "power-on to user space", 0, 0},
    Row{"native_user_space", "  without a hypervisor", 0, 0},
};

constexpr std::array k_size{
    Row{"kernel_text", "kernel: text", 64 << 10, 0},
    Row{"kernel_read_only", "kernel: read-only data", 0, 0},
    Row{"kernel_data", "kernel: data", 0, 0},
    Row{"vmm_text", "VMM: text", 0, 0},
    Row{"vmm_read_only", "VMM: read-only data", 0, 0},
    Row{"vmm_data", "VMM: data", 0, 0},
    Row{"vmm_total", "VMM: all of these", 512 << 10, 512 << 10},
};

/// 1234567 as "1,234,567".
std::string grouped(std::uint64_t number)
{
    auto text = fmt::format("{}", number);
    for (auto at = static_cast<int>(text.size()) - 3; at > 0; at -= 3) {
        text.insert(static_cast<std::size_t>(at), ",");
    }
    return text;
}

std::string line(std::string_view label, std::string_view value, std::string_view range,
                 std::string_view reach, std::string_view verdict)
{
    auto text =
        fmt::format("{:<34} {:>13}  {:>17}  {:>13}  {}", label, value, range, reach, verdict);
    text.erase(text.find_last_not_of(' ') + 1);
    return text + "\n";
}

std::string row_line(const Row& row, std::uint64_t value, std::string_view range, bool is_picokit)
{
    const auto reach = is_picokit ? row.reach_picokit : row.reach_sel4;
    return line(row.label, grouped(value), range, reach == 0 ? "" : "≤ " + grouped(reach),
                reach == 0       ? ""
                : value <= reach ? "  reached"
                                 : "  NOT REACHED");
}

template <std::size_t N>
std::string number_lines(const std::array<Row, N>&                   rows,
                         const std::map<std::string, std::uint64_t>& values, bool is_picokit)
{
    std::string text;
    for (const auto& row : rows) {
        if (const auto value = values.find(row.key); value != values.end()) {
            text += row_line(row, value->second, "", is_picokit);
        }
    }
    return text;
}

std::string exit_lines(const Figures& figures, bool is_picokit)
{
    std::string text;
    for (const auto& row : k_exits) {
        if (const auto found = figures.exits.find(row.key); found != figures.exits.end()) {
            const auto& spread = found->second;
            const auto  range  = spread.least == spread.most
                                     ? ""
                                     : grouped(spread.least) + "–" + grouped(spread.most);
            text += row_line(row, spread.mean, range, is_picokit);
        }
    }
    return text;
}

/// Virtualised divided by native, to a thousandth.
std::string ratio_line(const Figures& figures)
{
    const auto ours   = figures.boot.find("user_space"),
               native = figures.boot.find("native_user_space");
    if (ours == figures.boot.end() || native == figures.boot.end() || native->second == 0) {
        return {};
    }
    const auto ratio = static_cast<double>(ours->second) / static_cast<double>(native->second);
    return line("  with ÷ without", fmt::format("{:.3f}", ratio), "", "≤ 1.030",
                ratio <= 1.03 ? "  reached" : "  NOT REACHED");
}

} // namespace

std::string table(const Figures& figures)
{
    const bool is_picokit = figures.sdk == "picokit";
    return fmt::format("{} on {}, configuration {}\n\n", figures.sdk, figures.board,
                       figures.config) +
           line("exits, guest to guest", "instructions", "least–most", "to reach", "") +
           exit_lines(figures, is_picokit) + "\n" +
           line("boot", "instructions", "", "to reach", "") +
           number_lines(k_boot, figures.boot, is_picokit) + ratio_line(figures) + "\n" +
           line("size", "bytes", "", "to reach", "") +
           number_lines(k_size, figures.size, is_picokit);
}

std::string json(const Figures& figures)
{
    nlohmann::ordered_json json{
        {"board", figures.board}, {"config", figures.config},
        {"sdk", figures.sdk},     {"exits", nlohmann::ordered_json::object()},
        {"boot", figures.boot},   {"size", figures.size}};
    for (const auto& [name, spread] : figures.exits) {
        json["exits"][name]  = spread.mean;
        json["spread"][name] = {
            {"least", spread.least}, {"most", spread.most}, {"count", spread.count}};
    }
    return json.dump(4) + "\n";
}

} // namespace bench
