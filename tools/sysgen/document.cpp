// SPDX-License-Identifier: BSD-2-Clause
#include "document.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sstream>

namespace sysgen {

namespace {

unsigned line_at(std::string_view source, std::ptrdiff_t offset)
{
    const auto end =
        std::min(static_cast<std::size_t>(std::max<std::ptrdiff_t>(offset, 0)), source.size());
    return 1 + static_cast<unsigned>(std::ranges::count(source.substr(0, end), '\n'));
}

} // namespace

Result<Document> Document::parse(std::string text)
{
    Document document;
    document.source_  = std::move(text);
    const auto parsed = document.xml_->load_buffer(document.source_.data(), document.source_.size(),
                                                   pugi::parse_default | pugi::parse_comments |
                                                       pugi::parse_declaration);
    if (!parsed) {
        return refuse(line_at(document.source_, parsed.offset), parsed.description(),
                      "a layout is an XML document, as a Microkit system description is");
    }
    unsigned systems = 0;
    for (const auto child : document.xml_->children()) {
        systems += std::string_view{child.name()} == "system" ? 1U : 0U;
    }
    if (systems != 1) {
        return refuse(0, fmt::format("the document has {} <system> elements", systems),
                      "put everything into one <system>");
    }
    return document;
}

unsigned Document::line(pugi::xml_node node) const
{
    const auto offset = node.offset_debug();
    return offset > 0 ? line_at(source_, offset) : 0;
}

std::string Document::text() const
{
    std::ostringstream out;
    xml_->save(out, "    ", pugi::format_default | pugi::format_no_declaration);
    return out.str();
}

Result<> Document::allow(pugi::xml_node node, std::initializer_list<std::string_view> names) const
{
    for (const auto attribute : node.attributes()) {
        if (std::ranges::find(names, attribute.name()) == names.end()) {
            return refuse(line(node),
                          fmt::format("<{}> has no attribute '{}'", node.name(), attribute.name()),
                          names.size() == 0 ? std::string{"it takes none"}
                                            : fmt::format("it takes {}", fmt::join(names, ", ")));
        }
    }
    for (const auto child : node.children()) {
        if (child.type() == pugi::node_pcdata) {
            return refuse(line(node), fmt::format("<{}> contains text", node.name()),
                          "settings are attributes");
        }
    }
    return {};
}

Result<> Document::allow_children(pugi::xml_node                          node,
                                  std::initializer_list<std::string_view> names) const
{
    for (const auto child : node.children()) {
        if (child.type() == pugi::node_element &&
            std::ranges::find(names, child.name()) == names.end()) {
            return refuse(line(child), fmt::format("<{}> has no <{}>", node.name(), child.name()),
                          fmt::format("it has {}", fmt::join(names, ", ")));
        }
    }
    return {};
}

Result<std::string> Document::text_of(pugi::xml_node node, const char* attribute) const
{
    const std::string value = node.attribute(attribute).value();
    if (value.empty()) {
        return refuse(line(node),
                      fmt::format("<{}> lacks the attribute '{}'", node.name(), attribute),
                      fmt::format("write <{} {}=\"…\">", node.name(), attribute));
    }
    return value;
}

Result<std::uint64_t> Document::number_of(pugi::xml_node node, const char* attribute) const
{
    const auto text  = TRY(text_of(node, attribute));
    const auto value = parse_number(text);
    if (!value) {
        return refuse(
            line(node),
            fmt::format("'{}' of <{}> is '{}', which is no number", attribute, node.name(), text),
            "write it like 4096, 0x1000 or 0x1000_0000");
    }
    return *value;
}

Result<std::uint64_t> Document::number_or(pugi::xml_node node, const char* attribute,
                                          std::uint64_t otherwise) const
{
    if (!node.attribute(attribute)) {
        return otherwise;
    }
    return number_of(node, attribute);
}

Result<bool> Document::flag_or(pugi::xml_node node, const char* attribute, bool otherwise) const
{
    if (!node.attribute(attribute)) {
        return otherwise;
    }
    const std::string_view value = node.attribute(attribute).value();
    if (value != "true" && value != "false") {
        return refuse(line(node),
                      fmt::format("'{}' of <{}> is '{}'", attribute, node.name(), value),
                      "write true or false");
    }
    return value == "true";
}

std::optional<std::uint64_t> parse_number(std::string_view text)
{
    std::string digits{text};
    std::erase(digits, '_');
    const bool  hexadecimal = digits.starts_with("0x");
    const char* begin       = digits.data() + (hexadecimal ? 2 : 0);
    const char* end         = digits.data() + digits.size();

    std::uint64_t value       = 0;
    const auto [rest, failed] = std::from_chars(begin, end, value, hexadecimal ? 16 : 10);
    if (failed != std::errc{} || rest != end) {
        return std::nullopt;
    }
    return value;
}

std::string hex(std::uint64_t value) { return fmt::format("{:#x}", value); }

} // namespace sysgen
