// SPDX-License-Identifier: BSD-2-Clause
// Questions to a person at a terminal.
#pragma once

#include <expected>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace project {

class Questions {
public:
    Questions(std::istream& in, std::ostream& out)
        : in_{in}
        , out_{out}
    {
    }

    /// What is wrong with an answer, as a sentence; empty: nothing.
    using Objection = std::function<std::string(const std::string&)>;

    /// Asks until an answer has no objection. An empty line is the answer `usual`. The error: the
    /// input has ended.
    [[nodiscard]] std::expected<std::string, std::string>
    ask(std::string_view question, const std::string& usual, const Objection& objection);

    struct Choice {
        std::string name;
        std::string text; ///< what is said about it
    };
    /// Shows the choices with numbers; the answer is a name, by its number or itself.
    [[nodiscard]] std::expected<std::string, std::string>
    choose(std::string_view question, const std::vector<Choice>& choices, const std::string& usual);

    void say(std::string_view text);

private:
    std::istream& in_;
    std::ostream& out_;
};

} // namespace project
