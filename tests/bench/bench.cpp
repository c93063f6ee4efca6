// SPDX-License-Identifier: BSD-2-Clause
// Three machines, all under -icount, with one CPU and with several: the counting guest in our VMM
// (as large as Linux, so that the time to its first instruction is Linux'), Linux in our VMM, and
// Linux on QEMU's own `virt`.
#include "bench.hpp"

#include "base/result.hpp"
#include "build.hpp"
#include "figures.hpp"
#include "own_guest.hpp"
#include "qemu/console.hpp"
#include "qemu/machine.hpp"
#include "requests.hpp"
#include "same_size.hpp"
#include "sizes.hpp"
#include "sockets.hpp"
#include "sound.hpp"
#include "system.hpp"
#include "table.hpp"
#include "work_folder.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>

namespace bench {
namespace {

namespace fs = std::filesystem;
using vmm::System;

constexpr std::uint64_t    k_guest_memory  = 256ULL << 20;
constexpr std::string_view k_to_user_space = "console=ttyAMA0 quiet rdinit=/bin/clock";

/// Everything that a measurement is made with.
struct Bench {
    vmm::Tree              tree;
    const vmm::Options&    options;
    std::string            config;
    System                 system; ///< the example `simple`
    qemu::Board            board;
    fs::path               guest; ///< tests/guests/bench as an Image
    fs::path               kernel;
    fs::path               initrd;
    const vmm::WorkFolder& folder;
};

/// Runs a machine until it powers itself off; all that it printed.
Result<std::string> output_of(const std::string& what, const std::vector<std::string>& command,
                              const vmm::Options& options)
{
    fmt::print(stderr, "measuring {} …\n", what);
    qemu::Console console(TRY(qemu::Process::start(command, qemu::Streams::piped)));
    qemu::Limits  limits;
    if (options.timeout) {
        limits.deadline = qemu::Clock::now() + std::chrono::duration_cast<qemu::Duration>(
                                                   std::chrono::duration<double>(*options.timeout));
    }
    // A guest that powers off ends; what is under it need not: picokit then has nothing to do.
    const auto outcome = console.wait_for(
        {qemu::line_starting("bench: done"), qemu::line_starting("clock: count=")}, limits);
    if (outcome.kind != qemu::Outcome::Kind::matched) {
        return std::unexpected(
            fmt::format("{}: no result came; the machine's last words were:\n{}{}", what,
                        outcome.before, console.complaints()));
    }
    return console.transcript();
}

qemu::Options counted(const vmm::Options& options)
{
    return {.serial = qemu::Serial::stream,
            .time   = qemu::Time::instructions,
            .log    = {},
            .extra  = options.qemu_arguments};
}

/// What `simple` prints with another guest.
Result<std::string> in_our_vmm(const Bench& bench, const std::string& what,
                               const vmm::OwnGuest& guest)
{
    const auto folder =
        bench.folder.path() /
        fmt::format("{}-{}", guest.kernel->filename().string(), guest.vcpus.value_or(1));
    fs::create_directories(folder);
    const auto system = vmm::with_own_guest(bench.system, guest, folder);
    if (!system) {
        return std::unexpected(system.error());
    }
    return output_of(what, qemu::command_line(bench.board, system->image, counted(bench.options)),
                     bench.options);
}

std::string with_cpus(std::string_view what, unsigned cpus)
{
    return fmt::format("{}, {} CPU{}", what, cpus, cpus == 1 ? "" : "s");
}

/// The key in Figures::boot.
std::string boot_key(std::string_view name, unsigned cpus)
{
    return cpus == 1 ? std::string{name} : fmt::format("{}_{}", name, cpus);
}

Result<GuestFigures> measure_exits(const Bench& bench, unsigned vcpus)
{
    const auto image = bench.folder.path() / "bench-as-large-as-linux";
    TRY(make_same_size(bench.guest, bench.kernel, image));
    vmm::OwnGuest guest;
    guest.kernel      = image;
    guest.initrd      = bench.initrd;
    guest.memory      = k_guest_memory;
    guest.vcpus       = vcpus;
    const auto text   = TRY(in_our_vmm(bench, with_cpus("what exits cost", vcpus), guest));
    auto       parsed = parse_guest(text);
    if (!parsed.is_complete || !parsed.first) {
        return std::unexpected(fmt::format("the counting guest did not finish:\n{}", text));
    }
    if (!parsed.is_exact) {
        return std::unexpected("the machine did not count instructions exactly");
    }
    return parsed;
}

/// `first`: of the same machine, whose counter need not begin at power-on.
Result<> measure_boot(const Bench& bench, unsigned vcpus, const FirstInstruction& first,
                      Figures& figures)
{
    vmm::OwnGuest guest;
    guest.kernel  = bench.kernel;
    guest.initrd  = bench.initrd;
    guest.memory  = k_guest_memory;
    guest.vcpus   = vcpus;
    guest.cmdline = k_to_user_space;
    const auto text =
        TRY(in_our_vmm(bench, with_cpus("Linux to user space in our VMM", vcpus), guest));
    const auto ours = parse_clock(text);
    if (!ours) {
        return std::unexpected(fmt::format("Linux did not reach user space:\n{}", text));
    }
    figures.boot[boot_key("user_space", vcpus)] = *ours + first.since_power_on - first.guest_count;
    return {};
}

/// QEMU's command line for the same kernel with nothing below it.
std::vector<std::string> native_command(const Bench& bench, unsigned cpus)
{
    auto machine = bench.board.machine;
    if (const std::string_view el2 = ",virtualization=on"; machine.find(el2) != machine.npos) {
        machine.erase(machine.find(el2), el2.size());
    }
    return qemu::native_command_line({.machine = machine,
                                      .cpu     = bench.board.cpu,
                                      .cpus    = cpus,
                                      .memory  = fmt::format("{}M", k_guest_memory >> 20),
                                      .kernel  = bench.kernel.string(),
                                      .initrd  = bench.initrd.string(),
                                      .cmdline = std::string{k_to_user_space},
                                      .time    = qemu::Time::instructions});
}

Result<> measure_native(const Bench& bench, unsigned cpus, Figures& figures)
{
    const auto text  = TRY(output_of(with_cpus("Linux to user space without a hypervisor", cpus),
                                     native_command(bench, cpus), bench.options));
    const auto count = parse_clock(text);
    if (!count) {
        return std::unexpected(fmt::format("Linux did not reach user space natively:\n{}", text));
    }
    figures.boot[boot_key("native_user_space", cpus)] = *count;
    return {};
}

Result<> measure_sizes(const Bench& bench, Figures& figures)
{
    const auto folder = bench.system.sdk / "board" / bench.system.board / bench.config / "elf";
    for (const char* name : {"picokit.elf", "sel4.elf"}) {
        if (fs::exists(folder / name)) {
            const auto kernel                = TRY(program_sizes(folder / name));
            figures.size["kernel_text"]      = kernel.text;
            figures.size["kernel_read_only"] = kernel.read_only;
            figures.size["kernel_data"]      = kernel.data;
        }
    }
    const auto vmm           = TRY(program_sizes(bench.system.guest->program));
    figures.size["vmm_text"] = vmm.text;
    if (vmm.read_only != 0) { // Microkit's linker script puts it into the text
        figures.size["vmm_read_only"] = vmm.read_only;
    }
    figures.size["vmm_data"]  = vmm.data;
    figures.size["vmm_total"] = vmm.text + vmm.read_only + vmm.data;
    return {};
}

Result<> measure(const Bench& bench, Figures& figures)
{
    TRY(measure_sizes(bench, figures));
    const auto one                    = TRY(measure_exits(bench, 1));
    const auto several                = TRY(measure_exits(bench, k_smp_vcpus));
    figures.exits                     = one.exits;
    figures.smp_exits                 = several.exits;
    figures.boot["first_instruction"] = one.first->since_power_on;
    TRY(measure_boot(bench, 1, *one.first, figures));
    TRY(measure_native(bench, 1, figures));
    TRY(measure_boot(bench, k_smp_vcpus, *several.first, figures));
    return measure_native(bench, k_smp_vcpus, figures);
}

} // namespace

Result<> run(const vmm::Options& options)
{
    const auto tree    = vmm::this_tree();
    const auto config  = options.config.empty() ? std::string{"release"} : options.config;
    const auto product = TRY(vmm::build_product(tree, options.board, config, "all"));
    auto       system  = TRY(vmm::read_system(product / "examples/simple/simple.json"));
    const auto board   = TRY(qemu::read_board(system.board_json));
    const auto folder  = TRY(vmm::WorkFolder::create(tree.build / "run"));
    if (!system.guest) {
        return std::unexpected("the example simple has no guest");
    }
    const auto  images = system.guest->directory;
    const Bench bench{.tree    = tree,
                      .options = options,
                      .config  = config,
                      .system  = system,
                      .board   = board,
                      .guest   = product / "tests/guests/bench.bin",
                      .kernel  = fs::canonical(images / "kernel"),
                      .initrd  = fs::canonical(images / "initrd"),
                      .folder  = folder};
    Figures     figures;
    figures.board  = options.board;
    figures.config = config;
    figures.sdk    = system.sdk == tree.build / "sdk" ? "picokit" : system.sdk.string();
    TRY(measure(bench, figures));
    const auto with_devices = TRY(vmm::read_system(product / "examples/linux/linux.json"));
    TRY(measure_requests({.options = options,
                          .system  = with_devices,
                          .board   = board,
                          .guest   = product / "tests/guests/bench_virtio.bin",
                          .kernel  = bench.kernel,
                          .folder  = folder.path()},
                         figures));
    // Built on demand only.
    TRY(vmm::build_product(tree, options.board, config, "sockets_system"));
    const auto sockets = TRY(vmm::read_system(product / "tests/guests/sockets/sockets.json"));
    TRY(measure_sockets(
        {.options = options, .system = sockets, .board = board, .kernel = bench.kernel}, figures));
    TRY(measure_sound({.options = options,
                       .system  = product / "examples/sound/sound.json",
                       .board   = board,
                       .folder  = folder.path()},
                      figures));
    fmt::print("{}", table(figures));
    if (!options.json.empty()) {
        std::ofstream stream(options.json);
        stream << json(figures);
        if (!stream.flush()) {
            return std::unexpected(fmt::format("cannot write {}", options.json.string()));
        }
    }
    return {};
}

} // namespace bench
