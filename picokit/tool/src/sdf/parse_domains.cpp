// SPDX-License-Identifier: BSD-2-Clause
// <domains> and the schedule in it.
#include "sdf/parse.hpp"

#include "picokit/system_table.hpp"
#include "sdf/number.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace tool {
namespace {

/// One slot of the schedule as the kernel's table holds it; an end marker has no entry.
using Slot = std::optional<ScheduleEntry>;

Result<Domain> parse_domain(const Element& element, const std::vector<Domain>& others)
{
    const auto attributes = TRY(Attributes::read(element, {"name", "id"}));
    auto       name       = TRY(attributes.text("name"));
    const auto id = TRY(attributes.optional_number("id", {0, picokit::k_max_domains - 1, ""}));
    Domain     domain{element.where, std::move(name), id};
    for (const auto& other : others) {
        if (other.name == domain.name || (domain.id && other.id == domain.id)) {
            return refuse(
                element.where,
                other.name == domain.name
                    ? fmt::format("domain '{}' is declared twice", domain.name)
                    : fmt::format("domain id {} is used twice", *domain.id),
                fmt::format("choose another; the first is at {}", to_string(other.where)));
        }
    }
    return domain;
}

Result<ScheduleEntry> parse_entry(const Element& element, const Board& board)
{
    const auto    attributes = TRY(Attributes::read(element, {"domain", "duration"}));
    ScheduleEntry entry;
    entry.where         = element.where;
    entry.domain        = TRY(attributes.text("domain"));
    const auto duration = TRY(attributes.text("duration"));
    const auto space    = duration.find(' ');
    const auto number   = parse_number(duration.substr(0, space));
    const auto unit     = space == duration.npos ? "" : duration.substr(space + 1);
    if (!number || (unit != "us" && unit != "ticks")) {
        return attributes.refuse_value("duration", "write a number, one space and a unit: "
                                                   "\"1000 us\" or \"1000 ticks\"");
    }
    if (*number == 0) {
        return attributes.refuse_value("duration",
                                       "a domain must run for some time: use at least 1");
    }
    // The kernel turns microseconds into timer ticks in 64 bits.
    if (unit == "us" && *number > ~std::uint64_t{0} / board.timer_hz) {
        return attributes.refuse_value("duration",
                                       "use a shorter time: the kernel cannot count it");
    }
    entry.duration = *number;
    entry.ticks    = unit == "ticks";
    return entry;
}

/// Numbers domains that have no id with the smallest ones unused.
Result<> number_domains(std::vector<Domain>& domains)
{
    for (auto& domain : domains) {
        for (std::uint64_t id = 0; !domain.id; ++id) {
            if (id == picokit::k_max_domains) {
                return refuse(domain.where, fmt::format("domain '{}' is one too many", domain.name),
                              fmt::format("there are at most {}", picokit::k_max_domains));
            }
            if (std::ranges::find(domains, std::optional{id}, &Domain::id) == domains.end()) {
                domain.id = id;
            }
        }
    }
    return {};
}

Result<std::vector<Slot>> parse_slots(const Element& element, const Board& board)
{
    std::vector<Slot> slots;
    for (const auto& child : element.children) {
        if (child.name == "schedule_entry") {
            slots.emplace_back(TRY(parse_entry(child, board)));
        } else if (child.name == "schedule_end_marker") {
            TRY(Attributes::read(child, {}));
            slots.emplace_back(std::nullopt);
        } else {
            return refuse_child(element, child, "schedule_entry, schedule_end_marker");
        }
    }
    return slots;
}

/// The kernel runs from the start index to the next end marker, then starts over at the start
/// index: the entries in between are the schedule.
Result<> parse_schedule(const Element& element, const Board& board, Domains& domains)
{
    const auto attributes = TRY(Attributes::read(element, {"start_index", "index_shift"}));
    const auto slots      = TRY(parse_slots(element, board));
    const auto start      = TRY(attributes.optional_number("start_index")).value_or(0);
    const auto shift      = TRY(attributes.optional_number("index_shift")).value_or(0);
    if (slots.size() >= k_domain_slots) {
        return refuse(element.where, fmt::format("the schedule has {} entries", slots.size()),
                      fmt::format("use at most {}", k_domain_slots - 1));
    }
    if (shift >= k_domain_slots || shift + slots.size() >= k_domain_slots) {
        return refuse(element.where,
                      fmt::format("index_shift {} and {} entries reach beyond the {} slots of the "
                                  "schedule",
                                  shift, slots.size(), k_domain_slots),
                      "use a smaller shift or fewer entries: the last slot is the end marker");
    }
    if (start >= slots.size()) {
        return refuse(
            element.where,
            fmt::format("start_index {} of a schedule with {} entries", start, slots.size()),
            slots.empty() ? "add at least one 'schedule_entry'"
                          : "use an index below the number of entries");
    }
    for (auto i = start; i < slots.size() && slots[i]; ++i) {
        domains.schedule.push_back(*slots[i]);
    }
    if (domains.schedule.empty()) {
        return refuse(element.where, fmt::format("start_index {} is an end marker", start),
                      "let the schedule start at a 'schedule_entry'");
    }
    for (const auto& slot : slots) {
        if (slot && std::ranges::find(domains.domains, slot->domain, &Domain::name) ==
                        domains.domains.end()) {
            return refuse(slot->where, fmt::format("domain '{}' is not declared", slot->domain),
                          fmt::format("add <domain name=\"{}\" /> to 'domains'", slot->domain));
        }
    }
    return {};
}

} // namespace

Result<Domains> parse_domains(const Element& element, const Board& board)
{
    TRY(Attributes::read(element, {}));
    Domains        domains{element.where, {}, {}};
    const Element* schedule = nullptr;
    for (const auto& child : element.children) {
        if (child.name == "domain") {
            domains.domains.push_back(TRY(parse_domain(child, domains.domains)));
        } else if (child.name == "domain_schedule") {
            if (schedule != nullptr) {
                return refuse(
                    child.where, "a second 'domain_schedule'",
                    fmt::format("remove it; the first is at {}", to_string(schedule->where)));
            }
            schedule = &child;
        } else {
            return refuse_child(element, child, "domain, domain_schedule");
        }
    }
    if (schedule == nullptr) {
        return refuse(element.where, "'domains' has no 'domain_schedule'",
                      "add one: it says for how long each domain runs");
    }
    TRY(number_domains(domains.domains));
    TRY(parse_schedule(*schedule, board, domains));
    return domains;
}

} // namespace tool
