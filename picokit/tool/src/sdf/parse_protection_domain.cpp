// SPDX-License-Identifier: BSD-2-Clause
// <protection_domain> and what stands directly in it.
#include "sdf/parse.hpp"

#include "arch/translation.hpp"
#include "base/checked.hpp"
#include "picokit/system_table.hpp"

#include <fmt/format.h>

namespace tool {
namespace {

Result<Program> parse_program_image(const Element& element)
{
    const auto attributes = TRY(Attributes::read(element, {"path", "path_for_symbols"}));
    auto       path       = TRY(attributes.text("path"));
    return Program{element.where, std::move(path), attributes.optional_text("path_for_symbols")};
}

Result<std::uint64_t> parse_stack_size(const Attributes& attributes)
{
    const auto size =
        TRY(attributes.optional_number("stack_size",
                                       {k_min_stack_size, k_max_stack_size, "4 KiB to 16 MiB"}))
            .value_or(k_default_stack);
    if (!base::is_aligned(size, arch::k_page_size)) {
        return attributes.refuse_value("stack_size", "use a multiple of 0x1000");
    }
    return size;
}

/// `id` and `setvar_id`, which only a child has.
Result<> parse_child_id(const Attributes& attributes, ProtectionDomain& pd, System& system)
{
    if (!pd.parent) {
        for (const auto* name : {"id", "setvar_id"}) {
            if (attributes.has(name)) {
                return refuse(pd.where,
                              fmt::format("protection domain '{}' has the attribute '{}' but no "
                                          "parent",
                                          pd.name, name),
                              "only a protection domain inside another one has it: remove it");
            }
        }
        return {};
    }
    auto& parent = system.pds[*pd.parent];
    if (!attributes.has("id")) {
        return refuse(pd.where,
                      fmt::format("protection domain '{}' has no 'id' but a parent, '{}'", pd.name,
                                  parent.name),
                      "add an 'id': the number under which the parent manages it");
    }
    pd.child_id =
        TRY(attributes.number("id", {0, k_max_child_id, "the parent has that many slots"}));
    if (auto symbol = attributes.optional_text("setvar_id")) {
        parent.setvars.push_back({pd.where, *symbol, SetvarSource::value, pd.child_id});
    }
    return {};
}

Result<ProtectionDomain> parse_attributes(const Element& element, const Board& board,
                                          std::optional<std::size_t> parent, System& system)
{
    const auto attributes = TRY(
        Attributes::read(element, {"name", "priority", "budget", "period", "passive", "stack_size",
                                   "cpu", "smc", "fpu", "domain", "id", "setvar_id"}));
    ProtectionDomain pd;
    pd.where  = element.where;
    pd.parent = parent;
    pd.name   = TRY(attributes.text("name"));
    TRY(parse_child_id(attributes, pd, system));
    pd.scheduling = TRY(parse_scheduling(attributes, board));
    pd.passive    = TRY(attributes.boolean("passive", false));
    pd.stack_size = TRY(parse_stack_size(attributes));
    pd.cpu        = TRY(parse_cpu(attributes, board)).value_or(0);
    pd.smc        = TRY(attributes.boolean("smc", false));
    pd.fpu        = TRY(attributes.boolean("fpu", true));
    pd.domain     = attributes.optional_text("domain");
    return pd;
}

/// Handles the children that are allowed once. `seen` is the place of an earlier one, if any.
Result<> only_one(const ProtectionDomain& pd, const Element& child, const Location* seen)
{
    if (seen == nullptr) {
        return {};
    }
    return refuse(child.where,
                  fmt::format("a second '{}' in protection domain '{}'", child.name, pd.name),
                  fmt::format("remove it; the first is at {}", to_string(*seen)));
}

Result<> parse_child(const Element& parent, const Element& child, const Board& board,
                     std::size_t index, System& system)
{
    auto& pd = system.pds[index];
    if (child.name == "program_image") {
        TRY(only_one(pd, child, pd.program.where.line == 0 ? nullptr : &pd.program.where));
        pd.program = TRY(parse_program_image(child));
    } else if (child.name == "map") {
        pd.maps.push_back(TRY(parse_pd_map(child, pd.setvars)));
    } else if (child.name == "irq") {
        pd.irqs.push_back(TRY(parse_irq(child, board, pd.setvars)));
    } else if (child.name == "setvar") {
        pd.setvars.push_back(TRY(parse_setvar(child)));
    } else if (child.name == "protection_domain") {
        return parse_protection_domain(child, board, index, system); // may move `pd`
    } else if (child.name == "virtual_machine") {
        TRY(only_one(pd, child, pd.vm ? &pd.vm->where : nullptr));
        pd.vm = TRY(parse_virtual_machine(child, board, pd.setvars));
    } else if (child.name == "cspace") {
        TRY(only_one(pd, child, pd.cspace ? &*pd.cspace : nullptr));
        pd.cspace    = child.where;
        pd.user_caps = TRY(parse_cspace(child));
    } else if (child.name == "ioport") {
        return refuse(child.where, "'ioport' is only supported on x86-64",
                      "remove it: devices of AArch64 boards are memory; use 'map'");
    } else {
        return refuse_child(parent, child,
                            "program_image, map, irq, setvar, protection_domain, virtual_machine, "
                            "cspace");
    }
    return {};
}

} // namespace

Result<> parse_protection_domain(const Element& element, const Board& board,
                                 std::optional<std::size_t> parent, System& system)
{
    auto pd = TRY(parse_attributes(element, board, parent, system));
    if (system.pds.size() == picokit::k_max_pds) {
        return refuse(element.where, fmt::format("protection domain '{}' is one too many", pd.name),
                      fmt::format("a system has at most {} protection domains, children included",
                                  picokit::k_max_pds));
    }
    const auto index = system.pds.size();
    system.pds.push_back(std::move(pd));
    for (const auto& child : element.children) {
        TRY(parse_child(element, child, board, index, system));
    }
    if (system.pds[index].program.where.line == 0) {
        return refuse(
            element.where,
            fmt::format("protection domain '{}' has no 'program_image'", system.pds[index].name),
            "add <program_image path=\"….elf\" />");
    }
    return {};
}

} // namespace tool
