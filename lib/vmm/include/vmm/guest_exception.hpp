// SPDX-License-Identifier: BSD-2-Clause
// Exceptions given to a guest: what its CPU would do by itself (Arm ARM DDI 0487, D1.3).
#pragma once

#include "arch/esr.hpp"
#include "base/address.hpp"
#include "microkit/vcpu.hpp"

#include <optional>

namespace vmm {

/// Fault status codes of aborts (ISS.DFSC, ISS.IFSC) that a machine causes.
inline constexpr std::uint8_t k_external_abort  = 0b010000;
inline constexpr std::uint8_t k_alignment_fault = 0b100001;
/// An exclusive or atomic access to what has no monitor.
inline constexpr std::uint8_t k_unsupported_exclusive = 0b110101;

/// A synchronous exception taken to EL1.
struct GuestException {
    enum class Kind : std::uint8_t {
        undefined,   ///< the instruction at pc does not exist
        fetch_abort, ///< of the instruction at pc
        data_abort,
    };

    Kind         kind   = Kind::undefined;
    std::uint8_t status = k_external_abort; ///< of aborts
    bool         write  = false;            ///< of data aborts
    /// Of data aborts: the address. Only an external abort may be without (ISS.FnV).
    std::optional<base::GuestVirtual> address{};

    [[nodiscard]] static constexpr GuestException undefined() { return {}; }
    [[nodiscard]] static constexpr GuestException fetch_abort(std::uint8_t status)
    {
        return {.kind = Kind::fetch_abort, .status = status};
    }
    [[nodiscard]] static constexpr GuestException
    data_abort(std::uint8_t status, bool write, std::optional<base::GuestVirtual> address)
    {
        return {.kind = Kind::data_abort, .status = status, .write = write, .address = address};
    }
};

/// Makes the vCPU, which waits for the reply to a fault, take the exception instead of the
/// instruction at its pc.
void take_exception(microkit::Vcpu vcpu, const GuestException& exception);

} // namespace vmm
