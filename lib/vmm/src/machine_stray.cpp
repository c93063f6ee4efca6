// SPDX-License-Identifier: BSD-2-Clause
// What happens to a guest that touches what its machine does not have.
#include "vmm/machine.hpp"

#include "guest_cpu.hpp"

#include "fdt/address.hpp"

#include <algorithm>

namespace vmm {
namespace {

/// The address that the instruction names. The fault tells only where it led to.
std::optional<base::GuestVirtual> virtual_address(const StrayAccess& access, const GuestCpu& cpu)
{
    if (access.virtual_address) {
        return access.virtual_address;
    }
    const auto instruction = cpu.instruction();
    const bool write =
        access.kind == AccessKind::write || (access.kind != AccessKind::read && access.value != 0);
    return instruction ? cpu.culprit(*instruction, access.address, write) : std::nullopt;
}

} // namespace

StrayPolicy Machine::decide(const StrayAccess& access)
{
    return config_.on_stray != nullptr ? config_.on_stray(*this, access) : config_.stray;
}

bool Machine::punish(const StrayAccess& access, StrayPolicy policy)
{
    if (is_obsolete()) {
        return false; // the owner has stopped or restarted it instead
    }
    if (policy == StrayPolicy::stop) {
        report_and_stop(access);
        return false;
    }
    // What cannot be ignored (there is no instruction to go on with) aborts.
    take_exception(vcpu(access.vcpu), exception_for(access));
    return true;
}

GuestException Machine::exception_for(const StrayAccess& access) const
{
    const GuestCpu cpu{vcpu(access.vcpu), memory_};
    switch (access.kind) {
    case AccessKind::fetch:
        return GuestException::fetch_abort(cpu.walk_error_at_pc().value_or(k_external_abort));
    case AccessKind::read:
        return GuestException::data_abort(k_external_abort, false, virtual_address(access, cpu));
    case AccessKind::write:
        return GuestException::data_abort(k_external_abort, true, virtual_address(access, cpu));
    case AccessKind::undecodable:
        return GuestException::data_abort(k_external_abort, access.value != 0,
                                          virtual_address(access, cpu));
    case AccessKind::table_or_bus: {
        const bool write = access.value != 0;
        const auto walk  = cpu.walk_error();
        return walk ? GuestException::data_abort(walk->status, write, walk->address)
                    : GuestException::data_abort(k_external_abort, write,
                                                 virtual_address(access, cpu));
    }
    case AccessKind::exception:
    case AccessKind::sysreg_read:
    case AccessKind::sysreg_write:
    case AccessKind::call:
        break;
    }
    return GuestException::undefined();
}

void Machine::report_and_stop(const StrayAccess& access)
{
    std::array<char, 160> text{};
    const auto            node = node_at(access.address, text);
    pause(); // what the report shows does not change meanwhile
    print_report(sink(), name(), access, node);
    watch_.reported = true;
    black_box(Trouble::stray_access, access.vcpu, &access, node);
    if (is_obsolete()) {
        return; // the owner, who heard of it, has done something else about it
    }
    stop();
    tell(Event::stopped);
}

std::string_view Machine::node_at(base::GuestPhysical address, std::span<char> text)
{
    // The guest may have written over its copy by now; the reader takes anything.
    std::span<const std::byte> blob   = images_.dtb;
    const auto                 window = memory_.window(tree_.start(), tree_.size());
    if (blob.empty() && window) {
        blob = window->bytes();
    }
    const auto tree = fdt::Tree::create(blob);
    if (!tree) {
        return {};
    }
    const auto coverage = fdt::covering(*tree, address.raw());
    const auto path     = coverage ? coverage->node.path(text) : std::string_view{};
    std::ranges::replace_if(
        text.first(path.size()), [](char c) { return c < ' ' || c >= 0x7f; }, '?');
    return path;
}

} // namespace vmm
