// SPDX-License-Identifier: BSD-2-Clause
// What the conformance guest printed, and which failures are known.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace conformance {

enum class Result { pass, fail, skip };

struct Check {
    Result      result;
    std::string clause; ///< "IHI0048B GICD_CTLR"
    std::string text;   ///< what holds; clause and text name the check
    std::string detail; ///< "(got 1, want 2)", or why it was skipped; may be empty

    [[nodiscard]] std::string name() const { return clause + ": " + text; }
};

struct Report {
    std::vector<Check> checks;
    bool               complete = false; ///< the count at the end agrees

    [[nodiscard]] unsigned count(Result result) const;
};

/// Reads the guest's output; other lines in it do not matter.
[[nodiscard]] Report read_report(std::string_view output);

/// Failures that are known, by the name of the check: why it fails. Of departures.txt those lines
/// whose first word begins the configuration's name.
using Departures = std::map<std::string, std::string>;
[[nodiscard]] Departures read_departures(std::string_view file, std::string_view configuration);

} // namespace conformance
