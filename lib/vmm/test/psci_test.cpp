// SPDX-License-Identifier: BSD-2-Clause
// PSCI 1.1 clause by clause (DEN 0022, section 5), and SMCCC with its other services.
#include "vmm/smccc.hpp"

#include "kit/fake_microkit.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace {

namespace psci  = arch::psci;
namespace smccc = arch::smccc;
namespace trng  = arch::trng;
using base::GuestPhysical;
using vmm::VcpuId;

constexpr std::uint64_t k_ram_start = 0x4000'0000;
constexpr std::uint64_t k_ram_size  = 0x1000'0000;

/// Writes down what PSCI asks of the machine.
class FakePower final : public vmm::PowerHost {
public:
    void power_on(VcpuId vcpu, GuestPhysical entry, std::uint64_t context) override
    {
        log.push_back("on " + std::to_string(vcpu) + " " + std::to_string(entry.raw()) + " " +
                      std::to_string(context));
    }
    void power_off(VcpuId vcpu) override { log.push_back("off " + std::to_string(vcpu)); }
    void standby(VcpuId vcpu) override { log.push_back("standby " + std::to_string(vcpu)); }
    void suspend_system(VcpuId vcpu, GuestPhysical, std::uint64_t) override
    {
        log.push_back("suspend " + std::to_string(vcpu));
    }
    void system_off() override { log.emplace_back("system off"); }
    void system_reset(vmm::ResetKind kind) override
    {
        log.emplace_back(kind == vmm::ResetKind::warm ? "warm reset" : "cold reset");
    }
    void firmware_unreachable() override { log.emplace_back("no firmware"); }
    bool is_ram(GuestPhysical address) const override
    {
        return address.raw() - k_ram_start < k_ram_size;
    }

    std::vector<std::string> log;
};

bool give_ones(std::span<std::byte> bytes)
{
    std::ranges::fill(bytes, std::byte{0xff});
    return true;
}
bool give_nothing(std::span<std::byte>) { return false; }

/// x4 and up, by which a call that changes more than its results is found out.
constexpr std::array<std::uint64_t, 4> k_untouched = {44, 55, 66, 77};

class Calls : public testing::Test {
protected:
    void SetUp() override
    {
        kit::FakeMicrokit::instance().reset();
        table.reset(4);
    }

    /// x0 after the call; nothing if the caller does not resume.
    std::optional<std::int64_t> call(std::uint32_t function, std::uint64_t x1 = 0,
                                     std::uint64_t x2 = 0, std::uint64_t x3 = 0, VcpuId caller = 0)
    {
        // The upper half of x0 is no part of the identifier.
        words             = {0xabcd'0000'0000'0000 | function, x1, x2, x3, 44, 55, 66, 77};
        const auto result = vmm::answer_call(caller, words, config, table, power);
        if (!config.forwards()) {
            EXPECT_TRUE(std::ranges::equal(std::span{words}.subspan(4), k_untouched));
        }
        EXPECT_EQ(result.resumes, result.words > 0);
        if (result.words == 1) {
            EXPECT_EQ(words[1], x1);
            EXPECT_EQ(words[2], x2);
            EXPECT_EQ(words[3], x3);
        }
        if (!result.resumes) {
            return std::nullopt;
        }
        return static_cast<std::int64_t>(words[0]);
    }

    vmm::CallWords   words{};
    vmm::SmcccConfig config{};
    vmm::Psci        table;
    FakePower        power;
};

constexpr std::uint32_t wide(std::uint32_t function) { return function | psci::k_smc64; }

TEST_F(Calls, Version)
{
    EXPECT_EQ(call(psci::k_version), 0x1'0001);
    EXPECT_EQ(words[4], 44u); // x4 and up are preserved
    EXPECT_EQ(call(smccc::k_version), 0x1'0001);
}

TEST_F(Calls, FeaturesTellsTheTruth)
{
    for (const auto function :
         {psci::k_version, psci::k_cpu_suspend, wide(psci::k_cpu_suspend), psci::k_cpu_off,
          psci::k_cpu_on, wide(psci::k_cpu_on), psci::k_affinity_info, wide(psci::k_affinity_info),
          psci::k_migrate_info_type, psci::k_system_off, psci::k_system_reset, psci::k_features,
          psci::k_system_suspend, wide(psci::k_system_suspend), psci::k_system_reset2,
          wide(psci::k_system_reset2), smccc::k_version}) {
        EXPECT_EQ(call(psci::k_features, function), psci::k_success) << std::hex << function;
    }
    // 64-bit twins of functions that have none, and what is optional and absent.
    for (const std::uint32_t function :
         {wide(psci::k_version), wide(psci::k_cpu_off), wide(psci::k_system_off), 0x8400'0005U,
          0xc400'0005U, 0x8400'0007U, 0x8400'000bU, 0x8400'000cU, 0x8400'000dU, 0x8400'000fU,
          0x8400'0010U, 0x8400'0011U, 0x8400'0013U, 0x8400'0014U}) {
        EXPECT_EQ(call(psci::k_features, function), psci::k_not_supported) << std::hex << function;
        EXPECT_EQ(call(function), psci::k_not_supported) << std::hex << function;
    }
    EXPECT_TRUE(power.log.empty());
}

TEST_F(Calls, CpuOnStartsACpu)
{
    EXPECT_EQ(call(wide(psci::k_cpu_on), 2, k_ram_start + 8, 99), psci::k_success);
    EXPECT_EQ(power.log, std::vector<std::string>{"on 2 1073741832 99"});
    EXPECT_EQ(call(wide(psci::k_affinity_info), 2, 0), psci::k_affinity_on);
}

TEST_F(Calls, CpuOnKnowsEveryError)
{
    constexpr auto k_entry = k_ram_start;
    EXPECT_EQ(call(wide(psci::k_cpu_on), 4, k_entry), psci::k_invalid_parameters);
    EXPECT_EQ(call(wide(psci::k_cpu_on), 0x8000'0001, k_entry), psci::k_invalid_parameters);
    EXPECT_EQ(call(wide(psci::k_cpu_on), 0x1'0000'0001, k_entry), psci::k_invalid_parameters);
    EXPECT_EQ(call(wide(psci::k_cpu_on), 0x100, k_entry), psci::k_invalid_parameters);
    EXPECT_EQ(call(wide(psci::k_cpu_on), 0, k_entry), psci::k_already_on);
    EXPECT_EQ(call(wide(psci::k_cpu_on), 1, 0x1000), psci::k_invalid_address);
    EXPECT_EQ(call(wide(psci::k_cpu_on), 1, k_entry + 2), psci::k_invalid_address);
    EXPECT_EQ(call(wide(psci::k_cpu_on), 1, ~0ULL), psci::k_invalid_address);
    EXPECT_TRUE(power.log.empty());
}

TEST_F(Calls, ThirtyTwoBitCallsUseTheLowerHalves)
{
    constexpr std::uint64_t k_dirt = 0xdead'beef'0000'0000;
    EXPECT_EQ(call(psci::k_cpu_on, k_dirt | 1, k_dirt | k_ram_start, k_dirt | 7), psci::k_success);
    EXPECT_EQ(power.log, std::vector<std::string>{"on 1 1073741824 7"});
}

TEST_F(Calls, CpuOffEndsTheCallerAndCpuOnBringsItBack)
{
    EXPECT_EQ(call(wide(psci::k_cpu_on), 1, k_ram_start), psci::k_success);
    EXPECT_EQ(call(psci::k_cpu_off, 0, 0, 0, 1), std::nullopt);
    EXPECT_EQ(power.log.back(), "off 1");
    EXPECT_EQ(call(psci::k_affinity_info, 1, 0), psci::k_affinity_off);
    EXPECT_EQ(call(wide(psci::k_cpu_on), 1, k_ram_start), psci::k_success);
}

TEST_F(Calls, AffinityInfo)
{
    EXPECT_EQ(call(wide(psci::k_affinity_info), 0, 0), psci::k_affinity_on);
    EXPECT_EQ(call(wide(psci::k_affinity_info), 3, 0), psci::k_affinity_off);
    EXPECT_EQ(call(wide(psci::k_affinity_info), 4, 0), psci::k_invalid_parameters);
    EXPECT_EQ(call(wide(psci::k_affinity_info), 0x8000'0000, 0), psci::k_invalid_parameters);
    for (const std::uint64_t level : {1U, 2U, 3U}) {
        EXPECT_EQ(call(wide(psci::k_affinity_info), 0xff, level), psci::k_affinity_on);
        EXPECT_EQ(call(wide(psci::k_affinity_info), 0x1'0000'0000, level),
                  psci::k_invalid_parameters);
    }
    EXPECT_EQ(call(wide(psci::k_affinity_info), 0, 4), psci::k_invalid_parameters);
    EXPECT_EQ(call(psci::k_affinity_info, 0, 0xffff'ffff), psci::k_invalid_parameters);
    // The level is 32 bits wide in the 64-bit call too; the affinity is not.
    EXPECT_EQ(call(wide(psci::k_affinity_info), 0, 0x1'0000'0000), psci::k_affinity_on);
    EXPECT_EQ(call(psci::k_affinity_info, 0x1'0000'0001, 0), psci::k_affinity_off);
    EXPECT_EQ(call(wide(psci::k_affinity_info), 0x1'0000'0001, 0), psci::k_invalid_parameters);
    // Nothing above level 0 is off while one CPU is on.
    EXPECT_EQ(call(wide(psci::k_cpu_on), 3, k_ram_start), psci::k_success);
    EXPECT_EQ(call(psci::k_cpu_off), std::nullopt);
    EXPECT_EQ(call(wide(psci::k_affinity_info), 0, 0, 0, 3), psci::k_affinity_off);
    EXPECT_EQ(call(wide(psci::k_affinity_info), 0, 1, 0, 3), psci::k_affinity_on);
}

TEST_F(Calls, TheLastCpuOffEndsTheMachine)
{
    EXPECT_EQ(call(wide(psci::k_cpu_on), 1, k_ram_start), psci::k_success);
    EXPECT_EQ(call(psci::k_cpu_off), std::nullopt);
    EXPECT_EQ(power.log.back(), "off 0");
    EXPECT_EQ(call(psci::k_cpu_off, 0, 0, 0, 1), std::nullopt);
    EXPECT_EQ(power.log.back(), "system off");
}

TEST_F(Calls, CpuOnIsOverWhenItReturns)
{
    // Nobody ever sees ON_PENDING: of any number of calls one succeeds, the others are too late.
    EXPECT_EQ(call(wide(psci::k_cpu_on), 1, k_ram_start), psci::k_success);
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(call(wide(psci::k_cpu_on), 1, k_ram_start), psci::k_already_on);
    }
    EXPECT_EQ(power.log.size(), 1u);
}

TEST_F(Calls, CpuOnTakesAnyContext)
{
    EXPECT_EQ(call(wide(psci::k_cpu_on), 1, k_ram_start, ~0ULL), psci::k_success);
    EXPECT_EQ(power.log.back(), "on 1 1073741824 18446744073709551615");
    EXPECT_EQ(call(psci::k_cpu_on, 2, k_ram_start, ~0ULL), psci::k_success);
    EXPECT_EQ(power.log.back(), "on 2 1073741824 4294967295");
}

TEST_F(Calls, CpuSuspendStandsBy)
{
    EXPECT_EQ(call(psci::k_cpu_suspend, 0), std::nullopt);
    EXPECT_EQ(power.log.back(), "standby 0");
    EXPECT_EQ(call(wide(psci::k_cpu_suspend), 0x1'0000, k_ram_start), std::nullopt);
    EXPECT_EQ(call(wide(psci::k_cpu_suspend), 0x1'0000, 0), psci::k_invalid_address);
    // Any number may stand for the state; the entry point only counts where power goes down.
    EXPECT_EQ(call(psci::k_cpu_suspend, 0xffff, 3), std::nullopt);
    EXPECT_EQ(call(wide(psci::k_cpu_suspend), 0xffff'ffff'0000'0000), std::nullopt);
    EXPECT_EQ(call(wide(psci::k_cpu_suspend), 0x1'0000, k_ram_start + 1), psci::k_invalid_address);
    EXPECT_EQ(call(psci::k_cpu_suspend, 0x1'0000, 0xf'0000'0000 | k_ram_start), std::nullopt);
    EXPECT_EQ(call(wide(psci::k_cpu_suspend), 0x100'0000), psci::k_invalid_parameters);
    EXPECT_EQ(call(wide(psci::k_cpu_suspend), 0x8000'0000), psci::k_invalid_parameters);
    EXPECT_EQ(call(wide(psci::k_cpu_suspend), 0x2'0000), psci::k_invalid_parameters);
}

TEST_F(Calls, SystemSuspendIsForTheLastCpu)
{
    EXPECT_EQ(call(wide(psci::k_system_suspend), 0), psci::k_invalid_address);
    EXPECT_EQ(call(wide(psci::k_cpu_on), 1, k_ram_start), psci::k_success);
    EXPECT_EQ(call(wide(psci::k_system_suspend), k_ram_start), psci::k_denied);
    EXPECT_EQ(call(psci::k_cpu_off, 0, 0, 0, 1), std::nullopt);
    EXPECT_EQ(call(wide(psci::k_system_suspend), k_ram_start), std::nullopt);
    EXPECT_EQ(power.log.back(), "suspend 0");
}

TEST_F(Calls, SystemOffAndResets)
{
    EXPECT_EQ(call(psci::k_system_off), std::nullopt);
    EXPECT_EQ(call(psci::k_system_reset), std::nullopt);
    EXPECT_EQ(call(psci::k_system_reset2, 0), std::nullopt);
    EXPECT_EQ(call(wide(psci::k_system_reset2), 0), std::nullopt);
    EXPECT_EQ(call(wide(psci::k_system_reset2), 1), psci::k_invalid_parameters);
    EXPECT_EQ(call(wide(psci::k_system_reset2), 0x8000'0000), psci::k_invalid_parameters);
    EXPECT_EQ(call(wide(psci::k_system_reset2), 0xffff'ffff), psci::k_invalid_parameters);
    EXPECT_EQ(power.log,
              (std::vector<std::string>{"system off", "cold reset", "warm reset", "warm reset"}));
}

TEST_F(Calls, MigrationIsNotNeeded)
{
    EXPECT_EQ(call(psci::k_migrate_info_type), psci::k_no_trusted_os);
}

TEST_F(Calls, UnknownFunctionsAreNotSupported)
{
    // One of each owner, fast and yielding; x0 is sign-extended.
    for (std::uint32_t owner = 0; owner < 64; ++owner) {
        for (const std::uint32_t kind : {0U, 0x4000'0000U, 0x8000'0000U, 0xc000'0000U}) {
            EXPECT_EQ(call(kind | owner << 24 | 0xff77), -1) << std::hex << kind << ' ' << owner;
        }
    }
}

TEST_F(Calls, ServicesThatAreNotThereHaveNoUid)
{
    // General queries of each owner (DEN 0028, 6.2): count, UID, reserved, revision.
    for (std::uint32_t owner = 1; owner < 64; ++owner) {
        for (const std::uint32_t query : {0xff00U, 0xff01U, 0xff02U, 0xff03U}) {
            EXPECT_EQ(call(0x8000'0000 | owner << 24 | query), -1) << owner;
        }
    }
}

TEST_F(Calls, YieldingCallsWithAPsciNumberAreNoPsciCalls)
{
    for (const auto function : {psci::k_version, psci::k_cpu_off, psci::k_system_off}) {
        EXPECT_EQ(call(function & 0x7fff'ffff), -1);
        EXPECT_EQ(call((function & 0x7fff'ffff) | psci::k_smc64), -1);
    }
    EXPECT_TRUE(power.log.empty());
}

TEST_F(Calls, TheArchitecturesCallsAre32BitCalls)
{
    config.workarounds = vmm::Workarounds::not_affected;
    for (const auto function :
         {smccc::k_version, smccc::k_arch_features, smccc::k_arch_workaround_1}) {
        EXPECT_EQ(call(wide(function)), -1);
        EXPECT_EQ(call(smccc::k_arch_features, wide(function)), -1);
    }
    EXPECT_EQ(call(smccc::k_arch_features, psci::k_version), -1);
    EXPECT_EQ(call(smccc::k_arch_soc_id), -1);
}

TEST_F(Calls, WorkaroundsDependOnTheBoard)
{
    EXPECT_EQ(call(smccc::k_arch_features, smccc::k_version), 0);
    EXPECT_EQ(call(smccc::k_arch_features, smccc::k_arch_features), 0);
    EXPECT_EQ(call(smccc::k_arch_features, smccc::k_arch_soc_id), -1);
    EXPECT_EQ(call(smccc::k_arch_features, smccc::k_arch_workaround_1), -1);
    EXPECT_EQ(call(smccc::k_arch_workaround_1), -1);
    config.workarounds = vmm::Workarounds::not_affected;
    EXPECT_EQ(call(smccc::k_arch_features, smccc::k_arch_workaround_1), 1);
    EXPECT_EQ(call(smccc::k_arch_features, smccc::k_arch_workaround_2), -2);
    EXPECT_EQ(call(smccc::k_arch_features, smccc::k_arch_workaround_3), 1);
    EXPECT_EQ(call(smccc::k_arch_workaround_1), 0);
}

TEST_F(Calls, TrngNeedsAnEntropySource)
{
    EXPECT_EQ(call(trng::k_version), -1);
    EXPECT_EQ(call(trng::k_rnd64, 64), -1);
    config.entropy = give_ones;
    EXPECT_EQ(call(trng::k_version), 0x1'0000);
    EXPECT_EQ(call(trng::k_features, trng::k_rnd64), 0);
    EXPECT_EQ(call(trng::k_features, 0x8400'0099), -1);
    EXPECT_GE(call(trng::k_get_uuid), 0);
}

TEST_F(Calls, TrngGivesTheBitsAskedFor)
{
    config.entropy = give_ones;
    EXPECT_EQ(call(trng::k_rnd64, 65), 0);
    EXPECT_EQ(words[3], ~0ULL);
    EXPECT_EQ(words[2], 1u);
    EXPECT_EQ(words[1], 0u);
    EXPECT_EQ(call(trng::k_rnd64, 192), 0);
    EXPECT_EQ(words[1], ~0ULL);
    EXPECT_EQ(call(trng::k_rnd32, 33), 0);
    EXPECT_EQ(words[3], 0xffff'ffffu);
    EXPECT_EQ(words[2], 1u);
    EXPECT_EQ(call(trng::k_rnd64, 0), -2);
    EXPECT_EQ(call(trng::k_rnd64, 193), -2);
    EXPECT_EQ(call(trng::k_rnd32, 97), -2);
    EXPECT_EQ(call(trng::k_rnd32, 0x1'0000'0020), 0); // 32 bits: its argument is w1
    EXPECT_EQ(words[3], 0xffff'ffffu);
    EXPECT_EQ(call(trng::k_rnd64, 0x1'0000'0020), -2);
    config.entropy = give_nothing;
    EXPECT_EQ(call(trng::k_rnd64, 64, 2, 3), -3);
    EXPECT_EQ(words[1] | words[2] | words[3], 0u);
}

TEST_F(Calls, FirmwareThatTheKernelKeepsFromUsIsReported)
{
    config.forward = {{0x8200'0000, 0x8200'ffff}};
    EXPECT_EQ(call(0x8200'0010, 0x7'0000'0037), -1);
    EXPECT_EQ(words[1], 0x7'0000'0037u) << "the guest's x1";
    EXPECT_EQ(power.log, std::vector<std::string>{"no firmware"});
}

TEST_F(Calls, OnlyListedCallsOfSipAndOemAreForwarded)
{
    auto& fake  = kit::FakeMicrokit::instance();
    fake.on_smc = [](const microkit::SmcWords& in) {
        auto out = in;
        out[0]   = 123;
        out[5]   = 99;
        return out;
    };
    EXPECT_EQ(call(0x8200'0010), -1);
    config.forward = {{0x8200'0010, 0x8200'001f}, {0x8400'0000, 0x8400'ffff}};
    EXPECT_EQ(call(0x8200'0010), 123);
    EXPECT_EQ(words[5], 99u);
    EXPECT_EQ(call(0x0200'0010), -1); // the yielding call of that number is another one
    EXPECT_EQ(call(0x8200'0020), -1);
    EXPECT_EQ(call(0x8300'0010), -1);
    // Never the services that could touch the host, whatever the list says.
    EXPECT_EQ(call(0x8400'0051), -1);
    EXPECT_EQ(call(psci::k_system_off), std::nullopt);
    EXPECT_EQ(fake.system_calls["smc"], 1u);
}

TEST_F(Calls, AFirstArgumentDecidesWhetherACallIsForwarded)
{
    auto& fake  = kit::FakeMicrokit::instance();
    fake.on_smc = [](const microkit::SmcWords& in) {
        auto out = in;
        out[0]   = 0;
        return out;
    };
    // "Clock 55, on": of the list that a section has, beside the configuration's own.
    const std::array<vmm::ForwardedCalls, 2> list{
        {{0xc200'0024, 0xc200'0024, 55, 55}, {0xc200'0026, 0xc200'0026}}};
    config.also_forward = list;
    EXPECT_TRUE(config.forwards());
    EXPECT_EQ(call(0xc200'0024, 54), -1);
    EXPECT_EQ(call(0xc200'0024, 56), -1);
    EXPECT_EQ(fake.system_calls["smc"], 0u);
    EXPECT_EQ(call(0xc200'0024, 0x7'0000'0037), 0); // the upper half is another argument
    EXPECT_EQ(call(0xc200'0026, 54), 0);
    EXPECT_EQ(call(0xc200'0025, 55), -1);
    EXPECT_EQ(fake.system_calls["smc"], 2u);
    // Of a 32-bit call the firmware gets what was compared, whatever it makes of the rest.
    const std::array<vmm::ForwardedCalls, 1> narrow{{{0x8200'0024, 0x8200'0024, 55, 55}}};
    config.also_forward = narrow;
    fake.on_smc         = [](const microkit::SmcWords& in) {
        EXPECT_EQ(in[1], 55u);
        return in;
    };
    (void)call(0x8200'0024, 0x7'0000'0037);
    EXPECT_EQ(fake.system_calls["smc"], 3u);
}

} // namespace
