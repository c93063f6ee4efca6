// SPDX-License-Identifier: BSD-2-Clause
// How system calls end, and those that are in files of their own.
#pragma once

#include "kernel/capability.hpp"
#include "kernel/scheduler.hpp"

namespace kernel {

/// Nothing but the caller's x0 has changed: no need to ask who runs.
inline Thread* done(Pd& caller, Error error)
{
    caller.context[Word::x0] = static_cast<std::uint64_t>(error);
    return &caller;
}

/// Others may have become ready, or the caller blocked.
inline Thread* done_and_reschedule(Core& core, Pd& caller, Error error)
{
    caller.context[Word::x0] = static_cast<std::uint64_t>(error);
    return reschedule(core);
}

inline Thread* out_of_range(Pd& caller, std::uint64_t least, std::uint64_t most)
{
    caller.message[0] = least;
    caller.message[1] = most;
    return done(caller, Error::range);
}

// syscall_vcpu.cpp
Thread* sys_vcpu_read(std::uint64_t cap, std::uint64_t field, std::uint64_t, Pd& caller,
                      Core& core);
Thread* sys_vcpu_write(std::uint64_t cap, std::uint64_t field, std::uint64_t value, Pd& caller,
                       Core& core);
Thread* sys_vcpu_inject(std::uint64_t cap, std::uint64_t what, std::uint64_t, Pd& caller,
                        Core& core);
Thread* sys_vcpu_ack_vppi(std::uint64_t cap, std::uint64_t intid, std::uint64_t, Pd& caller,
                          Core& core);
Thread* sys_vcpu_list_register(std::uint64_t cap, std::uint64_t index, std::uint64_t states,
                               Pd& caller, Core& core);
Thread* sys_vcpu_reset(std::uint64_t cap, std::uint64_t, std::uint64_t, Pd& caller, Core& core);

} // namespace kernel
