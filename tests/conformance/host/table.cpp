// SPDX-License-Identifier: BSD-2-Clause
// Runs the conformance guest everywhere and prints the clause table: for each clause and
// configuration how many checks passed, failed and were skipped, and every failure with its reason.
#include "configuration.hpp"
#include "report.hpp"

#include <cstdio>
#include <iomanip>
#include <iostream>
#include <map>
#include <set>
#include <sstream>

namespace {

using namespace conformance;

struct Count {
    unsigned pass = 0, fail = 0, skip = 0;

    void add(Result result)
    {
        ++(result == Result::pass ? pass : result == Result::fail ? fail : skip);
    }
    /// "12", "12-1" with a failure, "." where there is nothing.
    [[nodiscard]] std::string text() const
    {
        if (pass + fail == 0) {
            return skip != 0 ? "skip" : ".";
        }
        return std::to_string(pass) + (fail == 0 ? "" : "-" + std::to_string(fail));
    }
};

constexpr int k_clause_width = 46, k_width = 6;

} // namespace

int main()
{
    std::map<std::string, std::map<std::string, Count>> clauses;
    std::map<std::string, Count>                        totals;
    std::ostringstream                                  failures;
    bool                                                good = true;
    const auto                                          file = departures_file();
    for (const auto& configuration : all_configurations()) {
        const auto output     = run(configuration);
        const auto report     = read_report(output);
        const auto departures = read_departures(file, configuration.name);
        std::fprintf(stderr, "%s: %zu checks\n", configuration.name.c_str(), report.checks.size());
        if (!report.complete) {
            good = false;
            failures << configuration.name << ": did not come to its end\n";
        }
        for (const auto& check : report.checks) {
            clauses[check.clause][configuration.name].add(check.result);
            totals[configuration.name].add(check.result);
            if (check.result == Result::fail) {
                const auto known = departures.find(check.name());
                good             = good && known != departures.end();
                failures << configuration.name << ": " << check.name() << ' ' << check.detail
                         << "\n    " << (known != departures.end() ? known->second : "UNEXPECTED")
                         << '\n';
            }
        }
    }

    std::cout
        << "Checks passed, by clause and machine; \"-n\": n failed; \"skip\": all were skipped.\n"
           "Machines: vm, a virtual machine of ours; portable, one with seL4's calls alone; "
           "qemu, QEMU's own.\n\n";
    std::cout << std::setw(k_clause_width) << "";
    unsigned column = 0;
    while (column < all_configurations().size()) {
        std::cout << std::setw(k_width) << "[" + std::to_string(++column) + "]";
    }
    std::cout << '\n';
    const auto row = [](const std::string& name, const std::map<std::string, Count>& counts) {
        std::cout << std::left << std::setw(k_clause_width) << name << std::right;
        for (const auto& configuration : all_configurations()) {
            const auto found = counts.find(configuration.name);
            std::cout << std::setw(k_width)
                      << (found == counts.end() ? std::string{"."} : found->second.text());
        }
        std::cout << '\n';
    };
    for (const auto& [clause, counts] : clauses) {
        row(clause, counts);
    }
    row("all", totals);
    std::cout << '\n';
    column = 0;
    for (const auto& configuration : all_configurations()) {
        const auto& total = totals[configuration.name];
        std::cout << '[' << ++column << "] " << configuration.name << ": " << total.pass
                  << " passed, " << total.fail << " failed, " << total.skip << " skipped\n";
    }
    std::cout << "\nFailures, and why:\n\n" << failures.str();
    return good ? 0 : 1;
}
