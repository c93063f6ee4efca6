// SPDX-License-Identifier: BSD-2-Clause
// The register tables of the GIC by version and frame, and their names for traces.
#include "vmm/gic_registers.hpp"

namespace vmm {

namespace {

constexpr GicMap k_maps[]{
    {gic_table::k_gicv2_distributor, gic_table::k_gicv2_index},
    {gic_table::k_gicv3_distributor, gic_table::k_gicv3_index},
    {gic_table::k_gicv3_redistributor, gic_table::k_gicv3_r_index},
    {},
};

} // namespace

const GicMap& gic_map(GicVersion version, GicFrame frame)
{
    if (frame == GicFrame::distributor) {
        return version == GicVersion::v2 ? k_maps[0] : k_maps[1];
    }
    return version == GicVersion::v2 ? k_maps[3] : k_maps[2];
}

void print_gic_register(base::Sink sink, GicVersion version, GicFrame frame, std::uint64_t offset)
{
    const auto inside =
        frame == GicFrame::redistributor ? offset % k_gic_redistributor_stride : offset;
    const auto* reg = gic_map(version, frame).find(inside);
    if (frame == GicFrame::redistributor) {
        base::print(sink, "vCPU ", offset / k_gic_redistributor_stride, ' ');
    }
    if (reg == nullptr) {
        base::print(sink, frame == GicFrame::distributor ? "GICD+" : "GICR+", base::Hex{inside});
        return;
    }
    base::print(sink, reg->name);
    if (inside != reg->offset) {
        base::print(sink, '+', base::Hex{inside - reg->offset});
    }
}

} // namespace vmm
