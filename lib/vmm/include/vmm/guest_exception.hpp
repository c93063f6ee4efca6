// SPDX-License-Identifier: BSD-2-Clause
// Exceptions given to a guest: what its CPU would do by itself (Arm ARM DDI 0487, D1.3).
#pragma once

#include "arch/esr.hpp"
#include "base/address.hpp"
#include "microkit/vcpu.hpp"

#include <optional>

namespace vmm {

enum class GuestException : std::uint8_t {
    undefined,       ///< the instruction at pc does not exist
    read_abort,      ///< a bus error on a load
    write_abort,     ///< a bus error on a store
    fetch_abort,     ///< a bus error on the fetch of the instruction at pc
    unaligned_read,  ///< a load that a device does not take
    unaligned_write, ///< a store likewise
};

/// Makes the vCPU, which waits for the reply to a fault, take a synchronous exception instead of
/// the instruction at its pc. `address` is that of the access, where it is known.
void take_exception(microkit::Vcpu vcpu, GuestException exception,
                    std::optional<base::GuestVirtual> address = std::nullopt);

} // namespace vmm
