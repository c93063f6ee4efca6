// SPDX-License-Identifier: BSD-2-Clause
#include "figures.hpp"

#include <charconv>
#include <sstream>
#include <vector>

namespace bench {
namespace {

std::vector<std::string> words_of(const std::string& line)
{
    std::istringstream       stream(line);
    std::vector<std::string> words;
    for (std::string word; stream >> word;) {
        words.push_back(word);
    }
    return words;
}

std::optional<std::uint64_t> number(std::string_view text)
{
    std::uint64_t value       = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

/// "bench NAME mean M min M max M count N"
void take_exit(const std::vector<std::string>& words, GuestFigures& figures)
{
    if (words.size() != 10 || words[2] != "mean" || words[4] != "min" || words[6] != "max" ||
        words[8] != "count") {
        return;
    }
    const auto mean = number(words[3]), least = number(words[5]), most = number(words[7]);
    const auto count = number(words[9]);
    if (mean && least && most && count) {
        figures.exits[words[1]] = {*mean, *least, *most, *count};
    }
}

/// "boot first_instruction P virtual V"
void take_first(const std::vector<std::string>& words, GuestFigures& figures)
{
    if (words.size() != 5 || words[1] != "first_instruction" || words[3] != "virtual") {
        return;
    }
    const auto physical = number(words[2]), own = number(words[4]);
    if (physical && own) {
        figures.first = {*physical, *own};
    }
}

} // namespace

GuestFigures parse_guest(std::string_view text)
{
    GuestFigures       figures;
    std::istringstream lines{std::string{text}};
    for (std::string line; std::getline(lines, line);) {
        const auto words = words_of(line);
        if (words.empty()) {
            continue;
        }
        if (words[0] == "bench") {
            take_exit(words, figures);
        } else if (words[0] == "boot") {
            take_first(words, figures);
        } else if (words[0] == "bench:" && words.size() > 1) {
            figures.is_complete = figures.is_complete || words[1] == "done";
            figures.is_exact    = figures.is_exact && !line.starts_with("bench: not exact");
        }
    }
    return figures;
}

std::optional<std::uint64_t> parse_clock(std::string_view text)
{
    constexpr std::string_view k_count = "clock: count=", k_frequency = "frequency=";
    std::istringstream         lines{std::string{text}};
    for (std::string line; std::getline(lines, line);) {
        const auto at = line.find(k_count);
        if (at == line.npos) {
            continue;
        }
        const auto words = words_of(line.substr(at + k_count.size()));
        if (words.size() != 2 || !words[1].starts_with(k_frequency)) {
            continue;
        }
        const auto count     = number(words[0]);
        const auto frequency = number(std::string_view{words[1]}.substr(k_frequency.size()));
        if (count && frequency.value_or(0) != 0) {
            constexpr std::uint64_t k_nanoseconds = 1'000'000'000;
            return *count / *frequency * k_nanoseconds +
                   *count % *frequency * k_nanoseconds / *frequency;
        }
    }
    return std::nullopt;
}

} // namespace bench
