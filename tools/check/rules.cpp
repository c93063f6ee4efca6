// SPDX-License-Identifier: BSD-2-Clause
// All rules together.
#include "rule.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace check {

std::span<const Chapter> chapters()
{
    static const std::array k_all{input_rules(),    interrupt_rules(),  memory_rules(),
                                  device_rules(),   dependency_rules(), gic_rules(),
                                  tree_rules(),     boot_rules(),       image_rules(),
                                  priority_rules(), layout_rules()};
    return k_all;
}

const Rule* find_rule(std::string_view name)
{
    for (const auto& chapter : chapters()) {
        const auto found = std::ranges::find(chapter.rules, name, &Rule::name);
        if (found != chapter.rules.end()) {
            return &*found;
        }
    }
    return nullptr;
}

std::vector<Finding> check_all(const Subject& subject)
{
    Findings findings;
    for (const auto& [name, refusal] : subject.refusals) {
        findings.begin(*find_rule(name));
        findings.add({refusal.where, {}}, refusal.what, refusal.hint);
    }
    const std::set<std::string_view> of_trees{dependency_rules().title, tree_rules().title,
                                              boot_rules().title, gic_rules().title};
    for (const auto& chapter : chapters()) {
        if (subject.alone && !of_trees.contains(chapter.title)) {
            continue;
        }
        for (const auto& rule : chapter.rules) {
            if (rule.look != nullptr && !subject.allowed.contains(rule.name)) {
                findings.begin(rule);
                rule.look(subject, findings);
            }
        }
    }
    return findings.all();
}

} // namespace check
