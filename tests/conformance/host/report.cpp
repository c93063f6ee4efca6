// SPDX-License-Identifier: BSD-2-Clause
#include "report.hpp"

#include <algorithm>
#include <charconv>

namespace conformance {
namespace {

/// Takes the first line off; without its end.
std::string_view next_line(std::string_view& text)
{
    const auto end  = std::min(text.find('\n'), text.size());
    auto       line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) {
        line.remove_suffix(1);
    }
    return line;
}

/// "clause: text (detail)"
Check read_check(Result result, std::string_view line)
{
    Check      check{.result = result, .clause = {}, .text = {}, .detail = {}};
    const auto colon  = line.find(": ");
    check.clause      = line.substr(0, colon);
    auto       rest   = colon == line.npos ? std::string_view{} : line.substr(colon + 2);
    const auto detail = rest.rfind(" (");
    const bool closes = !rest.empty() && rest.back() == ')';
    if (result != Result::pass && detail != rest.npos && closes) {
        check.detail = rest.substr(detail + 1);
        rest         = rest.substr(0, detail);
    }
    check.text = rest;
    return check;
}

} // namespace

unsigned Report::count(Result result) const
{
    return static_cast<unsigned>(std::ranges::count(checks, result, &Check::result));
}

Report read_report(std::string_view output)
{
    Report report;
    while (!output.empty()) {
        const auto line = next_line(output);
        if (line.starts_with("PASS ")) {
            report.checks.push_back(read_check(Result::pass, line.substr(5)));
        } else if (line.starts_with("FAIL ")) {
            report.checks.push_back(read_check(Result::fail, line.substr(5)));
        } else if (line.starts_with("SKIP ")) {
            report.checks.push_back(read_check(Result::skip, line.substr(5)));
        } else if (line.starts_with("conformance: ") && line.contains(" checks: ")) {
            const auto number = line.substr(std::string_view{"conformance: "}.size());
            unsigned   count  = 0;
            std::from_chars(number.data(), number.data() + number.size(), count);
            report.complete = count == report.checks.size();
        }
    }
    return report;
}

Departures read_departures(std::string_view file, std::string_view configuration)
{
    // WHERE | CHECK | WHY
    Departures departures;
    while (!file.empty()) {
        const auto line   = next_line(file);
        const auto first  = line.find(" | ");
        const auto second = line.rfind(" | ");
        if (line.starts_with('#') || first == line.npos || first == second) {
            continue;
        }
        if (configuration.starts_with(line.substr(0, first))) {
            departures.emplace(line.substr(first + 3, second - first - 3), line.substr(second + 3));
        }
    }
    return departures;
}

} // namespace conformance
