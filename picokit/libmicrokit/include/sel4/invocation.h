/* SPDX-License-Identifier: BSD-2-Clause */
/* Labels of kernel calls, as far as a program can meet one: in microkit_signal_msg. */
#pragma once

#include <sel4/macros.h>

enum invocation_label {
    InvalidInvocation = 0,
    /* A deferred operation with this label acknowledges an interrupt, else it signals. The number
     * is picokit's own; programs know the name. */
    IRQAckIRQ = 1,
};
