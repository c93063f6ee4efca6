// SPDX-License-Identifier: BSD-2-Clause
#include "output.hpp"

#include "sample.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <nlohmann/json.hpp>

namespace check {

std::string_view name_of(Severity severity)
{
    return severity == Severity::error ? "error" : "warning";
}

std::string to_text(const Place& place)
{
    auto text = place.where.column != 0 ? tool::to_string(place.where) : place.where.file;
    if (place.where.column == 0 && place.where.line != 0) {
        text += fmt::format(":{}", place.where.line);
    }
    if (!place.node.empty()) {
        text += (text.empty() ? "" : ": ") + place.node;
    }
    return text;
}

std::size_t count(const std::vector<Finding>& findings, Severity severity)
{
    return static_cast<std::size_t>(std::ranges::count_if(
        findings, [&](const Finding& one) { return one.rule->severity == severity; }));
}

std::string to_text(const std::vector<Finding>& findings, std::size_t most)
{
    if (findings.empty()) {
        return "nothing found\n";
    }
    std::map<const Rule*, std::size_t> all, shown;
    for (const auto& one : findings) {
        ++all[one.rule];
    }
    std::string text;
    for (const auto& one : findings) {
        auto& number = shown[one.rule];
        if (number++ >= most) {
            continue;
        }
        text += fmt::format("{}: {}: {} [{}]\n", to_text(one.place), name_of(one.rule->severity),
                            one.what, one.rule->name);
        if (number == 1) {
            text += fmt::format("    why: {}\n", one.rule->why);
        }
        text += fmt::format("    fix: {}\n", one.fix);
        if (number == most && all[one.rule] > most) {
            text += fmt::format("    and {} more [{}], which --all shows\n", all[one.rule] - most,
                                one.rule->name);
        }
    }
    const auto errors   = count(findings, Severity::error);
    const auto warnings = count(findings, Severity::warning);
    return text + fmt::format("{} error{}, {} warning{}\n", errors, errors == 1 ? "" : "s",
                              warnings, warnings == 1 ? "" : "s");
}

std::string to_json(const std::vector<Finding>& findings)
{
    auto list = nlohmann::ordered_json::array();
    for (const auto& one : findings) {
        list.push_back({{"rule", one.rule->name},
                        {"severity", name_of(one.rule->severity)},
                        {"file", one.place.where.file},
                        {"line", one.place.where.line},
                        {"column", one.place.where.column},
                        {"node", one.place.node},
                        {"what", one.what},
                        {"why", one.rule->why},
                        {"fix", one.fix}});
    }
    const nlohmann::ordered_json json{{"errors", count(findings, Severity::error)},
                                      {"warnings", count(findings, Severity::warning)},
                                      {"findings", list}};
    // Names in a tree may hold any bytes.
    return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string explain(const Rule& rule)
{
    return fmt::format("{} ({})\n  {}\n\n  why: {}\n  fix: {}\n", rule.name, name_of(rule.severity),
                       rule.title, rule.why, rule.fix);
}

namespace {

std::string sample_text(const Sample& sample)
{
    std::string text;
    for (const auto& edit : sample.edits) {
        text += fmt::format("\n`{}`\n\n```diff\n", edit.file);
        for (const auto& line : edit.bad) {
            text += fmt::format("-{}{}\n", line.empty() ? "" : " ", line);
        }
        for (const auto& line : edit.good) {
            text += fmt::format("+{}{}\n", line.empty() ? "" : " ", line);
        }
        text += "```\n";
    }
    text += "\n```text\n";
    for (const auto& line : sample.says) {
        text += line + "\n";
    }
    return text + "```\n";
}

} // namespace

std::string catalogue(const std::filesystem::path& samples)
{
    std::size_t rules = 0;
    for (const auto& chapter : chapters()) {
        rules += chapter.rules.size();
    }
    auto text = fmt::format(
        "<!-- Written by `vmm check --catalogue tools/check/test/samples`; a test compares. -->\n"
        "# What `vmm check` finds\n\n"
        "{} rules. An *error* is a system that does not do what it says, or harms another part of "
        "it; a *warning* may work, and is rarely meant. What is meant is allowed by a comment in "
        "the description, the layout or the device tree, which says why:\n\n"
        "```xml\n<!-- vmm-check: allow dma-unprotected: the guest is as trusted as the VMM -->\n"
        "```\n\nIn the samples, lines with `-` are wrong, and those with `+` right.\n",
        rules);
    for (const auto& chapter : chapters()) {
        text += fmt::format("\n## {}\n", chapter.title);
        for (const auto& rule : chapter.rules) {
            text += fmt::format("\n### {}\n\n*{}*: {}.\n\n{}\n\nTo do: {}.\n", rule.name,
                                name_of(rule.severity), rule.title, rule.why, rule.fix);
            const auto file = samples / (std::string{rule.name} + ".txt");
            if (const auto sample = read_sample(file)) {
                text += sample_text(*sample);
            }
        }
    }
    return text;
}

} // namespace check
