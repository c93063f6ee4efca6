// SPDX-License-Identifier: BSD-2-Clause
// Two guests, each in our VMM and on QEMU's own devices: tests/guests/bench_virtio, and Linux with
// the program of tests/bench/linux. The network is QEMU's user network in all of them, and the disk
// one that costs nothing (free_disk.hpp). The first guest runs once more with the plugin of
// tests/bench/profile, which counts how often the kernel changed threads.
#include "requests.hpp"

#include "base/result.hpp"
#include "devices.hpp"
#include "free_disk.hpp"
#include "own_guest.hpp"
#include "profile.hpp"
#include "qemu/console.hpp"
#include "shell.hpp"
#include "tcp_peer.hpp"

#include <fmt/format.h>

namespace bench {
namespace {

namespace fs = std::filesystem;
using qemu::Result;

constexpr unsigned         k_console_bus = 29;
constexpr std::string_view k_drive       = "bench";
constexpr std::uint64_t    k_memory      = 256ULL << 20;

/// A command line, and what the guest that it starts calls its disk.
struct Machine {
    std::string              what;
    std::vector<std::string> command;
    std::string              disk;
};

using Words = std::vector<std::string>;

void append(Words& words, const Words& more)
{
    words.insert(words.end(), more.begin(), more.end());
}

/// The example's devices without its disk, and QEMU's arguments for the disk instead.
struct Devices {
    std::vector<qemu::Device> others;
    Words                     disk;
};

Result<Devices> devices_of(const RequestBench& bench)
{
    Devices devices;
    for (auto& device : TRY(vmm::devices_for(bench.system, vmm::Options{}))) {
        if (!std::holds_alternative<qemu::Disk>(device.kind)) {
            devices.others.push_back(std::move(device));
            continue;
        }
        devices.disk = TRY(make_free_disk(bench.folder, std::string{k_drive}));
        append(devices.disk,
               {"-device", fmt::format("virtio-blk-device,drive={},bus=virtio-mmio-bus.{}", k_drive,
                                       device.bus)});
    }
    if (devices.disk.empty()) {
        return std::unexpected(fmt::format("the example {} has no disk", bench.system.name));
    }
    return devices;
}

Result<Machine> ours(const RequestBench& bench, const std::string& name, const vmm::OwnGuest& guest)
{
    const auto folder = bench.folder / name;
    fs::create_directories(folder);
    const auto system  = TRY(vmm::with_own_guest(bench.system, guest, folder));
    auto       devices = TRY(devices_of(bench));
    append(devices.disk, bench.options.qemu_arguments);
    return Machine{name + " in our VMM",
                   qemu::command_line(bench.board, system.image,
                                      {.serial  = qemu::Serial::stream,
                                       .time    = qemu::Time::instructions,
                                       .devices = devices.others,
                                       .log     = {},
                                       .extra   = devices.disk}),
                   "/dev/vda"};
}

/// QEMU's own machine with the same devices, and a virtIO console that nobody reads.
Result<Machine> native(const RequestBench& bench, const std::string& name,
                       const vmm::OwnGuest& guest)
{
    auto machine = bench.board.machine;
    if (const std::string_view el2 = ",virtualization=on"; machine.find(el2) != machine.npos) {
        machine.erase(machine.find(el2), el2.size());
    }
    auto command =
        qemu::native_command_line({.machine = machine,
                                   .cpu     = bench.board.cpu,
                                   .cpus    = 1,
                                   .memory  = fmt::format("{}M", k_memory >> 20),
                                   .kernel  = guest.kernel->string(),
                                   .initrd  = guest.initrd ? guest.initrd->string() : std::string{},
                                   .cmdline = guest.cmdline.value_or(""),
                                   .time    = qemu::Time::instructions});
    const auto devices = TRY(devices_of(bench));
    append(command, qemu::device_arguments(devices.others));
    append(command, devices.disk);
    append(command, {"-chardev", "null,id=nobody", "-device",
                     fmt::format("virtio-serial-device,bus=virtio-mmio-bus.{}", k_console_bus),
                     "-device", "virtconsole,chardev=nobody"});
    return Machine{name + " on QEMU's own devices", std::move(command), "/dev/vda1"};
}

qemu::Limits limits_of(const vmm::Options& options)
{
    qemu::Limits limits;
    if (options.timeout) {
        limits.deadline = qemu::Clock::now() + std::chrono::duration_cast<qemu::Duration>(
                                                   std::chrono::duration<double>(*options.timeout));
    }
    return limits;
}

/// What the counting guest prints.
Result<std::string> run_to_its_end(const RequestBench& bench, const Machine& machine)
{
    fmt::print(stderr, "measuring {} …\n", machine.what);
    qemu::Console console(TRY(qemu::Process::start(machine.command, qemu::Streams::piped)));
    const auto    outcome =
        console.wait_for({qemu::line_starting("bench: done")}, limits_of(bench.options));
    if (outcome.kind != qemu::Outcome::Kind::matched) {
        return std::unexpected(
            fmt::format("{}: no result came; the machine's last words were:\n{}{}", machine.what,
                        outcome.before, console.complaints()));
    }
    return console.transcript();
}

Result<std::map<std::string, Spread>> figures_of(const Machine& machine, const std::string& text)
{
    auto parsed = parse_guest(text);
    if (parsed.exits.empty() || !parsed.is_exact) {
        return std::unexpected(fmt::format("{}: it did not count:\n{}", machine.what, text));
    }
    return std::move(parsed.exits);
}

Result<std::map<std::string, Spread>> measure_guest(const RequestBench& bench,
                                                    const Machine&      machine)
{
    const auto text = TRY(run_to_its_end(bench, machine));
    return figures_of(machine, text);
}

Result<> measure_bare_metal(const RequestBench& bench, Figures& figures)
{
    vmm::OwnGuest guest;
    guest.kernel            = bench.guest;
    guest.cmdline           = "";
    const std::string name  = "requests";
    const auto        own   = TRY(native(bench, name, guest));
    figures.native_requests = TRY(measure_guest(bench, own));
    auto machine            = TRY(ours(bench, name, guest));
    figures.requests        = TRY(measure_guest(bench, machine));

    machine.what += ", every instruction counted";
    const auto profile = bench.folder / "profile";
    append(machine.command, profile_arguments(profile));
    const auto text  = TRY(run_to_its_end(bench, machine));
    figures.switches = TRY(switches_in(profile, bench.system, names_in_order(text)));
    return {};
}

/// The figures of the program `requests`, run in Linux' shell.
Result<std::map<std::string, Spread>> measure_linux(const RequestBench& bench,
                                                    const Machine&      machine)
{
    fmt::print(stderr, "measuring {} …\n", machine.what);
    const auto    peer = TRY(TcpPeer::create()); // outlives the machine
    qemu::Console console(TRY(qemu::Process::start(machine.command, qemu::Streams::piped)));
    const auto    limits = limits_of(bench.options);
    const auto    lost   = [&](const qemu::Outcome& outcome) {
        return std::unexpected(fmt::format("{}: it does not go on; its last words were:\n{}{}",
                                                machine.what, outcome.before, console.complaints()));
    };
    const auto up = console.wait_for({qemu::line_starting("guest: ready")}, limits);
    if (up.kind != qemu::Outcome::Kind::matched) {
        return lost(up);
    }
    vmm::Shell shell{console};
    while (!shell.answers(std::chrono::seconds{10})) {
        if (console.process().poll()) {
            return std::unexpected(
                fmt::format("{}: it ended before its shell answered", machine.what));
        }
    }
    constexpr std::string_view k_host = "10.0.2.2";
    std::string                text;
    for (const auto& command :
         {std::string{"echo 0 0 > /proc/sys/net/ipv4/ping_group_range"},
          "requests disk " + machine.disk, std::string{"requests console /dev/hvc0"},
          fmt::format("requests ping {}", k_host),
          fmt::format("requests out {} {}", k_host, peer.sink()),
          fmt::format("requests in {} {}", k_host, peer.source())}) {
        const auto result = shell.run(command, limits, {});
        if (!result) {
            return lost(result.error());
        }
        if (result->exit_code != 0) {
            return std::unexpected(
                fmt::format("{}: `{}` failed:\n{}", machine.what, command, result->output));
        }
        text += result->output + "\n";
    }
    return figures_of(machine, text);
}

} // namespace

Result<> measure_requests(const RequestBench& bench, Figures& figures)
{
    TRY(measure_bare_metal(bench, figures));
    vmm::OwnGuest guest;
    guest.kernel           = bench.kernel;
    guest.initrd           = BENCH_INITRAMFS;
    const std::string name = "Linux";
    const std::string rest = " quiet ip=10.0.2.15/24";
    guest.cmdline          = "console=ttyAMA0" + rest;
    const auto own         = TRY(native(bench, name, guest));
    figures.native_linux   = TRY(measure_linux(bench, own));
    guest.cmdline          = "console=hvc0" + rest;
    const auto machine     = TRY(ours(bench, name, guest));
    figures.linux_requests = TRY(measure_linux(bench, machine));
    return {};
}

} // namespace bench
