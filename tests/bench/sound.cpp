// SPDX-License-Identifier: BSD-2-Clause
// The example `sound`, and Linux on QEMU's own sound device. A period is what 300 of them take more
// than 100, a two hundredth of that: the program's start and end are in both.
#include "sound.hpp"

#include "base/result.hpp"
#include "devices.hpp"
#include "linux_shell.hpp"
#include "own_guest.hpp"
#include "table_line.hpp"

#include <fmt/format.h>

#include <fstream>
#include <sstream>

namespace bench {
namespace {

namespace fs = std::filesystem;
using qemu::Result;
using Costs = std::map<std::string, std::uint64_t>;

constexpr qemu::Version k_counts{9, 1}; ///< QEMU whose plugins can do what owners.cpp needs
constexpr unsigned      k_bus   = 27;
constexpr unsigned      k_frame = 1024; ///< frames of a period: 4096 bytes, 21.3 ms
constexpr unsigned      k_few = 100, k_many = 300;
constexpr unsigned      k_marks = 3; ///< of a direction

struct Direction {
    const char* name;
    const char* program;
    const char* file;
};
constexpr std::array k_directions{Direction{"playback", "aplay", "/dev/zero"},
                                  Direction{"capture", "arecord", "/dev/null"}};

struct Owner {
    const char* key;
    const char* label;
};
constexpr std::array<Owner, 4> k_owners{{{"guest_kernel", "Linux' kernel"},
                                         {"guest_programs", "aplay, arecord"},
                                         {"hypervisor", "hypervisor"},
                                         {"domains", "VMM, virtualiser, drivers"}}};

/// Both directions on one machine.
Result<Costs> measure(const std::string& what, std::vector<std::string> command,
                      const SoundBench& bench)
{
    const auto file = bench.folder / "owners";
    fs::remove(file);
    command.insert(command.end(),
                   {"-plugin", fmt::format("{},to={}", BENCH_OWNERS_PLUGIN, file.string())});
    auto  shell = TRY(LinuxShell::start(what, command, bench.options, 1));
    Costs costs;
    for (const Direction& it : k_directions) {
        const auto periods = [&it](unsigned count) {
            return fmt::format("{} -q -D hw:0,0 -t raw -f S16_LE -r 48000 -c 2 --period-size={} "
                               "--buffer-size={} -s {} {}",
                               it.program, k_frame, 4 * k_frame, count * k_frame, it.file);
        };
        // Once before, so that what is done only once is not in one of the two.
        (void)TRY(shell.run(fmt::format("{0} && requests mark && {0} && requests mark && {1} && "
                                        "requests mark",
                                        periods(k_few), periods(k_many))));
        std::ifstream stream{file};
        auto          marks = read_owners(stream);
        if (marks.size() > k_marks) {
            marks.erase(marks.begin(), marks.end() - k_marks);
        }
        const auto cost = a_period(it.name, marks, k_many - k_few);
        if (!cost) {
            return std::unexpected(fmt::format("{}: {}", what, cost.error()));
        }
        costs.insert(cost->begin(), cost->end());
    }
    return costs;
}

/// Why nothing can be measured; empty: it can.
std::string obstacle(const SoundBench& bench)
{
    if (!fs::exists(bench.system) || !fs::exists(BENCH_SOUND_INITRAMFS)) {
        return "the example sound is not built for this board, or its guest is not fetched "
               "(`./run sound` does that)";
    }
    const auto there = qemu::provide(k_counts);
    return there ? std::string{} : there.error();
}

} // namespace

std::vector<Owners> read_owners(std::istream& stream)
{
    std::vector<Owners> marks;
    for (std::string text; std::getline(stream, text);) {
        std::istringstream words{text};
        Owners             mark{};
        for (auto& count : mark) {
            words >> count;
        }
        if (words) {
            marks.push_back(mark);
        }
    }
    return marks;
}

Result<Costs> a_period(const std::string& direction, const std::vector<Owners>& marks,
                       std::uint64_t periods)
{
    if (marks.size() != k_marks) {
        return std::unexpected(fmt::format("{}: the plugin saw {} marks in the guest, not {}",
                                           direction, marks.size(), k_marks));
    }
    Costs costs;
    for (std::size_t i = 0; i < k_owners.size(); ++i) {
        const auto few = marks[1][i] - marks[0][i], many = marks[2][i] - marks[1][i];
        // Where nobody is, as in a machine without a hypervisor, chance decides which is more.
        costs[fmt::format("{}_{}", direction, k_owners[i].key)] =
            many > few ? (many - few + periods / 2) / periods : 0;
    }
    return costs;
}

Result<> measure_sound(const SoundBench& bench, Figures& figures)
{
    if (const auto why = obstacle(bench); !why.empty()) {
        fmt::print(stderr, "sound is left out: {}\n", why);
        return {};
    }
    const auto    example = TRY(vmm::read_system(bench.system));
    vmm::OwnGuest guest;
    if (!example.guest) {
        return std::unexpected("the example sound has no guest");
    }
    guest.kernel      = fs::canonical(example.guest->directory / "kernel");
    guest.initrd      = BENCH_SOUND_INITRAMFS;
    guest.cmdline     = "console=hvc0 quiet";
    const auto folder = bench.folder / "sound";
    fs::create_directories(folder);
    const auto system  = TRY(vmm::with_own_guest(example, guest, folder));
    auto       board   = bench.board;
    board.version      = std::max(board.version, k_counts);
    const auto devices = TRY(vmm::devices_for(system, {}));
    figures.sound      = TRY(measure("sound in our VMM",
                                     qemu::command_line(board, system.image,
                                                        {.serial  = qemu::Serial::stream,
                                                         .time    = qemu::Time::instructions,
                                                         .devices = devices,
                                                         .log     = {},
                                                         .extra   = bench.options.qemu_arguments}),
                                     bench));

    auto       command = qemu::native_command_line({.version = k_counts,
                                                    .kernel  = guest.kernel->string(),
                                                    .initrd  = guest.initrd->string(),
                                                    .cmdline = "console=ttyAMA0 quiet",
                                                    .time    = qemu::Time::instructions});
    const auto card =
        qemu::device_arguments({{.name = "sound", .bus = k_bus, .kind = qemu::Sound{}}});
    command.insert(command.end(), card.begin(), card.end());
    figures.native_sound = TRY(measure("sound on QEMU's own device", command, bench));
    return {};
}

std::string sound_table(const Figures& figures)
{
    if (figures.sound.empty()) {
        return {};
    }
    const auto shown = [](const Costs& costs, const std::string& key) {
        const auto found = costs.find(key);
        return found == costs.end() || found->second == 0 ? std::string{} : grouped(found->second);
    };
    std::string text;
    for (const Direction& it : k_directions) {
        text += "\n" + line(fmt::format("a period of {}: instructions", it.name), "in our VMM",
                            "native", "", "");
        std::uint64_t sum = 0, native_sum = 0;
        for (const Owner& owner : k_owners) {
            const auto key = fmt::format("{}_{}", it.name, owner.key);
            text += line(owner.label, shown(figures.sound, key), shown(figures.native_sound, key),
                         "", "");
            const auto ours = figures.sound.find(key), own = figures.native_sound.find(key);
            sum += ours == figures.sound.end() ? 0 : ours->second;
            native_sum += own == figures.native_sound.end() ? 0 : own->second;
        }
        text += line("together", grouped(sum), grouped(native_sum), "", "");
    }
    return text;
}

} // namespace bench
