// SPDX-License-Identifier: BSD-2-Clause
// Is this machine what the specifications say? One line for each check, a count at the end.
#include "check.hpp"
#include "controller.hpp"
#include "sections.hpp"

#include "guest/console.hpp"
#include "guest/gic.hpp"
#include "guest/main.hpp"

namespace conformance {
namespace {

constinit const guest::Platform* the_platform = nullptr;

} // namespace

const guest::Platform& platform() { return *the_platform; }

} // namespace conformance

void guest::run(const Platform& platform)
{
    using namespace conformance;
    the_platform = &platform;
    print("conformance: GICv", platform.gic_version, ", ", platform.cpus.size(), " CPUs, ",
          platform.conduit == Conduit::hvc ? "HVC" : "SMC", "\n");
    select_gic(platform);
    check_device_tree();
    set_up_controller();
    check_gic_registers();
    is_v3() ? check_gic_v3_registers() : check_gic_v2_registers();
    check_gic_delivery();
    check_gic_sgis();
    check_gic_routing();
    check_timers();
    check_psci();
    check_psci_cpus();
    check_smccc();
    check_traps();
    check_mmio();
    check_bad_entries();
    check_system_suspend();
    print_summary();
}
