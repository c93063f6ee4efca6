// SPDX-License-Identifier: BSD-2-Clause
// <cspace>: capabilities that a PD gets to threads and address spaces of its choice.
#include "sdf/parse.hpp"

#include "picokit/abi.h"

#include <fmt/format.h>

namespace tool {
namespace {

std::optional<UserCapKind> kind_of(std::string_view element)
{
    if (element == "cap_tcb") {
        return UserCapKind::tcb;
    }
    if (element == "cap_sc") {
        return UserCapKind::sched_context;
    }
    if (element == "cap_vspace") {
        return UserCapKind::vspace;
    }
    return std::nullopt;
}

} // namespace

Result<std::vector<UserCap>> parse_cspace(const Element& element)
{
    TRY(Attributes::read(element, {}));
    std::vector<UserCap> caps;
    for (const auto& child : element.children) {
        const auto kind = kind_of(child.name);
        if (!kind) {
            return refuse_child(element, child, "cap_tcb, cap_sc, cap_vspace");
        }
        const auto attributes = TRY(Attributes::read(child, {"slot", "pd"}));
        const auto slot =
            TRY(attributes.number("slot", {1, PICOKIT_CAP_USER_SLOTS - 1, "slot 0 is reserved"}));
        auto    pd = TRY(attributes.text("pd"));
        UserCap cap{child.where, *kind, slot, std::move(pd)};
        for (const auto& other : caps) {
            if (other.slot == cap.slot) {
                return refuse(child.where,
                              fmt::format("slot {} is used twice in a 'cspace'", cap.slot),
                              fmt::format("choose another slot; the first use is at {}",
                                          to_string(other.where)));
            }
        }
        caps.push_back(std::move(cap));
    }
    return caps;
}

} // namespace tool
