// SPDX-License-Identifier: BSD-2-Clause
// The rules: what each looks for, and its page in the manual.
#pragma once

#include "finding.hpp"
#include "subject.hpp"

#include <span>

namespace check {

struct Rule {
    std::string_view name; ///< "irq-not-offset"
    Severity         severity;
    std::string_view title; ///< what it finds, as a clause
    std::string_view why;   ///< what happens if it stays as it is
    std::string_view fix;   ///< what to do about it
    /// Adds what it finds. Null for the rules that a reader of the input speaks for.
    void (*look)(const Subject& subject, Findings& findings);
};

/// One subject of the catalogue.
struct Chapter {
    std::string_view      title;
    std::span<const Rule> rules;
};

// Each in the file of its name, rules_….cpp.
[[nodiscard]] Chapter input_rules();
[[nodiscard]] Chapter interrupt_rules();
[[nodiscard]] Chapter memory_rules();
[[nodiscard]] Chapter device_rules();
[[nodiscard]] Chapter dependency_rules();
[[nodiscard]] Chapter gic_rules();
[[nodiscard]] Chapter tree_rules();
[[nodiscard]] Chapter boot_rules();
[[nodiscard]] Chapter image_rules();
[[nodiscard]] Chapter priority_rules();
[[nodiscard]] Chapter layout_rules();

/// All of them, in the order of the catalogue.
[[nodiscard]] std::span<const Chapter> chapters();

/// By name; null if there is none.
[[nodiscard]] const Rule* find_rule(std::string_view name);

/// Asks every rule. What the input allows by name (`vmm-check: allow RULE`) is left out.
[[nodiscard]] std::vector<Finding> check_all(const Subject& subject);

} // namespace check
