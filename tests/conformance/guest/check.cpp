// SPDX-License-Identifier: BSD-2-Clause
#include "check.hpp"

#include "guest/console.hpp"

namespace conformance {
namespace {

constinit unsigned passed = 0, failed = 0, skipped = 0;

} // namespace

void check(bool holds, const char* clause, Text text)
{
    ++(holds ? passed : failed);
    guest::print(holds ? "PASS " : "FAIL ", clause, ": ", text.first, text.second, "\n");
}

void check_equal(std::uint64_t got, std::uint64_t want, const char* clause, Text text)
{
    if (got == want) {
        check(true, clause, text);
        return;
    }
    ++failed;
    guest::print("FAIL ", clause, ": ", text.first, text.second, " (got ", base::Hex{got},
                 ", want ", base::Hex{want}, ")\n");
}

void skip(const char* clause, Text text, std::string_view why)
{
    ++skipped;
    guest::print("SKIP ", clause, ": ", text.first, text.second, " (", why, ")\n");
}

void print_summary()
{
    guest::print("conformance: ", passed + failed + skipped, " checks: ", passed, " passed, ",
                 failed, " failed, ", skipped, " skipped\n");
}

} // namespace conformance
