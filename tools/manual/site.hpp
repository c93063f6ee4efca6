// SPDX-License-Identifier: BSD-2-Clause
// The manual's pages as the HTML generator wants them: which there are, and where their links lead.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace manual {

/// A document that the manual has, and its name in the navigation.
struct Entry {
    std::string title;
    std::string document; ///< path in the project
};

/// A heading of docs/manual/index.md and what the list below it links to.
struct Part {
    std::string        title;
    std::vector<Entry> entries;
};

/// The parts of the manual: all of `index`, the text of docs/manual/index.md, that looks like
/// `## Title` with a list of `- [text](document.md)`.
[[nodiscard]] std::vector<Part> parts_of(std::string_view index);

/// The name (a file without folder and ending) that a document has in the rendered manual:
/// docs/manual/a.md is "a", examples/b/README.md "examples-b", X.md "x".
[[nodiscard]] std::string page_name(std::string_view document);

/// A page, ready for the generator.
struct Page {
    std::string                                  text;
    std::map<std::string, std::filesystem::path> images; ///< name → path in the project
};

/// Turns the document `path` into a page. A link to one of `documents` leads to its page, one to
/// anything else of the project becomes text that names the file: the rendered manual stands alone.
/// `<!-- from FILE -->` becomes the caption of the block that follows.
[[nodiscard]] Page render(const std::string& path, std::string_view text,
                          const std::vector<std::string>& documents);

/// The contents for the generator's navigation, `further` (title and page) at the end.
[[nodiscard]] std::string contents(const std::vector<Part>&                                parts,
                                   const std::vector<std::pair<std::string, std::string>>& further);

} // namespace manual
