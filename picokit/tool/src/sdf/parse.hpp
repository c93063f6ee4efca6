// SPDX-License-Identifier: BSD-2-Clause
// From XML elements to the model: one function an element, each in a file of that element's name.
#pragma once

#include "sdf/attributes.hpp"
#include "sdf/model.hpp"
#include "sdk/board.hpp"

namespace tool {

/// Reads the document element and everything below it. All independent mistakes of the children of
/// <system> are returned, in the order of the document.
[[nodiscard]] std::expected<System, std::vector<Diagnostic>> parse_system(const Element& root,
                                                                          const Board&   board);

/// Reads a protection domain with its children and appends them to system.pds, parent first.
[[nodiscard]] Result<> parse_protection_domain(const Element& element, const Board& board,
                                               std::optional<std::size_t> parent, System& system);

/// A map of a PD appends what its setvar_… attributes ask for; one of a VM may not have any.
[[nodiscard]] Result<Map> parse_pd_map(const Element& element, std::vector<Setvar>& setvars);
[[nodiscard]] Result<Map> parse_vm_map(const Element& element);

/// Reads an interrupt of a PD; appends setvar_id.
[[nodiscard]] Result<Irq>    parse_irq(const Element& element, const Board& board,
                                       std::vector<Setvar>& setvars);
[[nodiscard]] Result<Setvar> parse_setvar(const Element& element);

/// Reads a virtual machine; setvar_id of its vCPUs goes to the program of the PD.
[[nodiscard]] Result<VirtualMachine>
parse_virtual_machine(const Element& element, const Board& board, std::vector<Setvar>& setvars);
[[nodiscard]] Result<std::vector<UserCap>> parse_cspace(const Element& element);
[[nodiscard]] Result<MemoryRegion>         parse_memory_region(const Element& element);
[[nodiscard]] Result<Channel>              parse_channel(const Element& element);
[[nodiscard]] Result<Domains> parse_domains(const Element& element, const Board& board);

/// priority, budget and period, which PDs and VMs share.
[[nodiscard]] Result<Scheduling> parse_scheduling(const Attributes& attributes, const Board& board);
/// cpu, or nothing where it is not written.
[[nodiscard]] Result<std::optional<std::uint64_t>> parse_cpu(const Attributes& attributes,
                                                             const Board&      board);

} // namespace tool
