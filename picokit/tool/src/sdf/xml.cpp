// SPDX-License-Identifier: BSD-2-Clause
// Expat does the work: it is strict, and it knows line and column of every start tag.
#include "sdf/xml.hpp"

#include <algorithm>
#include <expat.h>
#include <fmt/format.h>
#include <limits>
#include <memory>
#include <optional>

namespace tool {
namespace {

/// 63 protection domains can be nested; everything beyond this is an attack on the stack.
constexpr std::size_t k_max_depth = 200;

struct Builder {
    XML_Parser                parser;
    const std::string&        file;
    std::vector<Element>      open; ///< from the root to the current element
    std::optional<Element>    root;
    std::optional<Diagnostic> error;

    [[nodiscard]] Location here() const
    {
        return {file, static_cast<unsigned>(XML_GetCurrentLineNumber(parser)),
                static_cast<unsigned>(XML_GetCurrentColumnNumber(parser)) + 1};
    }

    void start(const char* name, const char** attributes)
    {
        if (open.size() == k_max_depth) {
            error = Diagnostic{here(), fmt::format("element '{}' is nested too deeply", name),
                               fmt::format("at most {} levels are read", k_max_depth)};
            XML_StopParser(parser, XML_FALSE);
            return;
        }
        Element element{name, here(), {}, {}, {}, {}};
        for (; *attributes != nullptr; attributes += 2) {
            element.attributes.emplace_back(attributes[0], attributes[1]);
        }
        open.push_back(std::move(element));
    }

    void end()
    {
        auto element = std::move(open.back());
        open.pop_back();
        if (open.empty()) {
            root = std::move(element);
        } else {
            open.back().children.push_back(std::move(element));
        }
    }

    void text(std::string_view data)
    {
        constexpr auto blanks = " \t\r\n";
        const auto     first  = data.find_first_not_of(blanks);
        if (first == data.npos || open.empty() || open.back().text_at.line != 0) {
            return;
        }
        open.back().text_at = here();
        open.back().text_at.column += static_cast<unsigned>(first);
        data             = data.substr(first);
        open.back().text = data.substr(0, std::min<std::size_t>(data.find_first_of(blanks), 32));
    }
};

Builder& builder(void* user) { return *static_cast<Builder*>(user); }

} // namespace

Result<Element> parse_xml(std::string_view document, const std::string& file)
{
    const std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser{
        XML_ParserCreate(nullptr), &XML_ParserFree};
    Builder state{parser.get(), file, {}, {}, {}};
    XML_SetUserData(parser.get(), &state);
    XML_SetElementHandler(
        parser.get(),
        [](void* user, const char* name, const char** attributes) {
            builder(user).start(name, attributes);
        },
        [](void* user, const char*) { builder(user).end(); });
    XML_SetCharacterDataHandler(parser.get(), [](void* user, const char* data, int length) {
        builder(user).text({data, static_cast<std::size_t>(length)});
    });

    if (document.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
        return refuse({file}, "the system description is larger than 2 GiB", "make it smaller");
    }
    const auto status =
        XML_Parse(parser.get(), document.data(), static_cast<int>(document.size()), XML_TRUE);
    if (state.error) {
        return std::unexpected(std::move(*state.error));
    }
    if (status != XML_STATUS_OK) {
        return refuse(
            state.here(),
            fmt::format("not well-formed XML: {}", XML_ErrorString(XML_GetErrorCode(parser.get()))),
            "correct the XML syntax at this place or just before it");
    }
    return std::move(*state.root);
}

} // namespace tool
