// SPDX-License-Identifier: BSD-2-Clause
// The variant of serial_virt_tx that begins each line with the name of its client.
#include "turn.hpp"

const bool serial_virt_tx::k_labels = true;
