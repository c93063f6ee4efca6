// SPDX-License-Identifier: BSD-2-Clause
#include "configuration.hpp"

#include "build.hpp"
#include "qemu/console.hpp"
#include "qemu/machine.hpp"
#include "system.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace conformance {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// The first ones are the usual ones: one CPU, and several on each kind of machine.
const std::array<Configuration, 17> k_all{{
    {"vm-gicv2-4", Under::vm, 2, 4},
    {"vm-gicv3-4", Under::vm, 3, 4},
    {"vm-gicv2-1", Under::vm, 2, 1},
    {"portable-gicv2-4", Under::portable, 2, 4},
    {"portable-gicv3-4", Under::portable, 3, 4},
    {"qemu-gicv2-4", Under::qemu, 2, 4},
    {"qemu-gicv3-4", Under::qemu, 3, 4},
    {"vm-gicv2-2", Under::vm, 2, 2},
    {"vm-gicv2-8", Under::vm, 2, 8},
    {"vm-gicv3-1", Under::vm, 3, 1},
    {"vm-gicv3-2", Under::vm, 3, 2},
    {"vm-gicv3-8", Under::vm, 3, 8},
    {"vm-gicv3-16", Under::vm, 3, 16},
    {"qemu-gicv2-1", Under::qemu, 2, 1},
    {"qemu-gicv2-2", Under::qemu, 2, 2},
    {"qemu-gicv3-1", Under::qemu, 3, 1},
    {"qemu-gicv3-2", Under::qemu, 3, 2},
}};
constexpr std::size_t               k_usual = 7;

const char* board(const Configuration& configuration)
{
    return configuration.gic == 2 ? "qemu_virt_aarch64" : "qemu_virt_aarch64_gicv3";
}

std::string guest()
{
    return vmm::this_tree().source /
           "build/product/picokit/qemu_virt_aarch64/debug/tests/guests/conformance.bin";
}

/// All that a process prints until it ends; a machine that falls silent is cut off. ./run says
/// nothing while another one builds.
std::string output_of(const std::vector<std::string>& words)
{
    auto process = qemu::Process::start(words, qemu::Streams::piped);
    if (!process) {
        return process.error();
    }
    qemu::Console console(std::move(*process));
    const auto    outcome = console.wait_for({}, {.silence = 600s});
    return outcome.before + console.complaints();
}

std::string run_simple(const Configuration& configuration)
{
    return output_of({vmm::this_tree().source / "run", "simple", "--kernel", guest(), "--board",
                      board(configuration), "--vcpus", std::to_string(configuration.cpus),
                      "--timeout", "600"});
}

std::string run_portable(const Configuration& configuration)
{
    const auto product = vmm::build_product(vmm::this_tree(), board(configuration), "debug",
                                            "conformance_portable_system");
    if (!product) {
        return product.error();
    }
    const auto system = vmm::read_system(*product / "tests/guests/conformance/"
                                                    "conformance_portable.json");
    if (!system) {
        return system.error();
    }
    const auto machine = qemu::read_board(system->board_json);
    return machine ? output_of(qemu::command_line(*machine, system->image, {})) : machine.error();
}

std::string run_on_qemu(const Configuration& configuration)
{
    return output_of(qemu::native_command_line(
        {.machine = configuration.gic == 2 ? "virt" : "virt,gic-version=3",
         .cpus    = configuration.cpus,
         .memory  = "64M",
         .kernel  = guest()}));
}

} // namespace

std::span<const Configuration> usual_configurations() { return std::span{k_all}.first(k_usual); }
std::span<const Configuration> all_configurations() { return k_all; }

std::string run(const Configuration& configuration)
{
    switch (configuration.under) {
    case Under::vm:
        return run_simple(configuration);
    case Under::portable:
        return run_portable(configuration);
    case Under::qemu:
        return run_on_qemu(configuration);
    }
    return {};
}

std::string departures_file()
{
    std::ifstream file(vmm::this_tree().source / "tests/conformance/departures.txt");
    return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace conformance
