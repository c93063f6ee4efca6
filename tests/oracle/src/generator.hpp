// SPDX-License-Identifier: BSD-2-Clause
// Random sequences. The same machine, seed and length give the same sequence, on every host.
#pragma once

#include "sequence.hpp"

#include <cstdint>

namespace oracle {

/// Which kinds of operations there are, to leave some out while one searches for a fault.
struct Mix {
    bool delivery = true; ///< interrupts that are taken, held and ended
    bool activity = true; ///< ISACTIVER, ICACTIVER
    bool groups   = true; ///< group 0, FIQs
    bool separate = true; ///< EOImode = 1
    bool odd      = true; ///< registers that are not there, instructions without a syndrome
    bool messages = true; ///< SGIs
    bool timer    = true;
    bool wait     = true;
    bool power    = true; ///< CPU_OFF and CPU_ON
    bool calls    = true; ///< firmware calls
    bool sysregs  = true; ///< identification and plain system registers
};

/// Turns off what `without` names, separated by commas. Fails on a name that is none.
[[nodiscard]] Result<Mix> mix_without(std::string_view without);

[[nodiscard]] Sequence generate(const Machine& machine, std::uint64_t seed, std::size_t operations,
                                const Mix& mix);

} // namespace oracle
