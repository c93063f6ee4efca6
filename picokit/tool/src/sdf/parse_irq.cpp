// SPDX-License-Identifier: BSD-2-Clause
// <irq>, in the form that names a GIC interrupt.
#include "sdf/parse.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace tool {
namespace {

/// Software-generated interrupts of the GIC are numbers 0 to 15; no device raises them.
constexpr std::uint64_t k_first_device_irq = 16;

Result<std::uint64_t> parse_number(const Attributes& attributes, const Board& board)
{
    const auto note = fmt::format(
        "a GIC interrupt of board '{}'; shared peripheral interrupt n is n + 32", board.name);
    const auto number = TRY(attributes.number("irq", {k_first_device_irq, board.max_irq, note}));
    if (std::ranges::find(board.reserved_irqs, number) != board.reserved_irqs.end()) {
        return attributes.refuse_value(
            "irq", "the kernel keeps this interrupt for its timer or for virtual machines");
    }
    return number;
}

} // namespace

Result<Irq> parse_irq(const Element& element, const Board& board, std::vector<Setvar>& setvars)
{
    const auto has = [&](std::string_view name) {
        return std::ranges::any_of(element.attributes,
                                   [&](const auto& attribute) { return attribute.first == name; });
    };
    for (const auto* name : {"pin", "pcidev"}) {
        if (!has("irq") && has(name)) {
            return refuse(element.where,
                          fmt::format("an interrupt by '{}' exists on x86-64 only", name),
                          "on AArch64 write the GIC interrupt number: <irq irq=\"…\" id=\"…\" />");
        }
    }
    const auto attributes = TRY(Attributes::read(element, {"irq", "id", "trigger", "setvar_id"}));
    Irq        irq;
    irq.where          = element.where;
    irq.number         = TRY(parse_number(attributes, board));
    irq.id             = TRY(attributes.number(
                    "id", {0, k_max_channel_id, "channels and interrupts of a protection domain share them"}));
    const auto trigger = attributes.optional_text("trigger").value_or("level");
    if (trigger != "level" && trigger != "edge") {
        return attributes.refuse_value("trigger", "write 'level' or 'edge'");
    }
    irq.edge = trigger == "edge";
    if (auto symbol = attributes.optional_text("setvar_id")) {
        setvars.push_back({element.where, *symbol, SetvarSource::value, irq.id});
    }
    return irq;
}

} // namespace tool
