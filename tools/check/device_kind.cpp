// SPDX-License-Identifier: BSD-2-Clause
#include "device_kind.hpp"

#include <algorithm>
#include <array>

namespace check {

bool does_dma(const Node& device)
{
    for (const auto* property : {"iommus", "dma-ranges", "dma-coherent", "memory-region"}) {
        if (device.has(property)) {
            return true;
        }
    }
    constexpr std::array<std::string_view, 21> k_kinds{
        "ethernet", "mmc",    "sdhci",          "sdhc",  "sd",   "usb",
        "pcie",     "pci",    "dma-controller", "gpu",   "vpu",  "sata",
        "nand",     "crypto", "dwmmc",          "mmcnr", "hdmi", "virtio_mmio",
        "display",  "mipi",   "video-codec"};
    return std::ranges::find(k_kinds, device.base_name()) != k_kinds.end();
}

bool is_gic(const Node& node)
{
    return node.is_any(k_gicv2_names) || node.is("arm,gic-v3") || node.is("arm,gic-v3-its") ||
           node.is("arm,gic-v2m-frame");
}

} // namespace check
