// SPDX-License-Identifier: BSD-2-Clause
// Two Linux guests and a program without one (tests/guests/sockets), and Linux' own loopback on
// QEMU's machine: the same program measures in all of them.
#include "sockets.hpp"

#include "base/result.hpp"
#include "devices.hpp"
#include "linux_shell.hpp"
#include "table_line.hpp"

#include <fmt/format.h>

#include <array>

namespace bench {
namespace {

using qemu::Result;

/// What sockets with a context ID cost, where the program `sockets` serves.
Result<std::map<std::string, Spread>> measure(LinuxShell& shell, unsigned cid)
{
    // Its own end may come up after the shell.
    const auto text   = TRY(shell.run(fmt::format(
          "until sockets measure {} > /run/figures; do usleep 100000; done; cat /run/figures", cid)));
    auto       parsed = parse_guest(text);
    if (parsed.exits.empty()) {
        return std::unexpected(fmt::format("{}: it did not measure:\n{}", shell.what(), text));
    }
    return std::move(parsed.exits);
}

struct Row {
    const char* key;
    const char* label;
    bool        is_rate; ///< of 1,000,000 bytes; otherwise a time
};
constexpr std::array k_rows{
    Row{"vsock_1_byte", "1 byte there and back, µs", false},
    Row{"vsock_4k", "4 KiB there and back, µs", false},
    Row{"vsock_connection", "connection, open to closed, µs", false},
    Row{"vsock_out", "out, MB/s", true},
    Row{"vsock_in", "in, MB/s", true},
};

std::string shown(const std::map<std::string, Spread>& figures, const Row& row)
{
    const auto found = figures.find(row.key);
    if (found == figures.end() || found->second.mean == 0) {
        return {};
    }
    const auto time = static_cast<double>(found->second.mean);
    return row.is_rate ? grouped(static_cast<std::uint64_t>(1e9 / time))
                       : fmt::format("{:.1f}", time / 1000);
}

} // namespace

Result<> measure_sockets(const SocketBench& bench, Figures& figures)
{
    const auto devices      = TRY(vmm::devices_for(bench.system, vmm::Options{}));
    auto       ours         = TRY(LinuxShell::start("sockets in our VMMs",
                                                    qemu::command_line(bench.board, bench.system.image,
                                                                       {.serial  = qemu::Serial::stream,
                                                                        .time    = qemu::Time::instructions,
                                                                        .devices = devices,
                                                                        .log     = {},
                                                                        .extra = bench.options.qemu_arguments}),
                                                    bench.options, 2));
    figures.sockets_program = TRY(measure(ours, 2));
    figures.sockets_guest   = TRY(measure(ours, 4));

    auto own = TRY(LinuxShell::start("sockets on Linux' own loopback",
                                     qemu::native_command_line({.machine = "virt",
                                                                .kernel  = bench.kernel.string(),
                                                                .initrd  = BENCH_SOCKETS_INITRAMFS,
                                                                .cmdline = "console=ttyAMA0 quiet",
                                                                .time = qemu::Time::instructions}),
                                     bench.options, 1));
    if (const auto loaded = own.run("modprobe vsock_loopback"); !loaded) {
        fmt::print(stderr, "there is no loopback to compare with: {}\n", loaded.error());
        return {};
    }
    figures.sockets_loopback = TRY(measure(own, 1));
    return {};
}

std::string socket_table(const Figures& figures)
{
    if (figures.sockets_program.empty()) {
        return {};
    }
    auto text =
        "\n" + line("sockets of Debian's Linux", "with a guest", "a program", "loopback", "");
    for (const Row& row : k_rows) {
        text += line(row.label, shown(figures.sockets_guest, row),
                     shown(figures.sockets_program, row), shown(figures.sockets_loopback, row), "");
    }
    return text;
}

} // namespace bench
