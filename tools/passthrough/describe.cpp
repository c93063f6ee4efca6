// SPDX-License-Identifier: BSD-2-Clause
#include "describe.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace passthrough {
namespace {

using Json = nlohmann::ordered_json;

std::string_view word_for(Refusal::Kind kind)
{
    switch (kind) {
    case Refusal::Kind::no_node:
        return "no-node";
    case Refusal::Kind::kernel:
        return "kernel";
    case Refusal::Kind::taken:
        return "taken";
    case Refusal::Kind::shared_provider:
        return "shared-provider";
    case Refusal::Kind::shared_page:
        return "shared-page";
    case Refusal::Kind::shared_interrupt:
        return "shared-interrupt";
    case Refusal::Kind::interrupt:
        return "interrupt";
    }
    return "";
}

std::string_view word_for(Choice::Kind kind)
{
    return kind == Choice::Kind::give ? "give" : kind == Choice::Kind::leave ? "leave" : "share";
}

std::string text_of(const Left& left)
{
    auto text =
        fmt::format("{} of {} ({})", name_of(left.need), left.user->name, left.provider->name);
    if (left.need == check::Need::clock) {
        text += left.frequency != 0 ? fmt::format(", as a fixed clock of {} Hz", left.frequency)
                                    : ", as a fixed clock whose rate nobody knows";
    }
    return text;
}

std::string arguments_of(const Call& call)
{
    if (call.first_argument == 0 && call.last_argument == 0xffff'ffff) {
        return {};
    }
    return call.first_argument == call.last_argument
               ? fmt::format(" with {}", call.first_argument)
               : fmt::format(" with {} to {}", call.first_argument, call.last_argument);
}

} // namespace

std::string refusals_text(const Closure& closure)
{
    std::string text;
    for (const auto& refusal : closure.refusals) {
        text += fmt::format("error: {}\n    hint: {}\n", refusal.what, refusal.hint);
    }
    return text;
}

std::string explain(const Closure& closure)
{
    if (!closure.refusals.empty()) {
        return refusals_text(closure);
    }
    std::string text = "the guest gets\n";
    for (const auto& one : closure.given) {
        text += fmt::format("    {}{}\n", one.node->path,
                            one.user != nullptr
                                ? fmt::format("  ({} of {})", name_of(one.need), one.user->name)
                                : "");
    }
    for (const auto& pages : closure.pages) {
        text += fmt::format("    registers {:#x} to {:#x}\n", pages.start, pages.end() - 1);
    }
    for (const auto& line : closure.interrupts) {
        text += fmt::format("    interrupt {} ({} + 32), {}\n", line.intid, line.intid - 32,
                            line.edge ? "edge" : "level");
    }
    for (const auto& call : closure.calls) {
        text += fmt::format("    firmware call {:#x}{}  ({})\n", call.first, arguments_of(call),
                            call.why);
    }
    std::vector<std::string> lines;
    for (const auto& left : closure.left) {
        if (auto line = text_of(left); std::ranges::find(lines, line) == lines.end()) {
            lines.push_back(std::move(line));
        }
    }
    text += lines.empty() ? "" : "it does without\n";
    for (const auto& line : lines) {
        text += "    " + line + "\n";
    }
    for (const auto& note : closure.notes) {
        text += "note: " + note + "\n";
    }
    return text;
}

std::string to_json(const Closure& closure)
{
    Json json;
    json["given"]      = Json::array();
    json["left"]       = Json::array();
    json["pages"]      = Json::array();
    json["interrupts"] = Json::array();
    json["calls"]      = Json::array();
    json["identity"]   = closure.needs_identity();
    json["notes"]      = closure.notes;
    json["refusals"]   = Json::array();
    for (const auto& one : closure.given) {
        Json given{{"node", one.node->path}};
        if (one.user != nullptr) {
            given["for"]  = one.user->path;
            given["need"] = name_of(one.need);
        }
        json["given"].push_back(given);
    }
    for (const auto& one : closure.left) {
        Json left{
            {"node", one.provider->path}, {"for", one.user->path}, {"need", name_of(one.need)}};
        if (one.need == check::Need::clock) {
            left["frequency"] = one.frequency;
        }
        json["left"].push_back(left);
    }
    for (const auto& range : closure.pages) {
        json["pages"].push_back({{"address", range.start}, {"size", range.size}});
    }
    for (const auto& line : closure.interrupts) {
        json["interrupts"].push_back(
            {{"number", line.intid}, {"trigger", line.edge ? "edge" : "level"}});
    }
    for (const auto& call : closure.calls) {
        json["calls"].push_back({{"first", call.first},
                                 {"last", call.last},
                                 {"first_argument", call.first_argument},
                                 {"last_argument", call.last_argument},
                                 {"why", call.why}});
    }
    for (const auto& refusal : closure.refusals) {
        json["refusals"].push_back({{"kind", word_for(refusal.kind)},
                                    {"node", refusal.node},
                                    {"what", refusal.what},
                                    {"hint", refusal.hint}});
    }
    return json.dump(2) + "\n";
}

std::string layout_elements(const Request& request, const std::string& tree, unsigned indent)
{
    const std::string space(indent, ' ');
    std::string       text;
    const auto        which = tree.empty() ? "" : fmt::format(" tree=\"{}\"", tree);
    for (std::size_t i = 0; i < request.devices.size(); ++i) {
        text += fmt::format("{}<passthrough device=\"{}\"{}", space, request.devices[i], which);
        // Choices are the guest's; they stand in its first element.
        if (i != 0 || request.choices.empty()) {
            text += " />\n";
            continue;
        }
        text += ">\n";
        for (const auto& choice : request.choices) {
            text += fmt::format(
                "{}    <{} node=\"{}\"{} />\n", space, word_for(choice.kind), choice.node,
                choice.frequencies.empty()
                    ? ""
                    : fmt::format(" frequency=\"{}\"", fmt::join(choice.frequencies, ",")));
        }
        text += space + "</passthrough>\n";
    }
    return text;
}

} // namespace passthrough
