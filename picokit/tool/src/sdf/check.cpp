// SPDX-License-Identifier: BSD-2-Clause
// The rules that hold between elements, wherever in the document they stand.
#include "sdf/check.hpp"

#include "picokit/system_table.hpp"

#include <fmt/format.h>
#include <map>
#include <tuple>

namespace tool {
namespace {

using Errors = std::vector<Diagnostic>;

void add(Errors& errors, const Location& where, std::string what, std::string hint)
{
    errors.push_back({where, std::move(what), std::move(hint)});
}

/// Remembers who used a key first.
template <class Key>
class FirstUse {
public:
    /// The first user's place if there was one before.
    const Location* insert(const Key& key, const Location& where)
    {
        const auto [it, fresh] = first_.emplace(key, where);
        return fresh ? nullptr : &it->second;
    }

private:
    std::map<Key, Location> first_;
};

void check_unique(Errors& errors, FirstUse<std::string>& names, std::string_view kind,
                  const std::string& name, const Location& where)
{
    if (const auto* first = names.insert(name, where)) {
        add(errors, where, fmt::format("{} '{}' is declared twice", kind, name),
            fmt::format("choose another name; the first is at {}", to_string(*first)));
    }
}

void check_names(const System& system, Errors& errors)
{
    FirstUse<std::string> pds, vms, regions;
    for (const auto& pd : system.pds) {
        if (pd.name == "monitor") {
            add(errors, pd.where, "a protection domain is named 'monitor'",
                "choose another name: this one is reserved for the monitor of faults");
        }
        check_unique(errors, pds, "protection domain", pd.name, pd.where);
        if (pd.vm) {
            check_unique(errors, vms, "virtual machine", pd.vm->name, pd.vm->where);
        }
    }
    for (const auto& region : system.regions) {
        check_unique(errors, regions, "memory region", region.name, region.where);
    }
}

/// Children and vCPUs of one PD share the numbers that `fault` gets.
void check_children(const System& system, Errors& errors)
{
    std::vector<FirstUse<std::uint64_t>> used(system.pds.size());
    std::size_t                          vcpus = 0;
    for (std::size_t i = 0; i < system.pds.size(); ++i) {
        const auto& pd = system.pds[i];
        if (pd.vm) {
            for (const auto& vcpu : pd.vm->vcpus) {
                used[i].insert(vcpu.id, vcpu.where);
                if (++vcpus == picokit::k_max_vcpus + 1) {
                    add(errors, vcpu.where,
                        fmt::format("vCPU {} of virtual machine '{}' is one too many", vcpu.id,
                                    pd.vm->name),
                        fmt::format("a system has at most {} vCPUs", picokit::k_max_vcpus));
                }
            }
        }
        if (!pd.parent) {
            continue;
        }
        if (const auto* first = used[*pd.parent].insert(pd.child_id, pd.where)) {
            add(errors, pd.where,
                fmt::format("id {} of protection domain '{}' is used twice in its parent '{}'",
                            pd.child_id, pd.name, system.pds[*pd.parent].name),
                fmt::format("choose another id: child protection domains and vCPUs share the "
                            "numbers; the first use is at {}",
                            to_string(*first)));
        }
    }
}

void check_regions_exist(const System& system, Errors& errors)
{
    const auto check = [&](const std::string& region, const Location& where) {
        if (!system.find_region(region)) {
            add(errors, where, fmt::format("memory region '{}' is not declared", region),
                fmt::format("add <memory_region name=\"{}\" … /> to 'system' or correct the name",
                            region));
        }
    };
    for (const auto& pd : system.pds) {
        for (const auto& map : pd.maps) {
            check(map.region, map.where);
        }
        if (pd.vm) {
            for (const auto& map : pd.vm->maps) {
                check(map.region, map.where);
            }
        }
        for (const auto& setvar : pd.setvars) {
            // Those of maps name the region of their map, which has just been checked.
            if (setvar.source == SetvarSource::region_paddr) {
                check(setvar.region, setvar.where);
            }
        }
    }
}

void check_prefill_size(const System& system, Errors& errors)
{
    for (const auto& pd : system.pds) {
        for (const auto& setvar : pd.setvars) {
            const auto region = system.find_region(setvar.region);
            if (setvar.source == SetvarSource::region_prefill_size && region &&
                !system.regions[*region].prefill_path) {
                add(errors, setvar.where,
                    fmt::format("'setvar_prefill_size' for memory region '{}', which has no "
                                "'prefill_path'",
                                setvar.region),
                    "add a prefill_path to the region, or use setvar_size");
            }
        }
    }
}

bool pd_exists(const System& system, const std::string& name, const Location& where, Errors& errors)
{
    if (system.find_pd(name)) {
        return true;
    }
    add(errors, where, fmt::format("protection domain '{}' is not declared", name),
        "correct the name, or declare the protection domain");
    return false;
}

void check_user_caps(const System& system, Errors& errors)
{
    for (const auto& pd : system.pds) {
        for (const auto& cap : pd.user_caps) {
            static_cast<void>(pd_exists(system, cap.pd, cap.where, errors));
        }
    }
}

void check_channels(const System& system, Errors& errors)
{
    for (const auto& channel : system.channels) {
        const auto& [a, b] = channel.ends;
        // Both, so that both names are reported.
        const bool first  = pd_exists(system, a.pd, a.where, errors);
        const bool second = pd_exists(system, b.pd, b.where, errors);
        if (!first || !second || (!a.pp && !b.pp)) {
            continue;
        }
        const auto& caller = system.pds[*system.find_pd(a.pp ? a.pd : b.pd)];
        const auto& callee = system.pds[*system.find_pd(a.pp ? b.pd : a.pd)];
        if (callee.scheduling.priority <= caller.scheduling.priority) {
            add(errors, a.pp ? a.where : b.where,
                fmt::format("protection domain '{}' (priority {}) calls '{}' (priority {})",
                            caller.name, caller.scheduling.priority, callee.name,
                            callee.scheduling.priority),
                "a callee must have a higher priority than its callers: change one of the two");
        }
    }
}

/// Interrupts and ends of channels of one PD share the identifiers 0 to 61.
void check_identifiers(const System& system, Errors& errors)
{
    std::vector<FirstUse<std::uint64_t>> used(system.pds.size());
    const auto check = [&](std::size_t pd, std::uint64_t id, const Location& where) {
        if (const auto* first = used[pd].insert(id, where)) {
            add(errors, where,
                fmt::format("id {} is used twice in protection domain '{}'", id,
                            system.pds[pd].name),
                fmt::format("choose another id: interrupts and channels share the numbers; the "
                            "first use is at {}",
                            to_string(*first)));
        }
    };
    for (std::size_t i = 0; i < system.pds.size(); ++i) {
        for (const auto& irq : system.pds[i].irqs) {
            check(i, irq.id, irq.where);
        }
    }
    for (const auto& channel : system.channels) {
        for (const auto& end : channel.ends) {
            if (const auto pd = system.find_pd(end.pd)) {
                check(*pd, end.id, end.where);
            }
        }
    }
}

void check_interrupts(const System& system, Errors& errors)
{
    FirstUse<std::uint64_t> used;
    std::size_t             count = 0;
    for (const auto& pd : system.pds) {
        for (const auto& irq : pd.irqs) {
            if (const auto* first = used.insert(irq.number, irq.where)) {
                add(errors, irq.where, fmt::format("interrupt {} is used twice", irq.number),
                    fmt::format("one protection domain gets an interrupt; the first use is at {}",
                                to_string(*first)));
            }
            if (++count == picokit::k_max_irqs + 1) {
                add(errors, irq.where, fmt::format("interrupt {} is one too many", irq.number),
                    fmt::format("picokit routes at most {} interrupts", picokit::k_max_irqs));
            }
        }
    }
}

void check_setvars(const System& system, Errors& errors)
{
    FirstUse<std::pair<std::size_t, std::string>> used;
    for (std::size_t i = 0; i < system.pds.size(); ++i) {
        for (const auto& setvar : system.pds[i].setvars) {
            if (const auto* first = used.insert({i, setvar.symbol}, setvar.where)) {
                add(errors, setvar.where,
                    fmt::format("symbol '{}' of protection domain '{}' is set twice", setvar.symbol,
                                system.pds[i].name),
                    fmt::format("remove one of the two; the first is at {}", to_string(*first)));
            }
        }
    }
}

void check_domain(const System& system, const ProtectionDomain& pd, Errors& errors)
{
    if (!system.domains) {
        if (pd.domain) {
            add(errors, pd.where,
                fmt::format(
                    "protection domain '{}' names domain '{}' but the system has no domains",
                    pd.name, *pd.domain),
                "add 'domains' before the protection domains, or remove the attribute");
        }
        return;
    }
    const auto& domains = *system.domains;
    if (!pd.domain) {
        add(errors, pd.where, fmt::format("protection domain '{}' has no 'domain'", pd.name),
            fmt::format("the system declares domains at {}: every protection domain names one",
                        to_string(domains.where)));
        return;
    }
    if (std::tie(domains.where.line, domains.where.column) >
        std::tie(pd.where.line, pd.where.column)) {
        add(errors, pd.where,
            fmt::format("protection domain '{}' names domain '{}' before domains are declared",
                        pd.name, *pd.domain),
            fmt::format("move 'domains' from {} before the first protection domain",
                        to_string(domains.where)));
        return;
    }
    for (const auto& domain : domains.domains) {
        if (domain.name == *pd.domain) {
            return;
        }
    }
    add(errors, pd.where, fmt::format("domain '{}' is not declared", *pd.domain),
        fmt::format("add <domain name=\"{}\" /> to 'domains' or correct the name", *pd.domain));
}

} // namespace

std::vector<Diagnostic> check_system(const System& system)
{
    Errors errors;
    check_names(system, errors);
    if (!errors.empty()) {
        return errors; // what is looked up by name below would be ambiguous
    }
    check_children(system, errors);
    check_regions_exist(system, errors);
    check_prefill_size(system, errors);
    check_user_caps(system, errors);
    check_channels(system, errors);
    check_identifiers(system, errors);
    check_interrupts(system, errors);
    check_setvars(system, errors);
    for (const auto& pd : system.pds) {
        check_domain(system, pd, errors);
    }
    return errors;
}

void attach_channel_setvars(System& system)
{
    for (const auto& channel : system.channels) {
        for (const auto& end : channel.ends) {
            const auto pd = system.find_pd(end.pd);
            if (pd && !end.setvar.empty()) {
                system.pds[*pd].setvars.push_back(
                    {end.where, end.setvar, SetvarSource::value, end.id});
            }
        }
    }
}

} // namespace tool
