// SPDX-License-Identifier: BSD-2-Clause
// The system calls on virtual CPUs.
#include "syscall_result.hpp"

#include "kernel/irq.hpp"
#include "kernel/system.hpp"

namespace kernel {
namespace {

using picokit::CapType;

Vcpu* find_vcpu(const Pd& caller, std::uint64_t cap)
{
    const int index = find_object(caller, cap, CapType::vcpu);
    return index < 0 ? nullptr : g_system.vcpu_of_index[static_cast<unsigned>(index)];
}

/// virq | priority << 16 | group << 24 | index << 32
struct Injection : base::Register<Injection, std::uint64_t> {
    using Register::Register;
    using virq     = base::Field<15, 0, std::uint32_t>;
    using priority = base::Field<23, 16, std::uint8_t>;
    using group    = base::Field<31, 24, std::uint8_t>;
    using index    = base::Field<47, 32, std::uint32_t>;
    using source   = base::Field<55, 48, std::uint8_t>;
};

/// All that is in range, whatever the index: one look instead of four.
constexpr std::uint64_t k_injection_fields = Injection{}
                                                 .with<Injection::virq>(1023)
                                                 .with<Injection::priority>(31)
                                                 .with<Injection::group>(1)
                                                 .with<Injection::index>(0xffff)
                                                 .with<Injection::source>(k_gic_source_mask)
                                                 .raw();

[[gnu::cold]] Thread* refuse_injection(VirtualInterrupt irq, Pd& caller)
{
    if (irq.intid > 1023) {
        return out_of_range(caller, 0, 1023);
    }
    if (irq.priority > 31) {
        return out_of_range(caller, 0, 31);
    }
    if (irq.group > 1) {
        return out_of_range(caller, 0, 1);
    }
    return out_of_range(caller, 0, k_gic_source_mask);
}

} // namespace

Thread* sys_vcpu_read(std::uint64_t cap, std::uint64_t field, std::uint64_t, Pd& caller, Core& core)
{
    Vcpu* const vcpu = find_vcpu(caller, cap);
    if (vcpu == nullptr) {
        return done(caller, Error::invalid_capability);
    }
    if (field >= static_cast<std::uint64_t>(VcpuField::public_count)) {
        return done(caller, Error::invalid_argument);
    }
    caller.context[Word::x1] = read_field(core, *vcpu, static_cast<VcpuField>(field));
    return done(caller, Error::none);
}

Thread* sys_vcpu_write(std::uint64_t cap, std::uint64_t field, std::uint64_t value, Pd& caller,
                       Core& core)
{
    Vcpu* const vcpu = find_vcpu(caller, cap);
    if (vcpu == nullptr) {
        return done(caller, Error::invalid_capability);
    }
    if (field >= static_cast<std::uint64_t>(VcpuField::public_count)) {
        return done(caller, Error::invalid_argument);
    }
    write_field(core, *vcpu, static_cast<VcpuField>(field), value);
    return done(caller, Error::none);
}

Thread* sys_vcpu_inject(std::uint64_t cap, std::uint64_t what, std::uint64_t, Pd& caller,
                        Core& core)
{
    Vcpu* const vcpu = find_vcpu(caller, cap);
    if (vcpu == nullptr) {
        return done(caller, Error::invalid_capability);
    }
    const Injection        injection{what};
    const VirtualInterrupt irq{.intid    = injection.get<Injection::virq>(),
                               .priority = injection.get<Injection::priority>(),
                               .group    = injection.get<Injection::group>(),
                               .source   = injection.get<Injection::source>()};
    const std::uint32_t    index = injection.get<Injection::index>();
    if ((what & ~k_injection_fields) != 0) [[unlikely]] {
        return refuse_injection(irq, caller);
    }
    if (index >= core.list_registers) {
        return out_of_range(caller, 0, core.list_registers - 1);
    }
    // Like seL4, by the copy in memory: it is as old as the last exchange of vCPUs, so that only a
    // guest among several can find its interrupt active here.
    VirtualInterface& interface = vcpu->interface;
    if (VirtualInterface::state(interface.lr[index]) == arch::VirtualState::active) {
        return done(caller, Error::delete_first);
    }
    const auto entry    = VirtualInterface::entry(irq);
    interface.lr[index] = entry;
    if (core.loaded == vcpu) {
        VirtualInterface::write_lr(index, entry);
    }
    return done(caller, Error::none);
}

Thread* sys_vcpu_ack_vppi(std::uint64_t cap, std::uint64_t intid, std::uint64_t, Pd& caller,
                          Core& core)
{
    Vcpu* const vcpu = find_vcpu(caller, cap);
    if (vcpu == nullptr) {
        return done(caller, Error::invalid_capability);
    }
    if (intid > board::max_intid) {
        return out_of_range(caller, 0, board::max_intid);
    }
    if (intid != board::timer.virtual_timer) {
        return done(caller, Error::invalid_argument);
    }
    vcpu->vppi_masked = false;
    if (core.loaded == vcpu) {
        borrow(core, k_changed_vtimer); // takes effect when the vCPU is entered
    }
    return done(caller, Error::none);
}
Thread* sys_vcpu_list_register(std::uint64_t cap, std::uint64_t index, std::uint64_t states,
                               Pd& caller, Core& core)
{
    Vcpu* const vcpu = find_vcpu(caller, cap);
    if (vcpu == nullptr) {
        return done(caller, Error::invalid_capability);
    }
    if (index >= core.list_registers) {
        return out_of_range(caller, 0, core.list_registers - 1);
    }
    caller.context[Word::x1] = static_cast<std::uint64_t>(
        take_list_register(core, *vcpu, static_cast<unsigned>(index), states));
    return done(caller, Error::none);
}

Thread* sys_vcpu_reset(std::uint64_t cap, std::uint64_t parts, std::uint64_t, Pd& caller,
                       Core& core)
{
    Vcpu* const vcpu = find_vcpu(caller, cap);
    if (vcpu == nullptr) {
        return done(caller, Error::invalid_capability);
    }
    reset(core, *vcpu, parts);
    return done(caller, Error::none);
}

} // namespace kernel
