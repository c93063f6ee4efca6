// SPDX-License-Identifier: BSD-2-Clause
// Columns of text, each as wide as its longest cell.
#include "report/text_table.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace tool {

std::string TextTable::text() const
{
    if (rows_.size() == 1) {
        return "  none\n";
    }
    std::vector<std::size_t> widths;
    for (const auto& row : rows_) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], row[i].size());
        }
    }
    std::string out;
    for (const auto& row : rows_) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            line += fmt::format("  {:<{}}", row[i], widths[i]);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + "\n";
    }
    return out;
}

} // namespace tool
