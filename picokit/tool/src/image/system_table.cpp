// SPDX-License-Identifier: BSD-2-Clause
// Writes the table that the kernel reads at boot: picokit/system_table.hpp.
#include "image/system_table.hpp"

#include "layout/address_space.hpp"
#include "picokit/abi.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace tool {
namespace {

static_assert(std::endian::native == std::endian::little, "structures are written as they are");

using namespace picokit;

class Writer {
public:
    Writer(const Inputs& inputs, const Placement& placement, const AddressMaps& maps)
        : inputs_{inputs}
        , placement_{placement}
        , maps_{maps}
        , bytes_(sizeof(SystemTable))
    {
    }

    Bytes run()
    {
        SystemTable table{};
        table.magic       = k_table_magic;
        table.image_start = placement_.image.address;
        table.image_size  = placement_.image.size;
        table.kernel_root = maps_.tables.address(maps_.kernel);
        table.pds         = append(pds());
        table.vcpus       = append(vcpus());
        table.irqs        = append(irq_entries(inputs_.system));
        table.clears      = append(clears());
        table.copies      = append(placement_.copies);
        table.domains     = append(domains());
        std::memcpy(bytes_.data(), &table, sizeof table);
        return std::move(bytes_);
    }

private:
    template <class T>
    TableArray append(const std::vector<T>& items)
    {
        static_assert(std::has_unique_object_representations_v<T>, "padding would leak");
        bytes_.resize(*base::align_up<std::size_t>(bytes_.size(), alignof(std::uint64_t)));
        const auto offset = bytes_.size();
        bytes_.resize(offset + items.size() * sizeof(T));
        if (!items.empty()) {
            std::memcpy(bytes_.data() + offset, items.data(), items.size() * sizeof(T));
        }
        return {placement_.table.address + offset, items.size()};
    }

    std::uint8_t domain_of(const ProtectionDomain& pd) const
    {
        if (!inputs_.system.domains) {
            return 0;
        }
        const auto& all = inputs_.system.domains->domains;
        return static_cast<std::uint8_t>(
            std::ranges::find(all, pd.domain.value_or(""), &Domain::name)->id.value_or(0));
    }

    /// What a PD and the vCPUs of its virtual machine have alike.
    ThreadEntry thread(const ProtectionDomain& pd, const Scheduling& scheduling,
                       const std::string& name) const
    {
        ThreadEntry entry{};
        entry.priority  = static_cast<std::uint8_t>(scheduling.priority);
        entry.cpu       = static_cast<std::uint8_t>(pd.cpu);
        entry.domain    = domain_of(pd);
        entry.budget_us = scheduling.budget_us;
        entry.period_us = scheduling.period_us;
        name.copy(entry.name, k_name_length);
        return entry;
    }

    std::vector<PdEntry> pds()
    {
        std::vector<PdEntry> entries;
        for (std::size_t i = 0; i < inputs_.system.pds.size(); ++i) {
            const auto& pd = inputs_.system.pds[i];
            PdEntry     entry{};
            entry.thread             = thread(pd, pd.scheduling, pd.name);
            entry.thread.stage2_root = maps_.pd_roots[i];
            entry.thread.vmid        = static_cast<std::uint16_t>(i + 1);
            entry.thread.parent = pd.parent ? static_cast<std::uint16_t>(*pd.parent) : k_no_parent;
            entry.thread.child_id = static_cast<std::uint8_t>(pd.child_id);
            entry.entry           = inputs_.programs[i].image.entry;
            entry.stack_top       = k_stack_top;
            entry.stack_bottom    = stack_bottom(pd);
            entry.ipc_buffer      = placement_.pds[i].ipc_buffer;
            entry.caps            = append(pd_caps(inputs_, i));
            entry.user_caps       = append(user_caps(pd));
            entry.passive         = pd.passive;
            entry.fpu             = pd.fpu;
            entries.push_back(entry);
        }
        return entries;
    }

    std::vector<CapEntry> user_caps(const ProtectionDomain& pd) const
    {
        std::vector<CapEntry> caps(pd.cspace ? PICOKIT_CAP_USER_SLOTS : 0);
        for (const auto& cap : pd.user_caps) {
            const auto type     = cap.kind == UserCapKind::tcb             ? CapType::tcb
                                  : cap.kind == UserCapKind::sched_context ? CapType::sched_context
                                                                           : CapType::vspace;
            const auto pd_index = *inputs_.system.find_pd(cap.pd);
            caps[cap.slot]      = {type, 0, static_cast<std::uint16_t>(pd_index)};
        }
        return caps;
    }

    std::vector<VcpuEntry> vcpus() const
    {
        std::vector<VcpuEntry> entries;
        auto                   vmid = inputs_.system.pds.size();
        for (std::size_t i = 0; i < inputs_.system.pds.size(); ++i) {
            const auto& pd = inputs_.system.pds[i];
            if (!pd.vm) {
                continue;
            }
            ++vmid;
            for (const auto& vcpu : pd.vm->vcpus) {
                VcpuEntry entry{thread(pd, pd.vm->scheduling, pd.vm->name)};
                entry.thread.stage2_root = maps_.vm_roots[i];
                entry.thread.vmid        = static_cast<std::uint16_t>(vmid);
                entry.thread.parent      = static_cast<std::uint16_t>(i);
                entry.thread.child_id    = static_cast<std::uint8_t>(vcpu.id);
                entry.thread.cpu         = static_cast<std::uint8_t>(vcpu.cpu.value_or(pd.cpu));
                entries.push_back(entry);
            }
        }
        return entries;
    }

    std::vector<ClearEntry> clears() const
    {
        std::vector<ClearEntry> entries;
        entries.reserve(placement_.clears.size());
        for (const auto& extent : placement_.clears) {
            entries.push_back({extent.address, extent.size});
        }
        return entries;
    }

    std::vector<DomainEntry> domains() const
    {
        std::vector<DomainEntry> entries;
        if (!inputs_.system.domains) {
            return entries;
        }
        const auto& all = *inputs_.system.domains;
        for (const auto& slot : all.schedule) {
            const auto domain = std::ranges::find(all.domains, slot.domain, &Domain::name);
            entries.push_back(
                {slot.duration, static_cast<std::uint8_t>(domain->id.value_or(0)), slot.ticks, {}});
        }
        return entries;
    }

    const Inputs&      inputs_;
    const Placement&   placement_;
    const AddressMaps& maps_;
    Bytes              bytes_;
};

} // namespace

Bytes build_system_table(const Inputs& inputs, const Placement& placement, const AddressMaps& maps)
{
    return Writer{inputs, placement, maps}.run();
}

} // namespace tool
