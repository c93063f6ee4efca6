// SPDX-License-Identifier: BSD-2-Clause
// What `vmm check` says: a rule, a place, what is wrong there and what to do.
#pragma once

#include "diagnostic.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace check {

using tool::Location;

enum class Severity : std::uint8_t {
    error,   ///< the system does not do what it says, or harms another part of it
    warning, ///< it may work, and is rarely meant
};

/// Where in the input. Blobs have no lines: there the node's path is the place.
struct Place {
    Location    where;
    std::string node{}; ///< path in a device tree; may be empty
};

/// Things that a rule is about. The texts are those of the catalogue in the manual.
struct Rule;

struct Finding {
    const Rule* rule = nullptr;
    Place       place;
    std::string what; ///< a clause with the names and values that matter
    std::string fix;  ///< what to do here
};

/// Where findings go; knows which rule is being checked.
class Findings {
public:
    void begin(const Rule& rule) { rule_ = &rule; }
    void add(Place place, std::string what, std::string fix)
    {
        all_.push_back({rule_, std::move(place), std::move(what), std::move(fix)});
    }
    [[nodiscard]] const std::vector<Finding>& all() const { return all_; }

private:
    const Rule*          rule_ = nullptr;
    std::vector<Finding> all_;
};

} // namespace check
