// SPDX-License-Identifier: BSD-2-Clause
// <system>: the document element.
#include "sdf/parse.hpp"

#include <fmt/format.h>

namespace tool {
namespace {

Result<> parse_child(const Element& root, const Element& child, const Board& board, System& system)
{
    if (child.name == "protection_domain") {
        return parse_protection_domain(child, board, std::nullopt, system);
    }
    if (child.name == "memory_region") {
        system.regions.push_back(TRY(parse_memory_region(child)));
        return {};
    }
    if (child.name == "channel") {
        system.channels.push_back(TRY(parse_channel(child)));
        return {};
    }
    if (child.name == "domains") {
        if (system.domains) {
            return refuse(
                child.where, "a second 'domains' element",
                fmt::format("merge it into the one at {}", to_string(system.domains->where)));
        }
        system.domains = TRY(parse_domains(child, board));
        return {};
    }
    if (child.name == "virtual_machine") {
        return refuse(child.where, "'virtual_machine' outside a protection domain",
                      "move it into the 'protection_domain' that is its monitor");
    }
    if (child.name == "io_address_space") {
        return refuse(child.where, "'io_address_space' is only supported on x86-64 with an IOMMU",
                      "remove it: AArch64 boards have no I/O address spaces");
    }
    return refuse_child(root, child, "protection_domain, memory_region, channel, domains");
}

} // namespace

std::expected<System, std::vector<Diagnostic>> parse_system(const Element& root, const Board& board)
{
    std::vector<Diagnostic> errors;
    if (root.name != "system") {
        errors.push_back({root.where, fmt::format("the document element is '{}'", root.name),
                          "a system description is one <system> element"});
        return std::unexpected(std::move(errors));
    }
    System system;
    system.file = root.where.file;
    if (root.text_at.line != 0) {
        errors.push_back({root.text_at, fmt::format("text '{}' inside 'system'", root.text),
                          "remove it, or make it a comment: <!-- … -->"});
    }
    for (const auto& child : root.children) {
        if (auto parsed = parse_child(root, child, board, system); !parsed) {
            errors.push_back(std::move(parsed).error());
        }
    }
    if (errors.empty() && system.pds.empty()) {
        errors.push_back({root.where, "the system has no protection domain",
                          "add at least one 'protection_domain'"});
    }
    if (!errors.empty()) {
        return std::unexpected(std::move(errors));
    }
    return system;
}

} // namespace tool
