// SPDX-License-Identifier: BSD-2-Clause
// What a layout says about a guest's virtIO devices beside whom they belong to: the attributes that
// end in the section .vmm_options (lib/vmm, vmm/guest_options.hpp).
#pragma once

#include "config_bytes.hpp"
#include "document.hpp"

namespace sysgen {

class GuestOptions {
public:
    explicit GuestOptions(const Document& document)
        : document_{document}
    {
    }

    /// Whether an attribute of <console>, <disk>, <nic>, <entropy> or <vsock> is one of these.
    [[nodiscard]] static bool knows(pugi::xml_node part, pugi::xml_attribute attribute);

    /// Reads those of one device, which is number `device` in .vmm_config. A console after the
    /// first is a port of the first, and only its name counts.
    [[nodiscard]] Result<> read(pugi::xml_node part, unsigned device);

    /// The section, or null when no device has an option: programs need not have it then.
    [[nodiscard]] const ConfigBytes* bytes() const { return used_ ? &bytes_ : nullptr; }

private:
    [[nodiscard]] Result<> read_attribute(pugi::xml_node part, pugi::xml_attribute attribute,
                                          std::size_t at);
    [[nodiscard]] Result<std::uint64_t> number(pugi::xml_node part, const char* attribute,
                                               std::uint64_t least, std::uint64_t most) const;
    [[nodiscard]] Result<> text(pugi::xml_node part, pugi::xml_attribute attribute, std::size_t at,
                                std::size_t most);

    const Document& document_;
    ConfigBytes     bytes_{1800};
    unsigned        consoles_ = 0;
    bool            used_     = false;
};

} // namespace sysgen
