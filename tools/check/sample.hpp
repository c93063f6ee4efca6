// SPDX-License-Identifier: BSD-2-Clause
// Samples of the rules: what differs from a system that is right, and what is said of it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace check {

/// Lines of one file that a rule is about.
struct Edit {
    std::string              file; ///< of the base, "simple.system"
    std::vector<std::string> base; ///< what stands in the base, one after the other
    std::vector<std::string> good; ///< what stands there in the good sample: mostly the same
    std::vector<std::string> bad;
};

/// A file of test/samples, which reads
///
///     # why, if it is not clear
///     @ simple.system            one edit:
///     +<irq irq="33" id="1" />   lines of the base, which are right
///     -<irq irq="1" id="1" />    what is wrong in their place
///     ~<irq irq="33" id="2" />   right as well; these are then the good sample
///     = what the tool says, line by line: place, severity, what
struct Sample {
    std::string              base; ///< folder of the base, after "base:"; else "system"
    std::vector<Edit>        edits;
    std::vector<std::string> says;
};

/// Nothing if there is no such file.
[[nodiscard]] std::optional<Sample> read_sample(const std::filesystem::path& file);

} // namespace check
