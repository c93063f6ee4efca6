// SPDX-License-Identifier: BSD-2-Clause
// Chooses the driver that the platform needs.
#include "guest/gic.hpp"

#include "gic_v2.hpp"
#include "gic_v3.hpp"

namespace guest {
namespace {

constinit GicV2 v2;
constinit GicV3 v3;
constinit Gic*  selected = nullptr;

} // namespace

Gic& select_gic(const Platform& platform)
{
    if (platform.gic_version == 2) {
        v2.locate(platform.distributor, platform.cpu_interface);
        selected = &v2;
    } else {
        v3.locate(platform.distributor, platform.cpu_interface);
        selected = &v3;
    }
    return *selected;
}

Gic& gic() { return *selected; }

} // namespace guest
