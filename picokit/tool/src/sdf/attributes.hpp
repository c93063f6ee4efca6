// SPDX-License-Identifier: BSD-2-Clause
// The attributes of one element: which are allowed, which are there, and what they mean.
#pragma once

#include "sdf/xml.hpp"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace tool {

class Attributes {
public:
    /// Refuses the element if it has an attribute that is not `known`.
    [[nodiscard]] static Result<Attributes> read(const Element&                          element,
                                                 std::initializer_list<std::string_view> known);

    [[nodiscard]] const Location& where() const { return element_->where; }
    [[nodiscard]] bool            has(std::string_view name) const;

    /// The text of an attribute that must, or may, be there.
    [[nodiscard]] Result<std::string>        text(std::string_view name) const;
    [[nodiscard]] std::optional<std::string> optional_text(std::string_view name) const;

    /// A number in [low, high]; `note` explains the range in the hint and may be empty.
    struct Bounds {
        std::uint64_t    low  = 0;
        std::uint64_t    high = ~std::uint64_t{0};
        std::string_view note{};
    };
    [[nodiscard]] Result<std::uint64_t> number(std::string_view name) const
    {
        return number(name, Bounds{});
    }
    [[nodiscard]] Result<std::uint64_t> number(std::string_view name, Bounds bounds) const;
    [[nodiscard]] Result<std::optional<std::uint64_t>> optional_number(std::string_view name) const
    {
        return optional_number(name, Bounds{});
    }
    [[nodiscard]] Result<std::optional<std::uint64_t>> optional_number(std::string_view name,
                                                                       Bounds bounds) const;

    /// "true" or "false", or the given value where the attribute is missing.
    [[nodiscard]] Result<bool> boolean(std::string_view name, bool otherwise) const;

    /// What to answer about this element and one of its attributes.
    [[nodiscard]] std::unexpected<Diagnostic> refuse_value(std::string_view name,
                                                           std::string      hint) const;

private:
    explicit Attributes(const Element& element)
        : element_{&element}
    {
    }
    [[nodiscard]] const std::string* find(std::string_view name) const;

    const Element* element_;
};

/// Refuses an element that a parent does not know, listing what it does.
[[nodiscard]] std::unexpected<Diagnostic> refuse_child(const Element& parent, const Element& child,
                                                       std::string_view allowed);

} // namespace tool
