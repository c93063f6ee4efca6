// SPDX-License-Identifier: BSD-2-Clause
// vmm check
#include "check_command.hpp"

#include "input_options.hpp"
#include "output.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <ostream>

namespace check {
namespace {

std::string list_of_rules()
{
    std::string text;
    for (const auto& chapter : chapters()) {
        text += fmt::format("{}\n", chapter.title);
        for (const auto& rule : chapter.rules) {
            text +=
                fmt::format("  {:<32} {:<7}  {}\n", rule.name, name_of(rule.severity), rule.title);
        }
    }
    return text;
}

/// A board's own tree for a guest that has a tenth of it gives dozens.
constexpr std::size_t k_most_of_a_rule = 5;

constexpr auto k_footer =
    "Exit codes: 0 no errors, 1 errors (with --strict warnings too), 2 a wrong call.\n"
    "A comment `vmm-check: allow RULE: reason` in the description, the layout or a guest's tree\n"
    "leaves a rule out.";

/// The words of the command line.
struct CheckOptions {
    InputOptions input;
    bool         json   = false;
    bool         strict = false;
    bool         all    = false;
    bool         rules  = false;
    std::string  rule;
    std::string  samples;

    void add_to(CLI::App& parser)
    {
        parser.description("Finds in a system what would otherwise show on the board, or never.");
        input.add_to(parser);
        parser.add_flag("--json", json, "findings as JSON");
        parser.add_flag("--strict", strict, "warnings are errors");
        parser.add_flag("--all", all, "all findings, also where a rule has many");
        parser.add_flag("--rules", rules, "list the rules");
        parser.add_option("--explain", rule, "what a rule is about");
        parser.add_option("--catalogue", samples,
                          "the page of the manual, with the samples of this folder");
        parser.footer(k_footer);
    }
};

} // namespace

void describe_check(CLI::App& app)
{
    static CheckOptions options; // the app keeps references
    options.add_to(app);
}

int check_command(std::vector<std::string> words, const description::Places& places,
                  std::ostream& out, std::ostream& err)
{
    CLI::App     parser{"", "vmm check"};
    CheckOptions options;
    options.add_to(parser);
    try {
        std::ranges::reverse(words); // what CLI11 wants
        parser.parse(words);
    } catch (const CLI::ParseError& problem) {
        const int code = parser.exit(problem, out, err);
        return code == 0 ? k_exit_nothing : k_exit_call;
    }
    if (options.rules) {
        out << list_of_rules();
        return k_exit_nothing;
    }
    if (!options.samples.empty()) {
        out << catalogue(options.samples);
        return k_exit_nothing;
    }
    if (!options.rule.empty()) {
        const auto* const found = find_rule(options.rule);
        if (found == nullptr) {
            err << fmt::format("vmm check: there is no rule {}; --rules lists them\n",
                               options.rule);
            return k_exit_call;
        }
        out << explain(*found);
        return k_exit_nothing;
    }
    const auto files   = options.input.files(places);
    const auto subject = files
                             ? read_subject(*files)
                             : std::expected<Subject, std::string>{std::unexpected(files.error())};
    if (!subject) {
        err << fmt::format("vmm check: {}\n", subject.error());
        return k_exit_call;
    }
    const auto findings = check_all(*subject);
    out << (options.json ? to_json(findings)
                         : to_text(findings, options.all ? findings.size() : k_most_of_a_rule));
    const bool bad = count(findings, Severity::error) != 0 || (options.strict && !findings.empty());
    return bad ? k_exit_findings : k_exit_nothing;
}

} // namespace check
