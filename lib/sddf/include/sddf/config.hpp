// SPDX-License-Identifier: BSD-2-Clause
// Configuration sections: objects of a program whose bytes a tool writes after it was linked.
#pragma once

#include "base/result.hpp"
#include "sddf/resources.hpp"

/// Puts a configuration object into its section, from which no compiler or linker drops it:
///     SDDF_CONFIG(".serial_driver_config") sddf::serial::DriverConfig config;
/// Neither const, static nor in an unnamed namespace: what cannot be changed from outside would be
/// replaced by its initial value. One object a section.
#define SDDF_CONFIG(SECTION) __attribute__((section(SECTION), used, retain))

namespace sddf {

namespace detail {

inline base::Result<> check_count(std::uint64_t count)
{
    if (count > k_max_clients) {
        return base::fail("the configuration section has too many entries", "64 are the most",
                          count);
    }
    return {};
}

} // namespace detail

/// Whether a tool wrote this section, for this class, with counts that fit its lists. What the
/// regions and capacities are good for is found out by the queues' open().
template <class Config>
[[nodiscard]] base::Result<> check(const Config& config)
{
    if (config.magic == Magic{}) {
        return base::fail("the configuration section is empty",
                          "write it into the program with objcopy --update-section");
    }
    if (!config.is_valid()) {
        return base::fail("the configuration section is of another class",
                          "give the program the file that was made for it", config.magic.back());
    }
    if constexpr (requires { config.num_clients; }) {
        TRY(detail::check_count(config.num_clients));
    }
    if constexpr (requires { config.num_ports; }) {
        TRY(detail::check_count(config.num_ports));
    }
    return {};
}

/// Likewise, and whether the driver has at least these many regions and interrupts.
[[nodiscard]] inline base::Result<> check(const DeviceResources& resources, unsigned regions,
                                          unsigned irqs)
{
    TRY(check(resources));
    if (resources.num_regions < regions || resources.num_irqs < irqs) {
        return base::fail("the driver lacks a region or an interrupt of its device",
                          "see config.json beside its source");
    }
    for (unsigned i = 0; i < regions; ++i) {
        if (!resources.regions[i].region.exists()) {
            return base::fail("a region of the device is not mapped", {}, i);
        }
    }
    return {};
}

} // namespace sddf
