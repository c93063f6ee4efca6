// SPDX-License-Identifier: BSD-2-Clause
// vmm check
#include "check_command.hpp"

#include "command_line.hpp"
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
        parser.description("Find in a system what would otherwise show on the board, or never.");
        input.add_to(parser);
        parser.add_flag("--json", json, "findings as JSON");
        parser.add_flag("--strict", strict, "warnings are errors");
        parser.add_flag("--all", all, "all findings, also where a rule has many");
        parser.add_flag("--rules", rules, "list the rules");
        parser.add_option("--explain", rule, "what a rule is about")->type_name("RULE");
        parser
            .add_option("--catalogue", samples,
                        "the page of the manual, with the samples of this folder")
            ->type_name("FOLDER");
        parser.footer(k_footer);
    }
};

} // namespace

void describe_check(CLI::App& app) { command_line::describe<CheckOptions>(app); }

int check_command(std::vector<std::string> words, const description::Places& places,
                  std::ostream& out, std::ostream& err)
{
    const auto fail = [&](const std::string& what) {
        return command_line::complain(err, "vmm check", what, k_exit_call);
    };
    const auto parsed = command_line::parse<CheckOptions>("vmm check", std::move(words));
    if (!parsed) {
        return fail(parsed.error());
    }
    const auto& options = *parsed;
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
            return fail(fmt::format("there is no rule {}; --rules lists them", options.rule));
        }
        out << explain(*found);
        return k_exit_nothing;
    }
    const auto files   = options.input.files(places);
    const auto subject = files
                             ? read_subject(*files)
                             : std::expected<Subject, std::string>{std::unexpected(files.error())};
    if (!subject) {
        return fail(subject.error());
    }
    const auto findings = check_all(*subject);
    out << (options.json ? to_json(findings)
                         : to_text(findings, options.all ? findings.size() : k_most_of_a_rule));
    const bool bad = count(findings, Severity::error) != 0 || (options.strict && !findings.empty());
    return bad ? k_exit_findings : k_exit_nothing;
}

} // namespace check
