// SPDX-License-Identifier: BSD-2-Clause
// PSCI SYSTEM_SUSPEND (DEN 0022, 5.19): the machine sleeps until its timer is due and starts anew.
// The last check of all: the program goes on at the entry point.
#include "calls.hpp"
#include "check.hpp"
#include "controller.hpp"
#include "sections.hpp"

#include "guest/gic.hpp"

#include "arch/smccc.hpp"

extern "C" std::uint64_t conformance_suspend(std::uint64_t function, std::uint64_t conduit);
extern "C" std::uint64_t conformance_woken[2]; ///< x0 and SCTLR_EL1 at the entry point

namespace conformance {

void check_system_suspend()
{
    constexpr const char* k_name = "DEN0022 SYSTEM_SUSPEND";
    const std::uint64_t   id     = arch::psci::k_system_suspend | arch::psci::k_smc64;
    if (static_cast<std::int32_t>(call(arch::psci::k_features, id)) < 0) {
        check_equal(static_cast<std::uint64_t>(call(id)), static_cast<std::uint64_t>(-1), k_name,
                    "not implemented: NOT_SUPPORTED");
        skip(k_name, "the machine wakes at the entry point, x0 is the context", "not implemented");
        return;
    }
    quiet();
    check_equal(static_cast<std::uint64_t>(call(id, 0xffff'ffff'f000)),
                static_cast<std::uint64_t>(arch::psci::k_invalid_address), k_name,
                "an entry outside of memory: INVALID_ADDRESS");
    guest::gic().enable(platform().virtual_timer);
    const auto deadline = guest::now() + guest::ticks_per_second() / 100;
    guest::start_timer(deadline);
    const auto result = conformance_suspend(id, platform().conduit == guest::Conduit::smc ? 1 : 0);
    check_equal(result, 0x77, k_name, "the machine wakes at the entry point, x0 is the context");
    check_equal(conformance_woken[1] & 0x1005, 0, k_name, "MMU and caches are off there");
    check(guest::now() >= deadline, k_name, "not before its timer is due");
    guest::stop_timer();
    quiet();
}

} // namespace conformance
