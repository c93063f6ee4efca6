// SPDX-License-Identifier: BSD-2-Clause
// The real board under the VMM, for one that is allowed to switch it off.
#pragma once

namespace vmm {

/// Switches the whole board off by the firmware's PSCI; does nothing if the SDK forwards no SMC.
/// The protection domain needs smc="true": without it this call crashes it.
void power_off_board();

/// Restarts the whole board, likewise.
void reset_board();

} // namespace vmm
