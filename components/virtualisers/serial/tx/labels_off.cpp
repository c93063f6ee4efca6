// SPDX-License-Identifier: BSD-2-Clause
// The variant of serial_virt_tx that leaves lines as they are.
#include "turn.hpp"

const bool serial_virt_tx::k_labels = false;
