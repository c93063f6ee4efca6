// SPDX-License-Identifier: BSD-2-Clause
// SMCCC 1.1: architecture calls, TRNG (DEN 0098), forwarding; PSCI has its own file.
#include "vmm/smccc.hpp"

#include "microkit/smc.hpp"

#include <algorithm>
#include <cstring>

namespace vmm {
namespace {

using arch::SmcccFunction;
using arch::SmcccOwner;

constexpr auto k_not_supported = arch::smccc::k_not_supported;

/// Results are sign-extended to the whole register, for 32-bit calls too: a guest that looks at
/// either width sees the error.
CallResult value(CallWords& words, std::int64_t result)
{
    words[0] = static_cast<std::uint64_t>(result);
    return {.resumes = true, .words = 1};
}

/// What nobody offers.
CallResult unknown(CallWords& words)
{
    words[0] = static_cast<std::uint64_t>(k_not_supported);
    return {.resumes = true, .words = 1, .unknown = true};
}

bool is_forwarded(SmcccFunction function, std::uint64_t x1, const SmcccConfig& config)
{
    const auto owner = function.get<SmcccFunction::owner>();
    if (owner != SmcccOwner::sip && owner != SmcccOwner::oem) {
        return false;
    }
    const auto argument = static_cast<std::uint32_t>(x1);
    const auto allows   = [&](const ForwardedCalls& calls) {
        return function.raw() >= calls.first && function.raw() <= calls.last &&
               argument >= calls.first_argument && argument <= calls.last_argument;
    };
    return std::ranges::any_of(config.forward, allows) ||
           std::ranges::any_of(config.also_forward, allows);
}

CallResult forward(CallWords& words, SmcccFunction function, PowerHost& host)
{
    auto arguments = words;
    arguments[0]   = function.raw(); // what was checked, and nothing above it
    if (!function.get<SmcccFunction::smc64>()) {
        arguments[1] = static_cast<std::uint32_t>(arguments[1]); // likewise
    }
    const auto results = microkit::smc(arguments);
    if (!results) {
        host.firmware_unreachable();
        return value(words, k_not_supported);
    }
    words = *results;
    return {.resumes = true, .words = 8};
}

std::int64_t architecture_features(std::uint32_t function, const SmcccConfig& config)
{
    switch (function) {
    case arch::smccc::k_version:
    case arch::smccc::k_arch_features:
        return arch::smccc::k_success;
    case arch::smccc::k_arch_workaround_1:
    case arch::smccc::k_arch_workaround_3:
        return config.workarounds == Workarounds::not_affected ? arch::smccc::k_workaround_not_due
                                                               : k_not_supported;
    case arch::smccc::k_arch_workaround_2:
        return config.workarounds == Workarounds::not_affected ? arch::smccc::k_not_required
                                                               : k_not_supported;
    default:
        return k_not_supported;
    }
}

CallResult architecture_call(CallWords& words, const SmcccConfig& config)
{
    switch (static_cast<std::uint32_t>(words[0])) {
    case arch::smccc::k_version:
        return value(words, static_cast<std::int64_t>(arch::smccc::k_version_1_1));
    case arch::smccc::k_arch_features:
        return value(words, architecture_features(static_cast<std::uint32_t>(words[1]), config));
    case arch::smccc::k_arch_workaround_1:
    case arch::smccc::k_arch_workaround_2:
    case arch::smccc::k_arch_workaround_3:
        // On a core that is not affected the calls are allowed and do nothing.
        return value(words, config.workarounds == Workarounds::not_affected ? arch::smccc::k_success
                                                                            : k_not_supported);
    default:
        return unknown(words);
    }
}

/// TRNG's errors leave nothing in x1..x3 (DEN 0098, 2.5: reserved, must be zero).
CallResult no_bits(CallWords& words, std::int64_t error)
{
    words[0] = static_cast<std::uint64_t>(error);
    words[1] = words[2] = words[3] = 0;
    return {.resumes = true, .words = 4};
}

/// TRNG_RND: N bits into x1..x3, the least significant word in x3 (DEN 0098, 2.5).
CallResult random_bits(CallWords& words, bool wide, EntropySource entropy)
{
    const unsigned      word_bits = wide ? 64 : 32;
    const std::uint64_t wanted    = wide ? words[1] : static_cast<std::uint32_t>(words[1]);
    if (wanted == 0 || wanted > 3 * word_bits) {
        return no_bits(words, arch::trng::k_invalid_parameters);
    }
    std::array<std::uint64_t, 3> random{};
    if (!entropy.take(std::as_writable_bytes(std::span{random}))) {
        return no_bits(words, arch::trng::k_no_entropy);
    }
    auto left = static_cast<unsigned>(wanted);
    for (unsigned i = 0; i < 3; ++i) {
        const unsigned      bits = std::min(left, word_bits);
        const std::uint64_t mask = bits == 0 ? 0 : ~std::uint64_t{0} >> (64 - bits);
        words[3 - i]             = random[i] & mask;
        left -= bits;
    }
    words[0] = static_cast<std::uint64_t>(arch::trng::k_success);
    return {.resumes = true, .words = 4};
}

CallResult trng_call(CallWords& words, const SmcccConfig& config)
{
    if (!config.entropy.exists()) {
        return unknown(words);
    }
    switch (static_cast<std::uint32_t>(words[0])) {
    case arch::trng::k_version:
        return value(words, static_cast<std::int64_t>(arch::trng::k_version_1_0));
    case arch::trng::k_features:
        switch (static_cast<std::uint32_t>(words[1])) {
        case arch::trng::k_version:
        case arch::trng::k_features:
        case arch::trng::k_get_uuid:
        case arch::trng::k_rnd32:
        case arch::trng::k_rnd64:
            return value(words, arch::trng::k_success);
        default:
            return value(words, arch::trng::k_not_supported);
        }
    case arch::trng::k_get_uuid: {
        // Names this service; a random UUID (RFC 4122, version 4) made for it once.
        constexpr std::array<std::uint32_t, 4> k_uuid = {0x5f1c'9a3e, 0x0b4d'77c2, 0x9ae1'0c96,
                                                         0xd2f4'38b7};
        std::copy(k_uuid.begin(), k_uuid.end(), words.begin());
        return {.resumes = true, .words = 4};
    }
    case arch::trng::k_rnd32:
        return random_bits(words, false, config.entropy);
    case arch::trng::k_rnd64:
        return random_bits(words, true, config.entropy);
    default:
        return unknown(words);
    }
}

} // namespace

CallResult answer_call(VcpuId caller, CallWords& words, const SmcccConfig& config, Psci& psci,
                       PowerHost& host)
{
    // The identifier is w0: the upper half of x0 means nothing.
    const SmcccFunction function{static_cast<std::uint32_t>(words[0])};
    constexpr unsigned  k_psci_numbers = 0x20;
    constexpr unsigned  k_trng_first   = 0x50;
    constexpr unsigned  k_trng_last    = 0x5f;

    const auto number = function.get<SmcccFunction::number>();
    if (function.get<SmcccFunction::owner>() == SmcccOwner::standard &&
        function.get<SmcccFunction::fast>()) [[likely]] {
        if (number < k_psci_numbers) [[likely]] {
            const auto result = psci.call(caller, function, words[1], words[2], words[3], host);
            if (!result.value) {
                return {.resumes = false, .words = 0};
            }
            if (*result.value == k_not_supported && Psci::features(function.raw()) < 0) {
                return unknown(words);
            }
            return value(words, *result.value);
        }
        if (number >= k_trng_first && number <= k_trng_last) {
            return trng_call(words, config);
        }
        return unknown(words);
    }
    if (function.get<SmcccFunction::owner>() == SmcccOwner::architecture &&
        function.get<SmcccFunction::fast>()) {
        return architecture_call(words, config);
    }
    if (is_forwarded(function, words[1], config)) {
        return forward(words, function, host);
    }
    return unknown(words);
}

} // namespace vmm
