// SPDX-License-Identifier: BSD-2-Clause
#include "depends.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace check {
namespace {

/// How a property lists phandles: each is followed by as many cells as the provider's `cells` says.
struct Kind {
    Need             need;
    std::string_view cells;              ///< empty: no cells follow
    bool             only_first = false; ///< what follows is nobody's phandle
};

/// Properties that name the registers of another device; each vendor has its own words.
bool names_syscon(std::string_view name)
{
    constexpr std::array<std::string_view, 7> k_ends{"syscon",  ",grf", ",pmugrf", "-gpr",
                                                     "-syscfg", ",gpr", "sysctrl"};
    return name == "intf_mode" || name == "fsl,usbmisc" ||
           std::ranges::any_of(k_ends, [&](auto end) { return name.ends_with(end); });
}

std::optional<Kind> kind_of(std::string_view name)
{
    if (name == "clocks" || name == "assigned-clocks" || name == "assigned-clock-parents") {
        return Kind{Need::clock, "#clock-cells"};
    }
    if (name == "resets") {
        return Kind{Need::reset, "#reset-cells"};
    }
    if (name.starts_with("pinctrl-") && name.size() == 9 && name.back() >= '0' &&
        name.back() <= '9') {
        return Kind{Need::pinctrl, {}};
    }
    if (name == "power-domains") {
        return Kind{Need::power_domain, "#power-domain-cells"};
    }
    if (name.ends_with("-supply") || name == "mmc-pwrseq") {
        return Kind{Need::supply, {}};
    }
    if (name == "dmas") {
        return Kind{Need::dma_channel, "#dma-cells"};
    }
    if (name == "iommus") {
        return Kind{Need::iommu, "#iommu-cells"};
    }
    if (name == "gpios" || name.ends_with("-gpios") ||
        (name.ends_with("-gpio") && name != "gpio")) {
        return Kind{Need::gpio, "#gpio-cells"};
    }
    if (name == "phys") {
        return Kind{Need::phy, "#phy-cells"};
    }
    if (name == "phy-handle") {
        return Kind{Need::phy, {}};
    }
    if (name == "nvmem-cells") {
        return Kind{Need::fuse, "#nvmem-cell-cells"};
    }
    if (name == "mmc-pwrseq") {
        return Kind{Need::power_sequence, {}};
    }
    if (name == "memory-region") {
        return Kind{Need::memory, {}};
    }
    if (name == "interconnects") {
        return Kind{Need::interconnect, "#interconnect-cells"};
    }
    if (name == "shmem") {
        return Kind{Need::syscon, {}};
    }
    if (names_syscon(name)) {
        return Kind{Need::syscon, {}, true};
    }
    return std::nullopt;
}

void read_list(const Tree& tree, const Node& node, const std::string& property, const Kind& kind,
               std::vector<Dependency>& all)
{
    const auto cells = node.cells(property);
    for (std::size_t i = 0; i < cells.size();) {
        const auto phandle = cells[i++];
        if (phandle == 0 || phandle == 0xffff'ffff) {
            continue; // a place that is left empty
        }
        const auto* const provider = tree.find_phandle(phandle);
        all.push_back({kind.need, property, phandle, provider});
        if (provider == nullptr || kind.only_first) {
            return; // how many cells follow, nobody knows
        }
        const std::size_t count =
            kind.cells.empty() ? 0 : std::size_t{provider->cell(kind.cells).value_or(0)};
        for (std::size_t n = 0; n < count && i < cells.size(); ++n) {
            all.back().arguments.push_back(cells[i++]);
        }
    }
}

void read_interrupts(const Tree& tree, const Node& node, std::vector<Dependency>& all)
{
    if (node.has("interrupts-extended")) {
        read_list(tree, node, "interrupts-extended", {Need::interrupt, "#interrupt-cells"}, all);
        return;
    }
    if (!node.has("interrupts")) {
        return;
    }
    for (const auto* at = &node; at != nullptr; at = at->parent) {
        if (const auto phandle = at->cell("interrupt-parent")) {
            all.push_back({Need::interrupt, "interrupts", *phandle, tree.find_phandle(*phandle)});
            return;
        }
        if (at != &node && (at->has("interrupt-controller") || at->has("interrupt-map"))) {
            all.push_back({Need::interrupt, "interrupts", 0, at});
            return;
        }
    }
}

} // namespace

std::vector<Dependency> dependencies(const Tree& tree, const Node& node)
{
    std::vector<Dependency> all;
    // Labels and paths may have names of properties.
    for (const std::string_view texts : {"/__", "/aliases", "/chosen"}) {
        if (node.path.starts_with(texts)) {
            return all;
        }
    }
    for (const auto& property : node.raw.properties()) {
        // The controller of a hog is no dependency of itself.
        const auto kind = kind_of(property.name);
        if (kind && !node.has("gpio-hog")) {
            read_list(tree, node, std::string{property.name}, *kind, all);
        }
    }
    read_interrupts(tree, node, all);
    std::erase_if(all, [&](const Dependency& one) { return one.provider == &node; });
    return all;
}

const Node& device_behind(const Node& provider)
{
    const auto* at = &provider;
    while (!at->has("compatible") && at->parent != nullptr) {
        at = at->parent;
    }
    return at->parent == nullptr ? provider : *at;
}

const Node* registers_behind(const Node& provider)
{
    for (const auto* at = &provider; at != nullptr && !is_bus(*at); at = at->parent) {
        if (!at->registers.empty() && at->registers.front().size != 0) {
            return at;
        }
    }
    return nullptr;
}

} // namespace check
