// SPDX-License-Identifier: BSD-2-Clause
// Who keeps whom from running.
#include "rule.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace check {
namespace {

/// Calls visit(guest) for each guest whose virtual machine is above its VMM.
template <class Visit>
void each_above(const Subject& subject, Visit visit)
{
    for (const auto& guest : subject.guests) {
        if (guest->vm->scheduling.priority > guest->vmm->scheduling.priority) {
            visit(*guest);
        }
    }
}

std::string priorities(const Guest& guest)
{
    return fmt::format("'{}' has priority {}, its VMM '{}' {}", guest.vm->name,
                       guest.vm->scheduling.priority, guest.vmm->name,
                       guest.vmm->scheduling.priority);
}

void above(const Subject& subject, Findings& findings)
{
    each_above(subject, [&](const Guest& guest) {
        if (guest.vm->vcpus.size() == 1) {
            findings.add({guest.vm->where, {}}, priorities(guest),
                         fmt::format("write priority=\"{}\" or less for the virtual machine",
                                     guest.vmm->scheduling.priority));
        }
    });
}

void above_smp(const Subject& subject, Findings& findings)
{
    each_above(subject, [&](const Guest& guest) {
        if (guest.vm->vcpus.size() > 1) {
            findings.add({guest.vm->where, {}},
                         fmt::format("{}, and there are {} vCPUs", priorities(guest),
                                     guest.vm->vcpus.size()),
                         fmt::format("write priority=\"{}\" or less for the virtual machine",
                                     guest.vmm->scheduling.priority - 1));
        }
    });
}

/// Whether a budget leaves time to others.
bool is_limited(const tool::Scheduling& scheduling)
{
    return scheduling.budget_us < scheduling.period_us;
}

void above_server(const Subject& subject, Findings& findings)
{
    if (!subject.system) {
        return;
    }
    for (const auto& guest : subject.guests) {
        const auto& mine = guest->vm->scheduling;
        for (const auto& channel : subject.system->channels) {
            const auto& [a, b] = channel.ends;
            if (a.pd != guest->vmm->name && b.pd != guest->vmm->name) {
                continue;
            }
            const auto& other =
                subject.system
                    ->pds[*subject.system->find_pd(a.pd == guest->vmm->name ? b.pd : a.pd)];
            // Another VMM has no part in what this guest waits for.
            if (!other.vm && other.scheduling.priority < mine.priority && !is_limited(mine)) {
                findings.add({guest->vm->where, {}},
                             fmt::format("'{}' (priority {}) keeps '{}' (priority {}) from running "
                                         "while it computes, and its VMM works with that",
                                         guest->vm->name, mine.priority, other.name,
                                         other.scheduling.priority),
                             fmt::format("raise '{}' above {}, or lower the virtual machine",
                                         other.name, mine.priority));
            }
        }
    }
}

void passive_never_called(const Subject& subject, Findings& findings)
{
    if (!subject.system) {
        return;
    }
    for (const auto& domain : subject.system->pds) {
        const bool called =
            std::ranges::any_of(subject.system->channels, [&](const tool::Channel& channel) {
                const auto& [a, b] = channel.ends;
                return (a.pd == domain.name && b.pp) || (b.pd == domain.name && a.pp);
            });
        if (domain.passive && !called && domain.irqs.empty() && !domain.parent) {
            findings.add(
                {domain.where, {}},
                fmt::format("'{}' is passive, and no channel lets anybody call it", domain.name),
                "write pp=\"true\" at the callers' ends of its channels, or remove "
                "passive=\"true\"");
        }
    }
}

void no_timer(const Subject& subject, Findings& findings)
{
    if (!subject.system) {
        return;
    }
    for (const auto& guest : subject.guests) {
        const bool calls =
            std::ranges::any_of(subject.system->channels, [&](const tool::Channel& channel) {
                return std::ranges::any_of(channel.ends, [&](const tool::ChannelEnd& end) {
                    return end.pd == guest->vmm->name && end.pp;
                });
            });
        if (!calls) {
            findings.add({guest->vmm->where, {}},
                         fmt::format("the VMM '{}' of '{}' calls nobody, hence no timer driver",
                                     guest->vmm->name, guest->vm->name),
                         "add a timer driver and a channel with pp=\"true\" to it, in a layout "
                         "<timer name=\"timer\" />, and tell the VMM (`wake_by`)");
        }
    }
}

constexpr std::uint64_t k_last_id = 61; ///< of a vCPU

void vcpu_ids(const Subject& subject, Findings& findings)
{
    for (const auto& guest : subject.guests) {
        const auto& all = guest->vm->vcpus;
        for (std::size_t i = 1; i < all.size(); ++i) {
            if (all[i].id != all[i - 1].id + 1) {
                findings.add({all[i].where, {}},
                             fmt::format("vCPU {} of '{}' follows vCPU {}", all[i].id,
                                         guest->vm->name, all[i - 1].id),
                             all[i - 1].id < k_last_id
                                 ? fmt::format("write id=\"{}\"", all[i - 1].id + 1)
                                 : fmt::format("begin with a smaller one: {} is the last there is",
                                               k_last_id));
                break;
            }
        }
    }
}

constexpr std::array k_rules{
    Rule{"vm-above-vmm", Severity::warning, "a virtual machine above its VMM",
         "Interrupts of devices wait until the guest is idle: the VMM does not run before.",
         "the VMM's priority above that of its virtual machine", above},
    Rule{
        "smp-above-vmm", Severity::error, "a virtual machine with several vCPUs above its VMM",
        "CPUs of a guest spin for each other. One that spins above the VMM keeps it from answering "
        "the CPU that it spins for: the guest hangs, for ever.",
        "the VMM's priority above that of its virtual machine, and a short budget for the latter",
        above_smp},
    Rule{
        "vm-above-server", Severity::warning,
        "a virtual machine above a program that its VMM works with",
        "While the guest computes, its disk, network or console stand still, for all who use them.",
        "drivers and virtualisers above the virtual machines", above_server},
    Rule{"passive-never-called", Severity::error, "a passive protection domain that nobody calls",
         "It has no time of its own after init(), so that it never runs again.",
         "let its clients call it (pp=\"true\"), or make it active", passive_never_called},
    Rule{"no-timer-driver", Severity::warning, "a VMM without a timer driver",
         "The virtual timer is off while a guest waits. Without a driver to wake it, the VMM must "
         "let it wait busily: an idle guest takes a whole core.",
         "give the VMM a channel to a timer driver", no_timer},
    Rule{"vcpu-ids-apart", Severity::error, "vCPUs whose ids do not follow each other",
         "libvmm takes the id of the first and counts on; the guest does not start.",
         "ids side by side, in order", vcpu_ids},
};

} // namespace

Chapter priority_rules() { return {"Scheduling", k_rules}; }

} // namespace check
