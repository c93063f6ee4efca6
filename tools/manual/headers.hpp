// SPDX-License-Identifier: BSD-2-Clause
// What the project's headers declare for others, as Doxygen's XML has it.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace manual {

/// A value of an enumeration.
struct Value {
    std::string name; ///< as declared: with "= 3" if the header says so
    std::string text; ///< Markdown, on one line
};

/// A function, variable, type alias, enumeration or concept.
struct Declaration {
    std::string        kind; ///< Doxygen's: "function", "variable", "typedef", "enum", "concept"
    std::string        id;
    std::string        name;
    std::string        code; ///< C++
    std::string        text; ///< what the header says of it: Markdown
    int                line = 0;
    std::vector<Value> values;
};

/// A class, struct or union with its public members in the order of the header.
struct Class {
    std::string              id;
    std::string              name; ///< with outer classes, without namespaces
    std::string              qualified_name;
    std::string              code; ///< C++, up to its name and bases
    std::string              text;
    int                      line = 0;
    std::vector<Declaration> members;
};

struct Header {
    std::vector<Class>       classes;
    std::vector<Declaration> declarations; ///< outside of classes
    std::vector<std::string> includes;     ///< the project's headers that it includes
};

/// Path under `root` → what is public there. A reference to another entity is the Markdown link
/// `[words](id)`. Throws where `xml` is not what Doxygen writes.
[[nodiscard]] std::map<std::string, Header> read_headers(const std::filesystem::path& xml,
                                                         const std::filesystem::path& root);

} // namespace manual
