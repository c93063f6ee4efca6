// SPDX-License-Identifier: BSD-2-Clause
#include "table.hpp"

#include "request_table.hpp"
#include "sockets.hpp"
#include "sound.hpp"
#include "table_line.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
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
    // What KVM needs for both CPUs together is the measure: 4,512 at its best.
    Row{"ipi", "SGI to another vCPU until its handler", 4'500, 0},
    Row{"ipi_to_busy", "  that does not wait", 0, 0},
    Row{"ipi_round_trip", "  and until its answer's handler", 9'000, 0},
    Row{"ipi_send", "  of which its sender's exit", 0, 0},
};

constexpr std::array k_boot{
    Row{"first_instruction", "power-on to the guest's first", 3'000'000, 0},
    Row{"user_space", "power-on to user space", 0, 0},
    Row{"native_user_space", "  without a hypervisor", 0, 0},
};
constexpr std::array k_smp_boot{
    Row{"user_space_4", "the same with 4 vCPUs", 0, 0},
    Row{"native_user_space_4", "  without a hypervisor", 0, 0},
};
static_assert(k_smp_vcpus == 4, "the rows' names say so");

constexpr std::array k_size{
    Row{"kernel_text", "kernel: text", 64 << 10, 0},
    Row{"kernel_read_only", "kernel: read-only data", 0, 0},
    Row{"kernel_data", "kernel: data", 0, 0},
    Row{"vmm_text", "VMM: text", 0, 0},
    Row{"vmm_read_only", "VMM: read-only data", 0, 0},
    Row{"vmm_data", "VMM: data", 0, 0},
    Row{"vmm_total", "VMM: all of these", 512 << 10, 512 << 10},
};

/// The larger of the two values is what counts.
std::string row_line(const Row& row, std::optional<std::uint64_t> value,
                     std::optional<std::uint64_t> smp_value, std::string_view range,
                     bool is_picokit)
{
    const auto reach   = is_picokit ? row.reach_picokit : row.reach_sel4;
    const auto worst   = std::max(value.value_or(0), smp_value.value_or(0));
    const auto as_text = [](std::optional<std::uint64_t> number) {
        return number ? grouped(*number) : std::string{};
    };
    return line(row.label, as_text(value), as_text(smp_value),
                reach == 0 ? "" : "≤ " + grouped(reach),
                reach == 0       ? ""
                : worst <= reach ? "reached"
                                 : "NOT REACHED",
                range);
}

template <std::size_t N>
std::string number_lines(const std::array<Row, N>&                   rows,
                         const std::map<std::string, std::uint64_t>& values, bool is_picokit)
{
    std::string text;
    for (const auto& row : rows) {
        if (const auto value = values.find(row.key); value != values.end()) {
            text += row_line(row, value->second, {}, {}, is_picokit);
        }
    }
    return text;
}

std::optional<Spread> find(const std::map<std::string, Spread>& exits, const char* key)
{
    const auto found = exits.find(key);
    return found == exits.end() ? std::nullopt : std::optional{found->second};
}

/// "850–866" where tries differ.
std::string range_of(const std::optional<Spread>& spread)
{
    return !spread || spread->least == spread->most
               ? std::string{}
               : grouped(spread->least) + "–" + grouped(spread->most);
}

std::string exit_lines(const Figures& figures, bool is_picokit)
{
    const auto mean = [](const std::optional<Spread>& spread) {
        return spread ? std::optional{spread->mean} : std::nullopt;
    };
    std::string text;
    for (const auto& row : k_exits) {
        const auto one     = find(figures.exits, row.key);
        const auto several = find(figures.smp_exits, row.key);
        if (one || several) {
            const auto range = range_of(one);
            text += row_line(row, mean(one), mean(several),
                             range.empty() ? range_of(several) : range, is_picokit);
        }
    }
    return text;
}

/// Virtualised divided by native, to a thousandth.
std::string ratio_line(const Figures& figures, const char* ours_key, const char* native_key)
{
    const auto ours = figures.boot.find(ours_key), native = figures.boot.find(native_key);
    if (ours == figures.boot.end() || native == figures.boot.end() || native->second == 0) {
        return {};
    }
    const auto ratio = static_cast<double>(ours->second) / static_cast<double>(native->second);
    return line("  with ÷ without", fmt::format("{:.3f}", ratio), "", "≤ 1.030",
                ratio <= 1.03 ? "reached" : "NOT REACHED");
}

} // namespace

std::string table(const Figures& figures)
{
    const bool is_picokit = figures.sdk == "picokit";
    return fmt::format("{} on {}, configuration {}\n\n", figures.sdk, figures.board,
                       figures.config) +
           line("exits, guest to guest: instructions", "1 vCPU", "4 vCPUs", "to reach", "",
                "least–most") +
           exit_lines(figures, is_picokit) + "\n" +
           line("boot", "instructions", "", "to reach", "") +
           number_lines(k_boot, figures.boot, is_picokit) +
           ratio_line(figures, "user_space", "native_user_space") +
           number_lines(k_smp_boot, figures.boot, is_picokit) +
           ratio_line(figures, "user_space_4", "native_user_space_4") + "\n" +
           line("size", "bytes", "", "to reach", "") +
           number_lines(k_size, figures.size, is_picokit) + request_table(figures) +
           socket_table(figures) + sound_table(figures);
}

std::string json(const Figures& figures)
{
    nlohmann::ordered_json json{{"board", figures.board},
                                {"config", figures.config},
                                {"sdk", figures.sdk},
                                {"exits", nlohmann::ordered_json::object()},
                                {"exits_4_vcpus", nlohmann::ordered_json::object()},
                                {"boot", figures.boot},
                                {"size", figures.size}};
    const auto add = [&json](const auto& exits, const char* mean_key, const char* spread_key) {
        for (const auto& [name, spread] : exits) {
            json[mean_key][name]   = spread.mean;
            json[spread_key][name] = {
                {"least", spread.least}, {"most", spread.most}, {"count", spread.count}};
        }
    };
    add(figures.exits, "exits", "spread");
    add(figures.smp_exits, "exits_4_vcpus", "spread_4_vcpus");
    if (!figures.requests.empty()) {
        add(figures.requests, "requests", "spread_requests");
        add(figures.native_requests, "requests_native", "spread_requests_native");
        add(figures.linux_requests, "linux", "spread_linux");
        add(figures.native_linux, "linux_native", "spread_linux_native");
        json["switches"] = figures.switches;
    }
    if (!figures.sockets_program.empty()) {
        add(figures.sockets_guest, "sockets_guest", "spread_sockets_guest");
        add(figures.sockets_program, "sockets_program", "spread_sockets_program");
        add(figures.sockets_loopback, "sockets_loopback", "spread_sockets_loopback");
    }
    if (!figures.sound.empty()) {
        json["sound"]        = figures.sound;
        json["sound_native"] = figures.native_sound;
    }
    return json.dump(4) + "\n";
}

} // namespace bench
