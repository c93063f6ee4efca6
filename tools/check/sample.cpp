// SPDX-License-Identifier: BSD-2-Clause
#include "sample.hpp"

#include <fstream>

namespace check {

std::optional<Sample> read_sample(const std::filesystem::path& file)
{
    std::ifstream stream{file};
    if (!stream) {
        return std::nullopt;
    }
    Sample sample{.base = "system", .edits = {}, .says = {}};
    bool   other_good = false;
    for (std::string line; std::getline(stream, line);) {
        if (line.empty() || line.front() == '#') {
            continue;
        }
        auto rest = line.substr(1);
        if (line.starts_with("base: ")) {
            sample.base = line.substr(6);
        } else if (line.starts_with("@ ")) {
            sample.edits.push_back({.file = line.substr(2), .base = {}, .good = {}, .bad = {}});
            other_good = false;
        } else if (line.starts_with("= ")) {
            sample.says.push_back(line.substr(2));
        } else if (!sample.edits.empty() && line.front() == '+') {
            sample.edits.back().base.push_back(rest);
            sample.edits.back().good.push_back(rest);
        } else if (!sample.edits.empty() && line.front() == '-') {
            sample.edits.back().bad.push_back(rest);
        } else if (!sample.edits.empty() && line.front() == '~') {
            if (!other_good) {
                sample.edits.back().good.clear();
            }
            other_good = true;
            sample.edits.back().good.push_back(rest);
        }
    }
    return sample;
}

} // namespace check
