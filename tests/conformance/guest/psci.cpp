// SPDX-License-Identifier: BSD-2-Clause
// PSCI 1.1 (DEN 0022): what one CPU can find out. psci_cpus.cpp has the rest.
#include "calls.hpp"
#include "check.hpp"
#include "controller.hpp"
#include "sections.hpp"

#include "guest/gic.hpp"
#include "guest/psci.hpp"

#include "arch/smccc.hpp"

namespace conformance {
namespace {

namespace psci = arch::psci;
using guest::Conduit;

constexpr std::uint64_t k_wide = psci::k_smc64;

struct Function {
    std::uint64_t    id;
    std::string_view name;
    bool             has_wide;
};
constexpr Function k_mandatory[]{
    {psci::k_version, "PSCI_VERSION", false},
    {psci::k_cpu_suspend, "CPU_SUSPEND", true},
    {psci::k_cpu_off, "CPU_OFF", false},
    {psci::k_cpu_on, "CPU_ON", true},
    {psci::k_affinity_info, "AFFINITY_INFO", true},
    {psci::k_system_off, "SYSTEM_OFF", false},
    {psci::k_system_reset, "SYSTEM_RESET", false},
    {psci::k_features, "PSCI_FEATURES", false},
};

std::uint64_t here() { return reinterpret_cast<std::uint64_t>(conformance_bare_start); }

void check_conduits()
{
    const auto usual = platform().conduit;
    for (const auto conduit : {Conduit::hvc, Conduit::smc}) {
        const bool  hvc  = conduit == Conduit::hvc;
        const char* text = hvc ? "answered by HVC" : "answered by SMC";
        if (conduit != usual && !answers(conduit)) {
            skip("DEN0022 conduit", text, "the device tree names the other conduit");
            continue;
        }
        const auto words = call_with_marks(conduit, psci::k_version, 11, 22, 33);
        check(static_cast<std::int64_t>(words[0]) > 0, "DEN0022 conduit", text);
        check(words[1] == 11 && words[2] == 22 && words[3] == 33 && keeps_marks(words),
              "DEN0028 2.6 registers", {"x1 to x17 are as before, ", hvc ? "HVC" : "SMC"});
        Words numbered{psci::k_version};
        hvc ? conformance_hvc_numbered(numbered.data()) : conformance_smc_numbered(numbered.data());
        check(static_cast<std::int32_t>(numbered[0]) > 0 ||
                  static_cast<std::int32_t>(numbered[0]) == -1,
              "DEN0028 2.8 immediates",
              {"one that is not zero: answered or -1, ", hvc ? "HVC" : "SMC"});
    }
}

void check_features()
{
    const auto version = call(psci::k_version);
    check(version >= 0x1'0000 && version < 0x2'0000, "DEN0022 PSCI_VERSION", "1.x");
    check_equal(static_cast<std::uint64_t>(call(0xdead'0000'0000'0000 | psci::k_version)),
                static_cast<std::uint64_t>(version), "DEN0028 2.5 identifier",
                "the upper half of x0 is ignored");
    for (const auto& function : k_mandatory) {
        check(static_cast<std::int32_t>(call(psci::k_features, function.id)) >= 0,
              "DEN0022 PSCI_FEATURES", {"there is ", function.name});
        const auto wide = static_cast<std::int32_t>(call(psci::k_features, function.id | k_wide));
        check(function.has_wide ? wide >= 0 : wide == -1, "DEN0022 PSCI_FEATURES",
              {"of the 64-bit form it knows the truth: ", function.name});
    }
    check_equal(static_cast<std::uint64_t>(call(psci::k_features, psci::k_cpu_suspend)) & ~3ULL, 0,
                "DEN0022 PSCI_FEATURES", "CPU_SUSPEND: reserved flags are zero");
    for (const std::uint64_t unknown : {0x8400'001fULL, 0x8500'0000ULL, 0ULL, 0xffff'ffffULL}) {
        check_equal(static_cast<std::uint64_t>(call(psci::k_features, unknown)),
                    static_cast<std::uint64_t>(-1), "DEN0022 PSCI_FEATURES",
                    {"an unknown function: NOT_SUPPORTED, ", unknown == 0             ? "0"
                                                             : unknown == 0x8400'001f ? "0x8400001f"
                                                             : unknown == 0x8500'0000
                                                                 ? "0x85000000"
                                                                 : "0xffffffff"});
    }
    struct Optional {
        std::uint64_t    id;
        std::string_view name;
    };
    // Calls that need nothing and change nothing: what FEATURES says of them must be so.
    for (const auto& [id, name] :
         {Optional{0x8400'0006, "MIGRATE_INFO_TYPE"}, Optional{0x8400'0007, "MIGRATE_INFO_UP_CPU"},
          Optional{0x8400'0013, "MEM_PROTECT"}, Optional{0x8400'000d, "NODE_HW_STATE"},
          Optional{0x8400'0010, "PSCI_STAT_RESIDENCY"}}) {
        const bool said = static_cast<std::int32_t>(call(psci::k_features, id)) >= 0;
        const bool is   = static_cast<std::int32_t>(call(id, ~0U, ~0U)) != -1;
        check(said == is, "DEN0022 PSCI_FEATURES", {"what it says is so: ", name});
    }
    const auto type = call(psci::k_migrate_info_type);
    check(type == 2 || type == -1, "DEN0022 MIGRATE_INFO_TYPE", "no Trusted OS that must migrate");
    check_equal(static_cast<std::uint64_t>(call(psci::k_features | k_wide, psci::k_version)),
                static_cast<std::uint64_t>(-1), "DEN0022 PSCI_FEATURES",
                "has no 64-bit form itself");
}

void check_errors()
{
    constexpr auto k_invalid = static_cast<std::uint64_t>(psci::k_invalid_parameters);
    const auto     own       = platform().cpus[0];
    const auto     on        = [](std::uint64_t target, std::uint64_t entry) {
        return static_cast<std::uint64_t>(call(psci::k_cpu_on | k_wide, target, entry));
    };
    constexpr auto k_already = static_cast<std::uint64_t>(psci::k_already_on);
    check_equal(on(own, here()), k_already, "DEN0022 CPU_ON", "the caller itself: ALREADY_ON");
    check_equal(static_cast<std::uint64_t>(call(psci::k_cpu_on, own, here())), k_already,
                "DEN0022 CPU_ON", "the caller itself: ALREADY_ON, 32-bit form");
    check_equal(on(0xff, here()), k_invalid, "DEN0022 CPU_ON",
                "an affinity that nobody has: INVALID_PARAMETERS");
    check_equal(on(0x1'0000'0000 | own, here()), k_invalid, "DEN0022 CPU_ON",
                "an Aff3 that nobody has: INVALID_PARAMETERS");
    check_equal(on(0x8000'0000 | own, here()), k_invalid, "DEN0022 CPU_ON",
                "a bit beside the affinity (MPIDR's bit 31): INVALID_PARAMETERS");
    check_equal(static_cast<std::uint64_t>(call(psci::k_cpu_on, 0x1'0000'0000 | own, here())),
                k_already, "DEN0022 CPU_ON", "32-bit form: the upper half of x1 is ignored");

    const auto info = [](std::uint64_t target, std::uint64_t level) {
        return static_cast<std::uint64_t>(call(psci::k_affinity_info | k_wide, target, level));
    };
    check_equal(info(own, 0), 0, "DEN0022 AFFINITY_INFO", "the caller is on");
    check_equal(static_cast<std::uint64_t>(call(psci::k_affinity_info, own, 0)), 0,
                "DEN0022 AFFINITY_INFO", "the caller is on, 32-bit form");
    check_equal(info(0xff, 0), k_invalid, "DEN0022 AFFINITY_INFO",
                "an affinity that nobody has: INVALID_PARAMETERS");
    check_equal(info(own, 4), k_invalid, "DEN0022 AFFINITY_INFO",
                "a level that there is not: INVALID_PARAMETERS");
    for (const std::uint64_t level : {1U, 2U, 3U}) {
        const auto state = info(own, level);
        check(state == 0 || state == k_invalid, "DEN0022 AFFINITY_INFO",
              {"on, or INVALID_PARAMETERS, at level ", level == 1   ? "1"
                                                       : level == 2 ? "2"
                                                                    : "3"});
    }
}

void check_suspend()
{
    constexpr auto k_invalid = static_cast<std::uint64_t>(psci::k_invalid_parameters);
    const auto     suspend   = [](std::uint64_t state, std::uint64_t entry = 0) {
        return static_cast<std::uint64_t>(call(psci::k_cpu_suspend | k_wide, state, entry, 99));
    };
    quiet();
    check_equal(suspend(0x8000'0000), k_invalid, "DEN0022 CPU_SUSPEND",
                "reserved bits at the top: INVALID_PARAMETERS");
    check_equal(suspend(0x2'0000), k_invalid, "DEN0022 CPU_SUSPEND",
                "reserved bits in the middle: INVALID_PARAMETERS");
    prepare(k_spi);
    set(Reg::set_pending, k_spi);
    check_equal(suspend(0), 0, "DEN0022 CPU_SUSPEND",
                "standby with an interrupt pending: SUCCESS at once");
    check_equal(take_and_end() & k_number, k_spi, "DEN0022 CPU_SUSPEND",
                "the interrupt that ended it is there");
    set(Reg::set_pending, k_spi);
    const auto words = call_with_marks(platform().conduit, psci::k_cpu_suspend | k_wide, 0, 22, 33);
    check(words[0] == 0 && words[2] == 22 && words[3] == 33 && keeps_marks(words),
          "DEN0022 CPU_SUSPEND", "standby keeps the registers");
    (void)take_and_end();

    const auto frequency = guest::ticks_per_second();
    const auto before    = guest::now();
    guest::gic().enable(platform().virtual_timer);
    guest::start_timer(before + frequency / 200);
    check_equal(suspend(0), 0, "DEN0022 CPU_SUSPEND", "standby until the timer: SUCCESS");
    check(guest::now() >= before + frequency / 200, "DEN0022 CPU_SUSPEND",
          "and not before the timer");
    guest::stop_timer();
    (void)take_and_end();
    quiet();
}

void check_resets()
{
    constexpr auto k_reset2 = psci::k_system_reset2;
    if (static_cast<std::int32_t>(call(psci::k_features, k_reset2)) < 0) {
        skip("DEN0022 SYSTEM_RESET2", "a reserved type: INVALID_PARAMETERS", "not implemented");
        check_equal(static_cast<std::uint64_t>(call(k_reset2, 1)), static_cast<std::uint64_t>(-1),
                    "DEN0022 SYSTEM_RESET2", "not implemented: NOT_SUPPORTED");
        return;
    }
    for (const std::uint64_t id : {std::uint64_t{k_reset2}, k_reset2 | k_wide}) {
        check_equal(static_cast<std::uint64_t>(call(id, 1)),
                    static_cast<std::uint64_t>(psci::k_invalid_parameters), "DEN0022 SYSTEM_RESET2",
                    {"a reserved type: INVALID_PARAMETERS", id == k_reset2 ? "" : ", 64-bit form"});
    }
    const auto vendor = static_cast<std::int32_t>(call(k_reset2, 0x8000'0001));
    check(vendor == -2 || vendor == -1, "DEN0022 SYSTEM_RESET2",
          "a vendor's type that there is not: an error");
}

void check_el0()
{
    constexpr std::uint64_t k_unknown = 0;
    const auto              ec        = [](std::uint64_t esr) { return esr >> 26; };
    check_equal(ec(at_el0(conformance_el0_svc)), 0x15, "DDI0487 SVC", "EL0 comes back by SVC");
    check_equal(ec(at_el0(conformance_el0_hvc)), k_unknown, "DDI0487 HVC", "undefined at EL0");
    check_equal(ec(at_el0(conformance_el0_smc)), k_unknown, "DDI0487 SMC", "undefined at EL0");
    check(ec(at_el0(conformance_el0_vbar)) == 0 || ec(at_el0(conformance_el0_vbar)) == 0x18,
          "DDI0487 MRS", "a register of EL1 is refused at EL0");
    check_equal(ec(at_el0(conformance_el0_udf)), k_unknown, "DDI0487 UDF", "undefined at EL0");
}

} // namespace

void check_psci()
{
    check_conduits();
    check_features();
    check_errors();
    check_suspend();
    check_resets();
    check_el0();
}

} // namespace conformance
