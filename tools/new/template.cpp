// SPDX-License-Identifier: BSD-2-Clause
#include "template.hpp"

namespace project {
namespace {

/// Takes the conditions off the line's start; whether they all hold.
bool take_conditions(std::string_view& line, const Words& words)
{
    bool holds = true;
    while (line.starts_with('?')) {
        const auto end = line.find('?', 1);
        if (end == line.npos) {
            break;
        }
        auto       fact    = line.substr(1, end - 1);
        const bool negated = fact.starts_with('!');
        if (negated) {
            fact.remove_prefix(1);
        }
        holds = holds && words.facts.contains(fact) != negated;
        line.remove_prefix(end + 1);
    }
    return holds;
}

void append(std::string& text, std::string_view line, const Words& words)
{
    while (!line.empty()) {
        const auto start = line.find('@');
        const auto end   = start == line.npos ? start : line.find('@', start + 1);
        if (end == line.npos) {
            break;
        }
        const auto value = words.values.find(line.substr(start + 1, end - start - 1));
        if (value == words.values.end()) {
            text += line.substr(0, end);
            line.remove_prefix(end);
            continue;
        }
        text += line.substr(0, start);
        text += value->second;
        line.remove_prefix(end + 1);
    }
    text += line;
}

} // namespace

std::string fill_in(std::string_view text, const Words& words)
{
    std::string filled;
    while (!text.empty()) {
        const auto end  = std::min(text.find('\n'), text.size() - 1) + 1;
        auto       line = text.substr(0, end);
        text.remove_prefix(end);
        if (take_conditions(line, words)) {
            append(filled, line, words);
        }
    }
    return filled;
}

} // namespace project
