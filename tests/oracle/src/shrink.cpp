// SPDX-License-Identifier: BSD-2-Clause
#include "shrink.hpp"

#include <algorithm>

namespace oracle {

namespace {

/// The start, which sets the machine up, and the end are mostly enough.
std::vector<Operation>
without_the_middle(const std::vector<Operation>&                             operations,
                   const std::function<bool(const std::vector<Operation>&)>& fails)
{
    constexpr std::size_t k_start = 60;
    for (std::size_t end = 50; k_start + end < operations.size(); end *= 3) {
        std::vector<Operation> fewer(operations.begin(), operations.begin() + k_start);
        fewer.insert(fewer.end(), operations.end() - static_cast<std::ptrdiff_t>(end),
                     operations.end());
        if (fails(fewer)) {
            return fewer;
        }
    }
    return operations;
}

} // namespace

std::vector<Operation> shrink(std::vector<Operation>                                    operations,
                              const std::function<bool(const std::vector<Operation>&)>& fails)
{
    operations       = without_the_middle(operations, fails);
    std::size_t part = operations.size() / 2;
    while (part > 0) {
        bool removed = false;
        // From the end: what is there depends on what comes before.
        for (auto end = operations.size(); end > 0;) {
            const auto begin = end > part ? end - part : 0;
            auto       fewer = operations;
            fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(begin),
                        fewer.begin() + static_cast<std::ptrdiff_t>(end));
            if (!fewer.empty() && fails(fewer)) {
                operations = std::move(fewer);
                removed    = true;
            }
            end = begin;
        }
        part = removed && part == 1 ? 1 : std::min(part, operations.size()) / 2;
    }
    return operations;
}

} // namespace oracle
