// SPDX-License-Identifier: BSD-2-Clause
// The tool `oracle`: random sequences or case files on both machines; see --help.
#include "compare.hpp"
#include "departures.hpp"
#include "generator.hpp"
#include "shrink.hpp"

#include "base/result.hpp"
#include "build.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <fstream>

namespace {

using namespace oracle;

struct Options {
    Machine                  machine;
    std::uint64_t            seed       = 1;
    std::uint64_t            seeds      = 1;
    std::size_t              operations = 2000;
    std::string              without;
    std::vector<std::string> files;
    std::string              save;
    std::string              shrink_into;
    bool                     portable = false;
    bool                     all      = false;
    bool                     table    = false;
    bool                     proof    = false;
    std::string              report;
    int                      silence = 60;
};

struct Total {
    std::size_t seeds  = 0;
    std::size_t agreed = 0;
    std::size_t failed = 0;
    Departures  departures;
};

Result<Comparison> try_it(const Sequence& sequence, const Options& options)
{
    const RunLimits limits{std::chrono::seconds{options.silence}};
    const auto      side      = options.portable ? Side::portable : Side::ours;
    const auto      reference = TRY(run(sequence, Side::reference, limits));
    const auto      ours      = TRY(run(sequence, side, limits));
    return compare(sequence, reference, ours);
}

Result<> shrink_it(Sequence sequence, std::size_t at, const Options& options)
{
    if (at + 1 < sequence.operations.size()) {
        sequence.operations.resize(at + 1);
    }
    // What is left must disagree at the very operation, or another fault could take over.
    const auto number   = sequence.operations.back().number;
    unsigned   runs     = 0;
    auto       quicker  = options;
    quicker.silence     = 5;
    sequence.operations = shrink(sequence.operations, [&](const std::vector<Operation>& fewer) {
        Sequence candidate   = sequence;
        candidate.operations = fewer;
        const auto result    = try_it(candidate, quicker);
        fmt::print(stderr, "\r{} runs, {} operations   ", ++runs, fewer.size());
        return result && result->disagreement && candidate.operations[result->at].number == number;
    });
    fmt::print(stderr, "\n");
    const auto result = TRY(try_it(sequence, quicker));
    const auto text   = format(sequence);
    std::ofstream(options.shrink_into) << text;
    fmt::print("{}\n{}\n", text, result.disagreement.value_or("agrees now"));
    return {};
}

Result<> one(const Sequence& sequence, const std::string& name, const Options& options,
             Total& total)
{
    const auto                          begin  = std::chrono::steady_clock::now();
    const auto                          result = TRY(try_it(sequence, options));
    const std::chrono::duration<double> took   = std::chrono::steady_clock::now() - begin;
    fmt::print("GICv{}, {} CPUs, {}: {} of {} operations agree, {} records, {:.1f} s\n",
               sequence.machine.gic, sequence.machine.cpus, name, result.operations,
               sequence.operations.size(), result.records, took.count());
    total.agreed += result.operations;
    ++total.seeds;
    for (const auto& [row, count] : result.departures) {
        total.departures[row] += count;
    }
    if (result.disagreement) {
        ++total.failed;
        fmt::print("{}", *result.disagreement);
        if (!options.shrink_into.empty()) {
            TRY(shrink_it(sequence, result.at, options));
        }
    }
    std::fflush(stdout);
    return {};
}

void print_table()
{
    constexpr std::array k_right{"ours", "QEMU", "both"};
    fmt::print("| name | right | clause | what | how |\n|---|---|---|---|---|\n");
    for (const auto& row : departures()) {
        fmt::print("| `{}` | {} | {} | {} | {} |\n", row.name,
                   k_right[static_cast<std::size_t>(row.right)], row.clause, row.why,
                   row.explains == nullptr ? "not generated" : "counted");
    }
}

Result<Total> all(const Options& options)
{
    Total total;
    for (const auto& file : options.files) {
        const auto sequence = TRY(read_sequence(file));
        TRY(one(sequence, file, options, total));
    }
    if (!options.files.empty()) {
        return total;
    }
    const auto mix = TRY(mix_without(options.without));
    for (auto seed = options.seed; seed < options.seed + options.seeds; ++seed) {
        const auto sequence = generate(options.machine, seed, options.operations, mix);
        if (!options.save.empty()) {
            std::ofstream(options.save) << format(sequence);
        }
        TRY(one(sequence, fmt::format("seed {}", seed), options, total));
        if (total.failed != 0 && !options.all) {
            break;
        }
    }
    return total;
}

std::string report_head()
{
    const auto commit =
        vmm::capture({"git", "rev-parse", "--short", "HEAD"}, vmm::this_tree().source);
    const auto day = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
    const std::chrono::year_month_day date{day};
    return fmt::format("{:04}-{:02}-{:02}, commit {}\n", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       commit ? commit->substr(0, commit->find('\n')) : "unknown");
}

std::string describe(const Machine& machine, const Total& total)
{
    auto text = fmt::format("GICv{}, {} CPUs: {} seeds, {} of them disagree; {} operations agree\n",
                            machine.gic, machine.cpus, total.seeds, total.failed, total.agreed);
    for (const auto& [row, count] : total.departures) {
        text += fmt::format("{:8} {}\n", count, row);
    }
    return text;
}

} // namespace

int main(int argc, char** argv)
{
    Options  options;
    CLI::App app{
        "Runs sequences of operations on QEMU's own machine and in a VM of ours, and compares."};
    app.add_option("files", options.files, "case files; without any: random sequences");
    app.add_option("--gic", options.machine.gic, "GIC version, 2 or 3")
        ->check(CLI::IsMember({2, 3}));
    app.add_option("--cpus", options.machine.cpus, "1, 2 or 4")->check(CLI::IsMember({1, 2, 4}));
    app.add_option("--seed", options.seed, "the first seed");
    app.add_option("--seeds", options.seeds, "how many seeds");
    app.add_option("--operations", options.operations, "operations a seed");
    app.add_option("--without", options.without, "kinds to leave out, separated by commas");
    app.add_option("--save", options.save, "write the sequence to this file");
    app.add_option("--shrink", options.shrink_into, "shrink what fails, into this file");
    app.add_option("--silence", options.silence, "seconds after which a run is stuck");
    app.add_flag("--portable", options.portable,
                 "without what a kernel may offer besides seL4's calls");
    app.add_flag("--all", options.all, "go on after a seed that fails");
    app.add_flag("--departures", options.table,
                 "print what may differ, as a table, and do nothing");
    app.add_flag("--long", options.proof,
                 "all configurations that a release needs, one after the other");
    app.add_option("--report", options.report, "write what agreed to this file");
    CLI11_PARSE(app, argc, argv);

    if (options.table) {
        print_table();
        return 0;
    }
    std::vector<Machine> machines{options.machine};
    if (options.proof) {
        machines = {{2, 1}, {3, 1}, {2, 4}, {3, 4}};
    }
    std::string report = report_head();
    std::size_t failed = 0;
    for (const auto& machine : machines) {
        options.machine  = machine;
        const auto total = all(options);
        if (!total) {
            fmt::print(stderr, "oracle: {}\n", total.error());
            return 2;
        }
        failed += total->failed;
        const auto text = describe(machine, *total);
        fmt::print("{}", text);
        report += text;
        if (!options.report.empty()) {
            std::ofstream(options.report)
                << report; // each time: a run that is cut off has said something
        }
    }
    return failed == 0 ? 0 : 1;
}
