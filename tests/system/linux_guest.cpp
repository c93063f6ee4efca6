// SPDX-License-Identifier: BSD-2-Clause
#include "linux_guest.hpp"

#include "build.hpp"
#include "control.hpp"
#include "devices.hpp"
#include "own_guest.hpp"
#include "shell.hpp"
#include "system.hpp"
#include "work_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <sstream>

namespace system_test {
namespace {

using namespace std::chrono_literals;
using Kind = qemu::Outcome::Kind;

// Under -icount and on a busy host minutes may pass between two lines of a guest under load.
constexpr qemu::Limits k_limits{.silence = 600s};

std::vector<std::string> with_time(std::vector<std::string> words, const LinuxOptions& options)
{
    if (options.shift >= 0) {
        for (const auto& word :
             {std::string{"-icount"}, "shift=" + std::to_string(options.shift) + ",sleep=off",
              std::string{"-seed"}, std::string{"1"}, std::string{"-rtc"},
              std::string{"base=2026-01-01T00:00:00,clock=vm"}}) {
            words.push_back(word);
        }
    }
    return words;
}

std::string initrd(const LinuxOptions& options)
{
    if (!options.initrd.empty()) {
        return options.initrd;
    }
    if (options.sound) {
        return "initramfs-sound.cpio";
    }
    if (options.system != std::string_view("examples/simple/simple")) {
        return "initramfs-virtio.cpio";
    }
    return options.load ? "initramfs-load.cpio" : "initramfs.cpio";
}

qemu::Console start(const std::vector<std::string>& words)
{
    return qemu::Console(qemu::Process::start(words, qemu::Streams::piped).value());
}

qemu::Console start_native(const LinuxOptions& options)
{
    const bool                is_v3 = options.board == std::string{k_gicv3};
    std::vector<qemu::Device> devices;
    if (options.sound) {
        devices.push_back({.name = "sound", .bus = 0, .kind = *options.sound});
    }
    auto words = qemu::native_command_line({.machine = is_v3 ? "virt,gic-version=3" : "virt",
                                            .cpus    = options.vcpus,
                                            .memory  = options.load ? "512M" : "256M",
                                            .version = qemu::version_needed(devices),
                                            .kernel  = guest(options.kernel.c_str()),
                                            .initrd  = guest(initrd(options).c_str()),
                                            .cmdline = options.cmdline});
    std::ranges::copy(qemu::device_arguments(devices), std::back_inserter(words));
    return start(with_time(std::move(words), options));
}

qemu::Console start_virtual(const LinuxOptions& options, const std::filesystem::path& folder)
{
    const auto name = std::filesystem::path(options.system).filename().string();
    const auto product =
        vmm::build_product(vmm::this_tree(), options.board, options.config, name + "_system")
            .value();
    vmm::OwnGuest own;
    own.kernel  = guest(options.kernel.c_str());
    own.initrd  = guest(initrd(options).c_str());
    own.cmdline = options.cmdline;
    own.vcpus   = options.vcpus;
    own.memory  = options.load ? 512ULL << 20 : 256ULL << 20;
    auto made   = vmm::read_system(product / (std::string(options.system) + ".json")).value();
    if (!options.layout.empty()) {
        made.layout->source = options.layout;
    }
    const auto   system  = vmm::with_own_guest(made, own, folder).value();
    const auto   machine = qemu::read_board(system.board_json).value();
    vmm::Options wishes;
    if (!options.disk.empty()) {
        wishes.disks.push_back(options.disk);
    }
    auto devices = vmm::devices_for(system, wishes).value();
    for (auto& device : devices) {
        if (auto* const card = std::get_if<qemu::Sound>(&device.kind); card && options.sound) {
            card->file    = options.sound->file;
            card->backend = options.sound->backend; // it has the streams that the layout wants
        }
    }
    (void)vmm::open_control(system, devices, folder).value();
    return start(with_time(
        qemu::command_line(machine, system.image, {.devices = devices, .log = {}, .extra = {}}),
        options));
}

} // namespace

LinuxGuest::LinuxGuest(const LinuxOptions& options)
    : folder_(vmm::WorkFolder::create(vmm::this_tree().build / "run").value())
    , console_(options.native ? start_native(options) : start_virtual(options, folder_.path()))
{
}

bool LinuxGuest::boots()
{
    return console_.wait_for({qemu::line_starting("guest: ready")}, k_limits).kind ==
               Kind::matched &&
           console_.wait_for({qemu::text("guest:/root# ")}, k_limits).kind == Kind::matched;
}

bool LinuxGuest::logs_in()
{
    if (console_.wait_for({qemu::text(" login: ")}, k_limits).kind != Kind::matched) {
        return false;
    }
    type("root");
    return console_.wait_for({qemu::text("# ")}, k_limits).kind == Kind::matched;
}

std::string LinuxGuest::control() const { return vmm::control_socket(folder_.path()); }

Call LinuxGuest::exec(const std::vector<std::string>& words) const
{
    std::vector<std::string> all{"exec", "--socket", control(), "--wait", "300", "--no-input"};
    all.insert(all.end(), words.begin(), words.end());
    return system_test::run(all);
}

std::optional<std::string> LinuxGuest::until(const std::string& text)
{
    auto outcome = console_.wait_for({qemu::text(text)}, k_limits);
    return outcome.kind == Kind::matched ? std::optional(std::move(outcome.before)) : std::nullopt;
}

std::string LinuxGuest::run(const std::string& command)
{
    exit_code_ = -1;
    vmm::Shell shell(console_);
    const auto result = shell.run(command, k_limits,
                                  {qemu::line_with("Kernel panic"), qemu::line_with("MON|ERROR")});
    if (!result) {
        return "<no answer, but: " + result.error().before + result.error().match + ">";
    }
    exit_code_ = result->exit_code;
    return result->output;
}

bool LinuxGuest::says(const std::string& text)
{
    return console_.wait_for({qemu::line_with(text)}, k_limits).kind == Kind::matched;
}

bool LinuxGuest::says_all(const std::vector<std::string>& texts)
{
    std::vector<qemu::Pattern> patterns;
    for (const auto& text : texts) {
        patterns.push_back(qemu::line_with(text));
    }
    while (!patterns.empty()) {
        const auto outcome = console_.wait_for(patterns, k_limits);
        if (outcome.kind != Kind::matched) {
            return false;
        }
        patterns.erase(patterns.begin() + static_cast<std::ptrdiff_t>(outcome.index));
    }
    return true;
}

bool LinuxGuest::ends() { return console_.wait_for({}, k_limits).kind == Kind::ended; }

std::vector<std::string> complaints(const std::string& log)
{
    constexpr std::array     k_bad{"BUG",
                               "WARNING:",
                               "cut here",
                               "Call trace",
                               "detected stall",
                               "expedited stall",
                               "blocked for more",
                               "lockup",
                               "failed to come online",
                               "unstable",
                               "watchdog:",
                               "Unexpected",
                               "unexpected",
                               "nobody cared",
                               "spurious",
                               "Internal error",
                               "Oops"};
    std::vector<std::string> found;
    std::istringstream       lines(log);
    for (std::string line; std::getline(lines, line);) {
        for (const auto* bad : k_bad) {
            if (line.starts_with("[") && line.contains(bad)) {
                found.push_back(line);
                break;
            }
        }
    }
    return found;
}

void record(const std::string& test, const std::string& line)
{
    if (testing::Test::HasFailure()) {
        return;
    }
    const auto folder = root() / "build/test/results";
    std::filesystem::create_directories(folder);
    std::ofstream(folder / (test + ".txt")) << line << "\n";
}

} // namespace system_test
