// SPDX-License-Identifier: BSD-2-Clause
// The layout as XML: read with line numbers, changed in place, written as a system description.
#pragma once

#include "refusal.hpp"

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace sysgen {

class Document {
public:
    /// Refuses what is not well-formed XML with one <system>.
    [[nodiscard]] static Result<Document> parse(std::string text);

    [[nodiscard]] pugi::xml_node system() const { return xml_->child("system"); }

    /// Where an element of the source begins; 0 for one that was added.
    [[nodiscard]] unsigned line(pugi::xml_node node) const;

    /// The document as it is now.
    [[nodiscard]] std::string text() const;

    // Attributes of an element. All refuse with its line.

    /// Refuses attributes that are not among `names`, and text between the tags.
    [[nodiscard]] Result<> allow(pugi::xml_node                          node,
                                 std::initializer_list<std::string_view> names) const;
    /// Refuses child elements that are not among `names`.
    [[nodiscard]] Result<>            allow_children(pugi::xml_node                          node,
                                                     std::initializer_list<std::string_view> names) const;
    [[nodiscard]] Result<std::string> text_of(pugi::xml_node node, const char* attribute) const;
    /// Microkit's general form of a number: underscores, 0x.
    [[nodiscard]] Result<std::uint64_t> number_of(pugi::xml_node node, const char* attribute) const;
    [[nodiscard]] Result<std::uint64_t> number_or(pugi::xml_node node, const char* attribute,
                                                  std::uint64_t otherwise) const;
    [[nodiscard]] Result<bool>          flag_or(pugi::xml_node node, const char* attribute,
                                                bool otherwise) const;

private:
    std::string                         source_;
    std::unique_ptr<pugi::xml_document> xml_ = std::make_unique<pugi::xml_document>();
};

/// As Microkit reads numbers; nothing if it is none or does not fit.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text);

/// "0x40000000"
[[nodiscard]] std::string hex(std::uint64_t value);

} // namespace sysgen
