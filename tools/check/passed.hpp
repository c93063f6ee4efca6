// SPDX-License-Identifier: BSD-2-Clause
// Which devices of the board a domain or a guest has, seen from the maps of the description.
#pragma once

#include "device_kind.hpp"
#include "subject.hpp"

namespace check {

/// A device that the guest has: the map, the board's node, and the guest's own.
struct Passed {
    Mapped      map;
    const Node* device = nullptr; ///< of the board
    const Node* node   = nullptr; ///< of the guest's tree; null: it has none there
    /// Whether the guest's driver will use it: by the guest's tree, or, if we write that, always.
    [[nodiscard]] bool is_used() const { return node != nullptr && node->is_device(); }
};

/// Devices of the board whose registers a guest's maps show, without the GIC. Where several share a
/// page all of them, also those that the guest has no node for.
[[nodiscard]] std::vector<Passed> passed_devices(const Subject& subject, const Guest& guest);

/// Devices of the board that these maps show.
[[nodiscard]] std::vector<const Node*> devices_of(const Subject&                subject,
                                                  const std::vector<tool::Map>& maps);

/// The domain that has the interrupt; null if none has.
[[nodiscard]] const tool::ProtectionDomain* owner_of(const Subject& subject, std::uint64_t intid);

/// Whether one of the domain's interrupts is this.
[[nodiscard]] bool owns(const tool::ProtectionDomain& domain, std::uint64_t intid);

/// What the guest reaches at an address besides RAM: a passed-through page, an emulated device, the
/// GIC.
[[nodiscard]] bool is_answered(const Subject& subject, const Guest& guest, const Node& node,
                               const Range& registers);

/// The place of a node in a guest's tree.
[[nodiscard]] Place place_of(const Tree& tree, const Node& node, std::string_view property = {});

} // namespace check
