// SPDX-License-Identifier: BSD-2-Clause
#include "ask.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <istream>
#include <ostream>

namespace project {

namespace {

std::string trimmed(const std::string& text)
{
    const auto first = text.find_first_not_of(" \t\r");
    const auto last  = text.find_last_not_of(" \t\r");
    return first == text.npos ? "" : text.substr(first, last - first + 1);
}

} // namespace

void Questions::say(std::string_view text) { out_ << text << std::flush; }

std::expected<std::string, std::string>
Questions::ask(std::string_view question, const std::string& usual, const Objection& objection)
{
    while (true) {
        say(usual.empty() ? fmt::format("{}: ", question)
                          : fmt::format("{} [{}]: ", question, usual));
        std::string line;
        if (!std::getline(in_, line)) {
            say("\n");
            return std::unexpected("the answers have ended; nothing was made");
        }
        auto answer = trimmed(line);
        if (answer.empty()) {
            answer = usual;
        }
        const auto wrong = objection(answer);
        if (wrong.empty()) {
            return answer;
        }
        say("  " + wrong + "\n");
    }
}

std::expected<std::string, std::string> Questions::choose(std::string_view           question,
                                                          const std::vector<Choice>& choices,
                                                          const std::string&         usual)
{
    std::size_t width = 0;
    for (const auto& choice : choices) {
        width = std::max(width, choice.name.size());
    }
    for (std::size_t i = 0; i < choices.size(); i++) {
        say(fmt::format("  {:>2}  {:<{}}  {}\n", i + 1, choices[i].name, width, choices[i].text));
    }
    const auto meant = [&](const std::string& answer) {
        for (std::size_t i = 0; i < choices.size(); i++) {
            if (answer == choices[i].name || answer == std::to_string(i + 1)) {
                return choices[i].name;
            }
        }
        return std::string{};
    };
    const auto answer = ask(question, usual, [&](const std::string& text) {
        return meant(text).empty() ? "a number of the list, or a name in it" : "";
    });
    if (!answer) {
        return answer;
    }
    return meant(*answer);
}

} // namespace project
