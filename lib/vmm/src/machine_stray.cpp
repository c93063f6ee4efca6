// SPDX-License-Identifier: BSD-2-Clause
// What happens to a guest that touches what its machine does not have.
#include "vmm/machine.hpp"

#include "fdt/address.hpp"
#include "vmm/guest_exception.hpp"

#include <algorithm>

namespace vmm {

StrayPolicy Machine::decide(const StrayAccess& access)
{
    return config_.on_stray != nullptr ? config_.on_stray(*this, access) : config_.stray;
}

bool Machine::punish(const StrayAccess& access, StrayPolicy policy)
{
    if (policy == StrayPolicy::stop) {
        report_and_stop(access);
        return false;
    }
    // What cannot be ignored (there is no instruction to go on with) aborts.
    switch (access.kind) {
    case AccessKind::read:
        take_exception(vcpu(access.vcpu), GuestException::read_abort);
        break;
    case AccessKind::write:
        take_exception(vcpu(access.vcpu), GuestException::write_abort);
        break;
    case AccessKind::fetch:
        take_exception(vcpu(access.vcpu), GuestException::fetch_abort);
        break;
    case AccessKind::table_or_bus:
    case AccessKind::undecodable:
        take_exception(vcpu(access.vcpu), access.value != 0 ? GuestException::write_abort
                                                            : GuestException::read_abort);
        break;
    case AccessKind::exception:
        take_exception(vcpu(access.vcpu), GuestException::undefined);
        break;
    }
    return true;
}

void Machine::report_and_stop(const StrayAccess& access)
{
    std::array<char, 96> text{};
    print_report(sink(), config_.name, access, node_at(access.address, text));
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
    return coverage ? coverage->node.path(text) : std::string_view{};
}

} // namespace vmm
