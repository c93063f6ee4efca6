// SPDX-License-Identifier: BSD-2-Clause
// The black-box report of an access that nothing answers.
#include "vmm/access.hpp"
#include "vmm/exit_log.hpp"

namespace vmm {
namespace {

using base::Hex;
using base::print;

std::string_view verb(AccessKind kind)
{
    switch (kind) {
    case AccessKind::read:
        return "read";
    case AccessKind::write:
        return "wrote";
    case AccessKind::fetch:
        return "fetched an instruction";
    case AccessKind::table_or_bus:
        return "walked its page tables through, or got a bus error at,";
    case AccessKind::undecodable:
        return "accessed with an instruction that cannot be emulated";
    case AccessKind::exception:
        return "took an exception that nobody handles";
    case AccessKind::sysreg_read:
        return "read a system register that it does not have:";
    case AccessKind::sysreg_write:
        return "wrote a system register that it does not have:";
    case AccessKind::call:
        return "made a call that nobody offers: function";
    }
    return "did something";
}

bool has_size(AccessKind kind) { return kind == AccessKind::read || kind == AccessKind::write; }

bool has_address(AccessKind kind)
{
    return kind != AccessKind::exception && kind != AccessKind::call &&
           kind != AccessKind::sysreg_read && kind != AccessKind::sysreg_write;
}

} // namespace

void print_report(base::Sink sink, std::string_view machine, const StrayAccess& access,
                  std::string_view node)
{
    print(sink, "vmm: guest \"", machine, "\" stopped: vCPU ", access.vcpu, ' ', verb(access.kind));
    if (has_size(access.kind)) {
        print(sink, ' ', bytes(access.size), bytes(access.size) == 1 ? " byte" : " bytes");
    }
    if (access.kind == AccessKind::write) {
        print(sink, " (", Hex{access.value}, ')');
    }
    if (access.kind == AccessKind::call) {
        print(sink, ' ', Hex{access.value, 8});
    }
    if (access.kind == AccessKind::sysreg_read || access.kind == AccessKind::sysreg_write) {
        sink(' ');
        print_sysreg(sink, access.syndrome);
    }
    if (has_address(access.kind)) {
        print(sink, " at ", Hex{access.address.raw(), 8}, ", where it has nothing");
    }
    print(sink, "\n  guest PC ", Hex{access.pc.raw()}, "  ESR ", Hex{access.syndrome.raw(), 8},
          '\n');
    if (!has_address(access.kind)) {
        return;
    }
    if (node.empty()) {
        print(sink, "  no node of its device tree covers the address\n");
    } else {
        print(sink, "  device tree: ", node, '\n');
    }
    print(sink, "  ways out: map the device into the virtual machine (<map> in the .system file);\n"
                "            set status = \"disabled\" in the guest's device-tree node;\n"
                "            or build the guest without the driver that does this\n");
}

} // namespace vmm
