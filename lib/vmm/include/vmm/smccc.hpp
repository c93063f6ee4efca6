// SPDX-License-Identifier: BSD-2-Clause
// SMCCC 1.1 (DEN 0028): who answers a guest's HVC or SMC, by function identifier.
#pragma once

#include "arch/smccc.hpp"
#include "base/fixed_vector.hpp"
#include "vmm/psci.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace vmm {

/// x0..x7 of a call; the answer replaces x0..x3.
using CallWords = std::array<std::uint64_t, 8>;

/// Function identifiers first..last that the board's firmware may answer, of calls whose first
/// argument (w1: which clock, which device) is within first_argument..last_argument. Only those of
/// the owners sip and oem are ever forwarded, whatever the list says.
struct ForwardedCalls {
    std::uint32_t first          = 0;
    std::uint32_t last           = 0;
    std::uint32_t first_argument = 0;
    std::uint32_t last_argument  = 0xffff'ffff;
};
static_assert(sizeof(ForwardedCalls) == 16);

/// Whether the CPUs need the firmware's mitigations of speculation attacks.
enum class Workarounds : std::uint8_t {
    unknown,      ///< answer NOT_SUPPORTED: the guest falls back to what it knows of the CPU
    not_affected, ///< the board's cores need none (Cortex-A35, A53, A55)
};

/// Who has random bytes.
class RandomSource {
public:
    /// Fills the buffer; false: none at the moment.
    virtual bool take(std::span<std::byte> to) = 0;

protected:
    ~RandomSource() = default;
};

/// A RandomSource, a function that does what its take() does, or nothing.
class EntropySource {
public:
    using Function = bool (*)(std::span<std::byte>);

    constexpr EntropySource() = default;
    constexpr EntropySource(Function function) // NOLINT(google-explicit-constructor): it is one
        : function_{function}
    {
    }
    constexpr EntropySource(RandomSource& source) // NOLINT(google-explicit-constructor): it is one
        : source_{&source}
    {
    }

    [[nodiscard]] constexpr bool exists() const
    {
        return function_ != nullptr || source_ != nullptr;
    }
    /// False: none at the moment, or there is no source.
    [[nodiscard]] bool take(std::span<std::byte> to) const
    {
        return source_ != nullptr ? source_->take(to) : function_ != nullptr && function_(to);
    }

private:
    Function      function_ = nullptr;
    RandomSource* source_   = nullptr;
};

struct SmcccConfig {
    base::FixedVector<ForwardedCalls, 4> forward{};
    /// More of them, which must stay: Machine::adopt() sets it to those of `.vmm_passthrough`.
    std::span<const ForwardedCalls> also_forward{};
    Workarounds                     workarounds = Workarounds::unknown;
    EntropySource                   entropy{}; ///< nothing: no TRNG service, and no seeds

    [[nodiscard]] bool forwards() const { return !forward.empty() || !also_forward.empty(); }
};

/// How a call went.
struct CallResult {
    bool     resumes;         ///< false: the caller does not go on now, see PsciResult
    unsigned words;           ///< how many of x0..x3 (or x0..x7, if forwarded) are results
    bool     unknown = false; ///< nobody offers the function; x0 says NOT_SUPPORTED
};

/// Answers one call. Unknown functions get NOT_SUPPORTED, whatever their owner.
[[nodiscard]] CallResult answer_call(VcpuId caller, CallWords& words, const SmcccConfig& config,
                                     Psci& psci, PowerHost& host);

} // namespace vmm
