// SPDX-License-Identifier: BSD-2-Clause
#include "need.hpp"

#include <array>

namespace passthrough {

using check::Need;

bool is_left_anyway(Need need)
{
    return need == Need::iommu || need == Need::dma_channel || need == Need::memory ||
           need == Need::interconnect || need == Need::fuse;
}

std::string_view consequence(Need need)
{
    switch (need) {
    case Need::iommu:
        return "the guest's DMA goes past it, if the firmware left it open";
    case Need::dma_channel:
        return "its driver moves the data itself";
    case Need::memory:
        return "its driver takes memory of the guest's own";
    case Need::fuse:
        return "what stands there (a MAC address) is for the guest to make up";
    default:
        return "its driver does without";
    }
}

std::string_view name_of(check::Need need)
{
    constexpr std::array<std::string_view, 15> k_names{
        "clock",     "reset",           "pins",        "power domain",
        "supply",    "DMA channel",     "IOMMU",       "GPIO",
        "PHY",       "interrupt",       "fuse",        "power sequence",
        "registers", "reserved memory", "interconnect"};
    return k_names.at(static_cast<std::size_t>(need));
}

} // namespace passthrough
