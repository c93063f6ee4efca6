// SPDX-License-Identifier: BSD-2-Clause
// The calling convention (DEN 0028), Arm's architecture calls, TRNG (DEN 0098), and calls of
// nobody.
#include "calls.hpp"
#include "check.hpp"
#include "sections.hpp"

#include "arch/smccc.hpp"

namespace conformance {
namespace {

namespace smccc = arch::smccc;
namespace trng  = arch::trng;

constexpr auto k_unsupported = static_cast<std::uint64_t>(-1);
/// Results are 32 bits wide, and what is above them means nothing.
constexpr std::uint64_t k_unsupported_word = 0xffff'ffff;

std::uint64_t word(std::uint64_t function, std::uint64_t x1 = 0, std::uint64_t x2 = 0)
{
    return static_cast<std::uint64_t>(call(function, x1, x2)) & 0xffff'ffff;
}

void check_unknown()
{
    constexpr const char*   k_owners[]{"architecture", "CPU",
                                       "SiP",          "OEM",
                                       "standard",     "standard hypervisor",
                                       "hypervisor",   "trusted application",
                                       "trusted OS",   "nobody's"};
    constexpr std::uint64_t k_numbers[]{0, 1, 2, 3, 4, 5, 6, 48, 50, 20};
    for (unsigned i = 0; i < 10; ++i) {
        for (const std::uint64_t kind : {0x8000'0000ULL, 0xc000'0000ULL}) {
            const auto id    = kind | k_numbers[i] << 24 | 0x7e77;
            const auto words = call_with_marks(platform().conduit, id, 11, 22, 33);
            check_equal(kind == 0x8000'0000 ? words[0] & 0xffff'ffff : words[0],
                        kind == 0x8000'0000 ? k_unsupported_word : k_unsupported,
                        kind == 0x8000'0000 ? "DEN0028 5.2 unknown calls, 32 bits"
                                            : "DEN0028 5.2 unknown calls, 64 bits",
                        {"-1, owner: ", k_owners[i]});
            check(words[1] == 11 && words[2] == 22 && words[3] == 33 && keeps_marks(words),
                  kind == 0x8000'0000 ? "DEN0028 5.2 unknown calls, 32 bits"
                                      : "DEN0028 5.2 unknown calls, 64 bits",
                  {"x1 to x17 are as before, owner: ", k_owners[i]});
        }
    }
    check_equal(word(0x0400'0000), k_unsupported_word, "DEN0028 2.5 identifier",
                "a yielding call with PSCI's number is no PSCI call");
    check_equal(word(0), k_unsupported_word, "DEN0028 2.5 identifier", "0: -1");
    check_equal(word(0xffff'ffff), k_unsupported_word, "DEN0028 2.5 identifier", "0xffffffff: -1");
    check_equal(word(0x8600'ff01), k_unsupported_word, "DEN0028 vendor hypervisor UID",
                "-1 where there are no such calls");
}

void check_architecture()
{
    const auto said    = static_cast<std::int32_t>(call(arch::psci::k_features, smccc::k_version));
    const auto version = word(smccc::k_version);
    if (said < 0) {
        check_equal(version, k_unsupported_word, "DEN0028 SMCCC_VERSION",
                    "-1 where PSCI_FEATURES says that it is not there");
        skip("DEN0028 SMCCC_VERSION", "1.1 or later", "PSCI_FEATURES says that it is not there");
        return;
    }
    check(version >= 0x1'0001 && version < 0x2'0000, "DEN0028 SMCCC_VERSION", "1.1 or later");
    check_equal(word(smccc::k_arch_features, smccc::k_version), 0, "DEN0028 SMCCC_ARCH_FEATURES",
                "knows SMCCC_VERSION");
    check_equal(word(smccc::k_arch_features, smccc::k_arch_features), 0,
                "DEN0028 SMCCC_ARCH_FEATURES", "knows itself");
    check_equal(word(smccc::k_arch_features, 0x8000'3abc), k_unsupported_word,
                "DEN0028 SMCCC_ARCH_FEATURES", "-1 for what nobody knows");
    struct Probe {
        std::uint64_t    id;
        std::string_view name;
    };
    for (const auto& [id, name] : {Probe{smccc::k_arch_workaround_1, "SMCCC_ARCH_WORKAROUND_1"},
                                   Probe{smccc::k_arch_workaround_2, "SMCCC_ARCH_WORKAROUND_2"},
                                   Probe{smccc::k_arch_workaround_3, "SMCCC_ARCH_WORKAROUND_3"},
                                   Probe{smccc::k_arch_soc_id, "SMCCC_ARCH_SOC_ID"}}) {
        const auto answer = static_cast<std::int32_t>(word(smccc::k_arch_features, id));
        check(answer >= -2 && answer <= 1, "DEN0028 SMCCC_ARCH_FEATURES",
              {"a value that is defined: ", name});
        const auto words = call_with_marks(platform().conduit, id, 0);
        check((answer != -1 || (words[0] & 0xffff'ffff) == k_unsupported_word) &&
                  keeps_marks(words),
              "DEN0028 SMCCC_ARCH_FEATURES", {"what it says is so: ", name});
    }
    check_equal(word(0xc000'0000), k_unsupported_word, "DEN0028 SMCCC_VERSION",
                "has no 64-bit form");
}

void check_entropy()
{
    constexpr const char* k_name  = "DEN0098 TRNG_RND";
    const auto            version = static_cast<std::int32_t>(word(trng::k_version));
    if (version < 0) {
        check_equal(word(trng::k_rnd32, 32), k_unsupported_word, k_name,
                    "-1 where TRNG_VERSION says that it is not there");
        skip("DEN0098 TRNG_VERSION", "1.x", "no TRNG");
        return;
    }
    check(version >= 0x1'0000 && version < 0x2'0000, "DEN0098 TRNG_VERSION", "1.x");
    for (const auto id : {trng::k_version, trng::k_features, trng::k_get_uuid, trng::k_rnd32}) {
        check_equal(word(trng::k_features, id), 0, "DEN0098 TRNG_FEATURES",
                    {"knows ", id == trng::k_version    ? "TRNG_VERSION"
                               : id == trng::k_features ? "TRNG_FEATURES"
                               : id == trng::k_get_uuid ? "TRNG_GET_UUID"
                                                        : "TRNG_RND"});
    }
    check_equal(word(trng::k_features, 0x8400'005f), k_unsupported_word, "DEN0098 TRNG_FEATURES",
                "-1 for what nobody knows");
    check(word(trng::k_get_uuid) != k_unsupported_word, "DEN0098 TRNG_GET_UUID", "gives one");
    check_equal(word(trng::k_rnd32, 0), 0xffff'fffe, k_name, "0 bits: INVALID_PARAMETERS");
    check_equal(word(trng::k_rnd32, 97), 0xffff'fffe, k_name,
                "97 bits of the 32-bit form: INVALID_PARAMETERS");
    check_equal(word(trng::k_rnd64, 193), 0xffff'fffe, k_name,
                "193 bits of the 64-bit form: INVALID_PARAMETERS");
    const auto words = call_with_marks(platform().conduit, trng::k_rnd64, 70);
    if (static_cast<std::int64_t>(words[0]) == trng::k_no_entropy) {
        skip(k_name, "70 bits lie in x2 and x3", "no entropy at the moment");
        return;
    }
    check(words[0] == 0 && words[1] == 0 && words[2] >> 6 == 0 && keeps_marks(words), k_name,
          "70 bits lie in x2 and x3");
    const auto again = call_with_marks(platform().conduit, trng::k_rnd64, 192);
    check(again[0] == 0 && (again[1] | again[2] | again[3]) != 0 && again[3] != words[3], k_name,
          "192 bits, others than before");
}

} // namespace

void check_smccc()
{
    check_unknown();
    check_architecture();
    check_entropy();
}

} // namespace conformance
