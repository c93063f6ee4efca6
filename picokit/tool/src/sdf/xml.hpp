// SPDX-License-Identifier: BSD-2-Clause
// An XML document as a tree of elements that know where in the file they begin.
#pragma once

#include "diagnostic.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tool {

struct Element {
    std::string                                      name;
    Location                                         where; ///< of its '<'
    std::vector<std::pair<std::string, std::string>> attributes;
    std::vector<Element>                             children;
    Location                                         text_at; ///< line 0: holds only blanks
    std::string                                      text;    ///< first word of the text, if any
};

/// Parses a document; `file` is the name for messages. Refuses what is not well-formed XML 1.0,
/// with the place where the parser stopped, and elements nested more than 200 deep.
[[nodiscard]] Result<Element> parse_xml(std::string_view document, const std::string& file);

} // namespace tool
