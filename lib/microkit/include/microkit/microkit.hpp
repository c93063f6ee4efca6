// SPDX-License-Identifier: BSD-2-Clause
// Microkit for C++: everything of the SDK that our programs use, and the entry points they define.
#pragma once

#include "microkit/channel.hpp"
#include "microkit/child_pd.hpp"
#include "microkit/debug.hpp"
#include "microkit/fault.hpp"
#include "microkit/message.hpp"
#include "microkit/registers.hpp"
#include "microkit/smc.hpp"
#include "microkit/vcpu.hpp"

// The entry points of a protection domain, under the names that the SDK's event loop calls. Define
// them as they stand here; the linkage comes from this declaration.
extern "C" {

/// Runs once, before any event. Required.
void init();

/// A notification or an interrupt arrived on `channel`. Required.
void notified(microkit::Channel channel);

/// Somebody calls on `channel`; the result is the reply. For a PD with a channel on which the other
/// end has pp="true". (Link name `protected`, which is no name in C++.)
microkit::MessageInfo protected_call(microkit::Channel     channel,
                                     microkit::MessageInfo message) __asm__("protected");

/// A child PD or vCPU faulted. True: answer with *reply, which must have been set. False: no
/// answer, it stays as it is until something starts it again. For a PD with children or a VM.
bool fault(unsigned child, microkit::MessageInfo message, microkit::MessageInfo* reply);
}
