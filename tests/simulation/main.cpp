// SPDX-License-Identifier: BSD-2-Clause
// Runs simulated systems, one a seed:  simulation WORLD [--seed N | --seeds N [--from N]] […]
#include "hardware.hpp"
#include "memory.hpp"
#include "world.hpp"

#include "kit/guest_ram.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>

namespace {

using simulation::Mode;
using simulation::Random;
using simulation::Scheduler;

constexpr const char* k_help =
    "simulation WORLD [options]   WORLD: block, network, serial\n\n"
    "  --seed N          one run, traced\n"
    "  --seeds N         so many runs (default 1)\n"
    "  --from N          the first seed (default 0)\n"
    "  --restarts N      components are restarted, wherever they are, up to N times\n"
    "  --without-fences  a mistake: full barriers do nothing\n"
    "  --lose N          a mistake: one in N notifications is lost\n"
    "  --report FILE     write there how many runs were good\n"
    "  --find            success is a run that fails: to see that the mistakes are found\n";

using Maker                                      = std::unique_ptr<simulation::World> (*)();
const std::map<std::string_view, Maker> k_worlds = {
    {"block", simulation::make_block_world},
    {"network", simulation::make_network_world},
    {"serial", simulation::make_serial_world},
};

struct Options {
    std::string_view world;
    std::uint64_t    from     = 0;
    std::uint64_t    count    = 1;
    unsigned         restarts = 0;
    unsigned         lost     = 0;
    bool             fences   = true;
    bool             trace    = false;
    bool             find     = false;
    std::string      report;
};

/// Everything about a run that does not belong to its world.
Mode mode_of(std::uint64_t seed, const Options& options)
{
    Random random{~seed};
    Mode   mode;
    mode.priorities                 = random.one_in(2);
    mode.late_stores                = !mode.priorities && random.one_in(2);
    constexpr std::array preemption = {1U, 2U, 4U, 16U, 64U, 0U};
    constexpr std::array hardware   = {1U, 2U, 8U, 64U, 512U};
    constexpr std::array visibility = {1U, 8U, 64U};
    mode.visibility                 = visibility[random.below(visibility.size())];
    mode.preemption                 = preemption[random.below(preemption.size())];
    mode.hardware                   = hardware[random.below(hardware.size())];
    mode.fences                     = options.fences;
    mode.restarts                   = options.restarts;
    if (mode.restarts != 0 && mode.preemption == 0) {
        mode.preemption = 4; // a driver that starts waits for its device, which acts meanwhile
    }
    mode.lost = options.lost;
    return mode;
}

/// What is wrong; nothing when all is well.
std::string run(std::uint64_t seed, const Options& options, std::uint64_t& points)
{
    simulation::Bus::instance().clear();
    Scheduler scheduler{seed, mode_of(seed, options), options.trace};
    try {
        const auto world = k_worlds.at(options.world)();
        const bool fine  = scheduler.run();
        points += scheduler.points;
        return fine ? world->verdict() : scheduler.failure();
    } catch (const std::exception& error) {
        return error.what();
    }
}

bool parse(int count, char** arguments, Options& options)
{
    const auto number = [&](int& i, auto& to) {
        if (++i == count) {
            return false;
        }
        const char* const end = arguments[i] + std::strlen(arguments[i]);
        return std::from_chars(arguments[i], end, to).ptr == end;
    };
    for (int i = 1; i < count; ++i) {
        const std::string_view argument = arguments[i];
        bool                   good     = true;
        if (argument == "--seed") {
            good          = number(i, options.from);
            options.trace = true;
        } else if (argument == "--seeds") {
            good = number(i, options.count);
        } else if (argument == "--from") {
            good = number(i, options.from);
        } else if (argument == "--restarts") {
            good = number(i, options.restarts);
        } else if (argument == "--lose") {
            good = number(i, options.lost);
        } else if (argument == "--without-fences") {
            options.fences = false;
        } else if (argument == "--report") {
            good           = ++i < count;
            options.report = good ? arguments[i] : "";
        } else if (argument == "--find") {
            options.find = true;
        } else {
            good          = options.world.empty() && k_worlds.contains(argument);
            options.world = argument;
        }
        if (!good) {
            return false;
        }
    }
    return !options.world.empty();
}

} // namespace

int main(int count, char** arguments)
{
    Options options;
    if (!parse(count, arguments, options)) {
        std::fputs(k_help, stderr);
        return 2;
    }
    kit::GuestRam::at_access = simulation::point;
    const std::string world{options.world};
    std::uint64_t     points = 0;
    for (std::uint64_t seed = options.from; seed != options.from + options.count; ++seed) {
        const auto wrong = run(seed, options, points);
        if (wrong.empty()) {
            continue;
        }
        std::cout << world << ": seed " << seed << ": " << wrong << '\n';
        if (options.find) {
            return 0;
        }
        std::cout << "run it alone: " << arguments[0] << ' ' << world << " --seed " << seed
                  << (options.restarts != 0 ? " --restarts " + std::to_string(options.restarts)
                                            : "")
                  << '\n';
        return 1;
    }
    std::ostringstream summary;
    summary << world << ": " << options.count << " schedules from seed " << options.from << ", "
            << points << " accesses to shared memory: nothing lost, twice, stuck or damaged\n";
    std::cout << summary.str();
    if (!options.report.empty()) {
        std::filesystem::create_directories(std::filesystem::path{options.report}.parent_path());
        std::ofstream{options.report} << summary.str();
    }
    return options.find ? 1 : 0;
}
