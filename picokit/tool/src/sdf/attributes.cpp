// SPDX-License-Identifier: BSD-2-Clause
// The attributes of one element.
#include "sdf/attributes.hpp"

#include "sdf/number.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iterator>
#include <numeric>

namespace tool {
namespace {

/// Levenshtein distance, for "did you mean".
std::size_t edit_distance(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        auto diagonal = row[0];
        row[0]        = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const auto substituted = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal               = row[j + 1];
            row[j + 1]             = std::min({substituted, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

std::string known_attributes(std::string_view wrong, std::initializer_list<std::string_view> known)
{
    if (known.size() == 0) {
        return "this element has no attributes";
    }
    // The beginning of a name is as good as a misspelling by two letters.
    const auto distance = [&](std::string_view name) {
        return name.starts_with(wrong) ? 0 : edit_distance(wrong, name);
    };
    const auto* nearest = std::ranges::min_element(known, {}, distance);
    const auto  list    = fmt::format("its attributes are: {}", fmt::join(known, ", "));
    return distance(*nearest) <= 2 ? fmt::format("did you mean '{}'? {}", *nearest, list) : list;
}

/// Small numbers read best in decimal, addresses in hexadecimal.
std::string readable(std::uint64_t number)
{
    return number < 0x1000 ? fmt::format("{}", number) : fmt::format("{:#x}", number);
}

std::string range_hint(const Attributes::Bounds& bounds)
{
    auto hint = bounds.high == bounds.low ? fmt::format("use {}", readable(bounds.low))
                : bounds.high == ~std::uint64_t{0}
                    ? fmt::format("use a number of at least {}", readable(bounds.low))
                    : fmt::format("use a number from {} to {}", readable(bounds.low),
                                  readable(bounds.high));
    if (!bounds.note.empty()) {
        hint += fmt::format(": {}", bounds.note);
    }
    return hint;
}

} // namespace

Result<Attributes> Attributes::read(const Element&                          element,
                                    std::initializer_list<std::string_view> known)
{
    for (const auto& [name, value] : element.attributes) {
        if (std::ranges::find(known, name) == known.end()) {
            return refuse(element.where,
                          fmt::format("unknown attribute '{}' of element '{}'", name, element.name),
                          known_attributes(name, known));
        }
    }
    return Attributes{element};
}

const std::string* Attributes::find(std::string_view name) const
{
    const auto it =
        std::ranges::find(element_->attributes, name, &std::pair<std::string, std::string>::first);
    return it == element_->attributes.end() ? nullptr : &it->second;
}

bool Attributes::has(std::string_view name) const { return find(name) != nullptr; }

Result<std::string> Attributes::text(std::string_view name) const
{
    if (const auto* value = find(name)) {
        return *value;
    }
    return refuse(where(),
                  fmt::format("element '{}' lacks the attribute '{}'", element_->name, name),
                  fmt::format("write <{} {}=\"…\" …>", element_->name, name));
}

std::optional<std::string> Attributes::optional_text(std::string_view name) const
{
    const auto* value = find(name);
    return value == nullptr ? std::nullopt : std::optional{*value};
}

std::unexpected<Diagnostic> Attributes::refuse_value(std::string_view name, std::string hint) const
{
    const auto* value = find(name);
    return refuse(where(),
                  fmt::format("invalid value '{}' for attribute '{}' of element '{}'",
                              value == nullptr ? "" : *value, name, element_->name),
                  std::move(hint));
}

Result<std::uint64_t> Attributes::number(std::string_view name, Bounds bounds) const
{
    const auto value  = TRY(text(name));
    const auto number = parse_number(value);
    if (!number) {
        // A negative number is well understood: it is out of range, not malformed.
        const bool negative = value.starts_with('-') && parse_number(value.substr(1));
        return refuse_value(name, negative ? range_hint(bounds)
                                           : "write a decimal number, or a hexadecimal one with "
                                             "0x, that fits 64 bits, without unit or blanks");
    }
    if (*number < bounds.low || *number > bounds.high) {
        return refuse_value(name, range_hint(bounds));
    }
    return *number;
}

Result<std::optional<std::uint64_t>> Attributes::optional_number(std::string_view name,
                                                                 Bounds           bounds) const
{
    if (!has(name)) {
        return std::nullopt;
    }
    return TRY(number(name, bounds));
}

Result<bool> Attributes::boolean(std::string_view name, bool otherwise) const
{
    const auto* value = find(name);
    if (value == nullptr) {
        return otherwise;
    }
    if (*value != "true" && *value != "false") {
        return refuse_value(name, "write 'true' or 'false'");
    }
    return *value == "true";
}

std::unexpected<Diagnostic> refuse_child(const Element& parent, const Element& child,
                                         std::string_view allowed)
{
    return refuse(child.where, fmt::format("unknown element '{}' in '{}'", child.name, parent.name),
                  fmt::format("'{}' may contain: {}", parent.name, allowed));
}

} // namespace tool
