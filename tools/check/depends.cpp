// SPDX-License-Identifier: BSD-2-Clause
#include "depends.hpp"

#include <algorithm>
#include <optional>

namespace check {
namespace {

/// How a property lists phandles: each is followed by as many cells as the provider's `cells` says.
struct Kind {
    Need             need;
    std::string_view cells; ///< empty: no cells follow
};

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
    if (name.ends_with("-supply")) {
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
        if (provider == nullptr) {
            return; // how many cells follow, nobody knows
        }
        if (!kind.cells.empty()) {
            i += provider->cell(kind.cells).value_or(0);
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
