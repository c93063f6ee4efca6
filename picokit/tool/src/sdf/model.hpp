// SPDX-License-Identifier: BSD-2-Clause
// What a system description says, element by element, after each element alone has been checked.
#pragma once

#include "diagnostic.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tool {

/// Limits of the language.
inline constexpr std::uint64_t k_max_channel_id    = 61;
inline constexpr std::uint64_t k_max_child_id      = 63;
inline constexpr std::uint64_t k_max_priority      = 254;
inline constexpr std::uint64_t k_min_stack_size    = 0x1000;
inline constexpr std::uint64_t k_max_stack_size    = 0x100'0000;
inline constexpr std::uint64_t k_domain_slots      = 100; ///< of the schedule, with the end marker
inline constexpr std::uint64_t k_default_budget_us = 1000;
inline constexpr std::uint64_t k_default_stack     = 0x2000;

struct Permissions {
    bool read    = false;
    bool write   = false;
    bool execute = false;

    bool operator==(const Permissions&) const = default;
};

struct Map {
    Location      where;
    std::string   region;
    std::uint64_t vaddr = 0; ///< guest physical inside a virtual machine
    Permissions   permissions;
    bool          cached = true;
};

struct Irq {
    Location      where;
    std::uint64_t number = 0; ///< INTID
    std::uint64_t id     = 0; ///< channel
    bool          edge   = false;
};

/// Where the value of a symbol comes from.
enum class SetvarSource : std::uint8_t { value, region_size, region_prefill_size, region_paddr };

struct Setvar {
    Location      where;
    std::string   symbol;
    SetvarSource  source = SetvarSource::value;
    std::uint64_t value  = 0; ///< for SetvarSource::value
    std::string   region{};   ///< for the others
};

struct Scheduling {
    std::uint64_t priority  = 0;
    std::uint64_t budget_us = k_default_budget_us;
    std::uint64_t period_us = k_default_budget_us;
};

struct Vcpu {
    Location                     where;
    std::uint64_t                id = 0;
    std::optional<std::uint64_t> cpu;
};

struct VirtualMachine {
    Location          where;
    std::string       name;
    Scheduling        scheduling;
    std::vector<Vcpu> vcpus;
    std::vector<Map>  maps;
};

enum class UserCapKind : std::uint8_t { tcb, sched_context, vspace };

struct UserCap {
    Location      where;
    UserCapKind   kind = UserCapKind::tcb;
    std::uint64_t slot = 0;
    std::string   pd;
};

struct Program {
    Location                   where;
    std::string                path;
    std::optional<std::string> path_for_symbols;
};

struct ProtectionDomain {
    Location                      where;
    std::string                   name;
    std::optional<std::size_t>    parent;       ///< index of the parent
    std::uint64_t                 child_id = 0; ///< if there is a parent
    Scheduling                    scheduling;
    std::uint64_t                 stack_size = k_default_stack;
    std::uint64_t                 cpu        = 0;
    bool                          passive    = false;
    bool                          smc        = false;
    bool                          fpu        = true;
    std::optional<std::string>    domain;
    Program                       program;
    std::vector<Map>              maps;
    std::vector<Irq>              irqs;
    std::vector<Setvar>           setvars;
    std::optional<VirtualMachine> vm;
    std::optional<Location>       cspace;
    std::vector<UserCap>          user_caps;
};

struct MemoryRegion {
    Location                     where;
    std::string                  name;
    std::optional<std::uint64_t> size;
    std::optional<std::uint64_t> page_size;
    std::optional<std::uint64_t> phys_addr;
    std::optional<std::string>   prefill_path;
};

struct ChannelEnd {
    Location      where;
    std::string   pd;
    std::uint64_t id     = 0;
    bool          notify = true;
    bool          pp     = false;
    std::string   setvar{}; ///< empty: none
};

struct Channel {
    Location                  where;
    std::array<ChannelEnd, 2> ends;
};

struct Domain {
    Location                     where;
    std::string                  name;
    std::optional<std::uint64_t> id; ///< always there once parsed
};

struct ScheduleEntry {
    Location      where;
    std::string   domain;
    std::uint64_t duration = 0;
    bool          ticks    = false; ///< else microseconds
};

struct Domains {
    Location                   where;
    std::vector<Domain>        domains;
    std::vector<ScheduleEntry> schedule; ///< what runs, over and over
};

struct System {
    std::string                   file;
    std::vector<ProtectionDomain> pds; ///< depth first, in the order of the document
    std::vector<MemoryRegion>     regions;
    std::vector<Channel>          channels;
    std::optional<Domains>        domains;

    [[nodiscard]] std::optional<std::size_t> find_pd(std::string_view name) const;
    [[nodiscard]] std::optional<std::size_t> find_region(std::string_view name) const;
};

} // namespace tool
