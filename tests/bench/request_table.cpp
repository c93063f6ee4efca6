// SPDX-License-Identifier: BSD-2-Clause
#include "request_table.hpp"

#include "table_line.hpp"

#include <array>

namespace bench {
namespace {

struct Request {
    const char* key;
    const char* label;
};
constexpr std::array k_requests{
    Request{"disk_read_4k", "4 KiB read"},
    Request{"disk_read_64k", "64 KiB read"},
    Request{"disk_read_1m", "1 MiB read"},
    Request{"disk_write_4k", "4 KiB write"},
    Request{"disk_write_64k", "64 KiB write"},
    Request{"disk_write_1m", "1 MiB write"},
    Request{"net_send_64", "frame of 64 bytes out"},
    Request{"net_echo_64", "  and its echo in"},
    Request{"net_send_1514", "frame of 1,514 bytes out"},
    Request{"net_echo_1514", "  and its echo in"},
    Request{"console_line", "line of 64 bytes to the console"},
};

/// How a time becomes the value that is looked at.
enum class Unit : std::uint8_t {
    microseconds,
    megabytes,         ///< per second; the time is that of a request of 1 MiB
    megabytes_at_best, ///< the time is that of 1,000,000 bytes, and the best of all tries counts
};

/// A measure in Linux, what it is to be, and how many times QEMU's own devices' time it may take;
/// 0: no such aim.
struct Measure {
    const char* key;
    const char* label;
    Unit        unit;
    double      reach    = 0;
    double      multiple = 0;
};
constexpr std::array k_linux{
    Measure{"linux_read_4k", "4 KiB random read, µs", Unit::microseconds, 35, 2},
    Measure{"linux_read_64k", "64 KiB sequential read, µs", Unit::microseconds, 0, 2.5},
    Measure{"linux_read_1m", "1 MiB sequential read, MB/s", Unit::megabytes, 2000, 3},
    Measure{"linux_write_4k", "4 KiB random write, µs", Unit::microseconds, 38, 2},
    Measure{"linux_write_64k", "64 KiB sequential write, µs", Unit::microseconds, 0, 2},
    Measure{"linux_write_1m", "1 MiB sequential write, MB/s", Unit::megabytes},
    Measure{"linux_console_line", "64 bytes to the console, µs", Unit::microseconds, 0, 2},
    Measure{"linux_ping_pong", "1 byte there and back, µs", Unit::microseconds, 60, 0},
    Measure{"linux_tcp_out", "TCP out, MB/s", Unit::megabytes_at_best, 400, 0},
    Measure{"linux_tcp_in", "TCP in, MB/s", Unit::megabytes_at_best, 500, 0},
};

double time_of(const Spread& spread, Unit unit)
{
    return static_cast<double>(unit == Unit::megabytes_at_best ? spread.least : spread.mean);
}

std::string shown(double nanoseconds, Unit unit)
{
    constexpr double k_mebibyte = 1 << 20, k_million = 1e6;
    const auto       rate = [=](double bytes) {
        return grouped(static_cast<std::uint64_t>(bytes * 1e3 / nanoseconds));
    };
    switch (unit) {
    case Unit::microseconds:
        return fmt::format("{:.1f}", nanoseconds / 1000);
    case Unit::megabytes:
        return rate(k_mebibyte);
    case Unit::megabytes_at_best:
        break;
    }
    return rate(k_million);
}

bool is_reached(double nanoseconds, const Measure& measure)
{
    constexpr double k_mebibyte = 1 << 20, k_million = 1e6;
    switch (measure.unit) {
    case Unit::microseconds:
        return nanoseconds <= measure.reach * 1000;
    case Unit::megabytes:
        return k_mebibyte * 1e3 / nanoseconds >= measure.reach;
    case Unit::megabytes_at_best:
        break;
    }
    return k_million * 1e3 / nanoseconds >= measure.reach;
}

const Spread* find(const std::map<std::string, Spread>& figures, const char* key)
{
    const auto found = figures.find(key);
    return found == figures.end() || found->second.mean == 0 ? nullptr : &found->second;
}

const char* verdict(bool reached) { return reached ? "reached" : "NOT REACHED"; }

std::string request_lines(const Figures& figures)
{
    std::string text;
    for (const auto& request : k_requests) {
        const auto* ours   = find(figures.requests, request.key);
        const auto* native = find(figures.native_requests, request.key);
        if (ours == nullptr) {
            continue;
        }
        const auto switches = figures.switches.find(request.key);
        text +=
            line(request.label, grouped(ours->mean), native != nullptr ? grouped(native->mean) : "",
                 switches != figures.switches.end() ? fmt::format("{:.1f}", switches->second) : "",
                 "", grouped(ours->least) + "–" + grouped(ours->most));
    }
    return text;
}

std::string linux_lines(const Figures& figures)
{
    std::string text;
    for (const auto& measure : k_linux) {
        const auto* ours   = find(figures.linux_requests, measure.key);
        const auto* native = find(figures.native_linux, measure.key);
        if (ours == nullptr) {
            continue;
        }
        const double time = time_of(*ours, measure.unit);
        std::string  multiple;
        if (native != nullptr) {
            const double times = time / time_of(*native, measure.unit);
            multiple           = fmt::format("× {:.2f}", times);
            if (measure.multiple != 0) {
                multiple += fmt::format(" of {:.1f}  {}", measure.multiple,
                                        verdict(times <= measure.multiple));
            }
        }
        const auto* sign = measure.unit == Unit::microseconds ? "≤" : "≥";
        text += line(
            measure.label, shown(time, measure.unit),
            native != nullptr ? shown(time_of(*native, measure.unit), measure.unit) : "",
            measure.reach != 0
                ? fmt::format("{} {}", sign, grouped(static_cast<std::uint64_t>(measure.reach)))
                : "",
            measure.reach != 0 ? verdict(is_reached(time, measure)) : "", multiple);
    }
    return text;
}

} // namespace

std::string request_table(const Figures& figures)
{
    if (figures.requests.empty()) {
        return {};
    }
    return "\n" +
           line("requests, bare metal: instructions", "our VMM", "QEMU's own", "switches", "",
                "least–most") +
           request_lines(figures) + "\n" +
           line("requests, Debian's Linux", "our VMM", "QEMU's own", "to reach", "",
                "time ÷ QEMU's own") +
           linux_lines(figures);
}

} // namespace bench
