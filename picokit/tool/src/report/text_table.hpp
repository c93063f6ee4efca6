// SPDX-License-Identifier: BSD-2-Clause
// Columns of text, each as wide as its longest cell.
#pragma once

#include <string>
#include <vector>

namespace tool {

class TextTable {
public:
    explicit TextTable(std::vector<std::string> headings)
        : rows_{std::move(headings)}
    {
    }

    void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

    /// The lines, indented by two blanks; "  none" if there are no rows.
    [[nodiscard]] std::string text() const;

private:
    std::vector<std::vector<std::string>> rows_; ///< the first one holds the headings
};

} // namespace tool
