// SPDX-License-Identifier: BSD-2-Clause
// Who has to do with whom: a system's channels and regions by the domains that they join.
#pragma once

#include "sdf/model.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace graph {

/// One place at which a domain, or the virtual machine in it, sees a region.
struct Mapping {
    std::size_t pd    = 0; ///< index
    bool        by_vm = false;
    tool::Map   map;
};

/// All that joins two domains. The first has the lower priority: it is drawn above the other.
struct Link {
    std::vector<std::uint64_t> first_ids; ///< channel numbers, as the first knows them
    std::vector<std::uint64_t> second_ids;
    bool                       first_notifies  = false;
    bool                       second_notifies = false;
    bool                       first_calls     = false;
    bool                       second_calls    = false;
    std::vector<std::size_t>   regions; ///< mapped by these two only
};

struct Relations {
    /// By the indices of both domains.
    std::map<std::pair<std::size_t, std::size_t>, Link> links;
    /// Regions that one domain alone maps, by its index.
    std::map<std::size_t, std::vector<std::size_t>> own;
    /// Regions by the three or more domains that map them.
    std::map<std::set<std::size_t>, std::vector<std::size_t>> common;
    /// Regions that nobody maps.
    std::vector<std::size_t> unused;
    /// All mappings, by the region's index.
    std::vector<std::vector<Mapping>> mappings;
};

/// `system` has passed the checks of the Microkit tool.
[[nodiscard]] Relations relate(const tool::System& system);

} // namespace graph
