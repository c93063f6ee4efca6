// SPDX-License-Identifier: BSD-2-Clause
// The comparison of a user's device tree with the machine, one aspect a function.
#pragma once

#include "base/checked.hpp"
#include "fdt/interrupt.hpp"
#include "fdt/reader.hpp"
#include "vmm/device_tree_check.hpp"

#include <algorithm>
#include <array>

namespace vmm {

/// Whether a node describes RAM.
inline bool is_memory_node(const fdt::Position& at)
{
    const auto type = at.node().property("device_type");
    return at.depth() == 2 &&
           (type ? type->has_string("memory") : at.node().base_name() == "memory");
}

class DeviceTreeChecker {
public:
    DeviceTreeChecker(const fdt::Tree& tree, const DeviceTreeInputs& inputs,
                      DeviceTreeReporter& reporter)
        : tree_{tree}
        , in_{inputs}
        , reporter_{reporter}
    {
    }

    /// Reports every disagreement; the number of errors among them.
    std::size_t run()
    {
        memory();
        reserved();
        cpus();
        psci();
        gic();
        timer();
        devices();
        chosen();
        return errors_;
    }

private:
    using Severity = DeviceTreeFinding::Severity;
    using Number   = std::optional<std::uint64_t>;

    void memory();
    void reserved();
    void cpus();
    void psci();
    void gic();
    void gic_frames(const fdt::Position& at);
    void timer();
    void devices();
    void device(const fdt::Position& at);
    void interrupts(const fdt::Position& at, Severity severity);
    void chosen();

    void report(Severity severity, std::string_view path, std::string_view what,
                std::string_view hint, Number found = {}, Number expected = {})
    {
        errors_ += severity == Severity::error ? 1U : 0U;
        reporter_.report({severity, path, what, found, expected, hint});
    }
    void report(Severity severity, const fdt::Position& at, std::string_view what,
                std::string_view hint, Number found = {}, Number expected = {})
    {
        std::array<char, 256> path{};
        report(severity, at.path(path), what, hint, found, expected);
    }

    /// The first enabled node of which `matches` is true.
    template <class Predicate>
    std::optional<fdt::Position> find(Predicate matches) const
    {
        for (fdt::Walk walk{tree_}; walk.next();) {
            if (matches(walk.position()) && walk.position().is_enabled()) {
                return walk.position();
            }
        }
        return std::nullopt;
    }
    std::optional<fdt::Position> find_compatible(std::span<const std::string_view> names) const
    {
        return find([&](const fdt::Position& at) {
            return std::ranges::any_of(
                names, [&](std::string_view name) { return at.node().is_compatible(name); });
        });
    }

    /// An interrupt as the GIC numbers it, if the controller of the node is the GIC.
    struct Line {
        std::uint32_t intid;
        bool          edge;
    };
    std::optional<Line> line(const fdt::Interrupt& interrupt) const;

    const fdt::Tree&             tree_;
    const DeviceTreeInputs&      in_;
    DeviceTreeReporter&          reporter_;
    std::optional<fdt::Position> gic_;
    std::size_t                  errors_ = 0;
};

} // namespace vmm
